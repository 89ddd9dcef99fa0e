"""The store's tables, in groups, each written once for all databases."""
