"""How hard a request is: cheap features, examples that are like it, and a model fitted to both."""
