"""One page of facts per provider: a module here with a `PROVIDER` is all it takes to add one."""
