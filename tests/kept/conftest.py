"""Stores of both kinds, as for the tests of the store."""

from tests.store.conftest import make_store, store

__all__ = ["make_store", "store"]
