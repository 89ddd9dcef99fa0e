"""One protocol, and the databases behind it."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from trunkline.store.base import Store
from trunkline.store.errors import StoreAddress


def open_store(url: str) -> Store:
    """Open the store at `sqlite:///absolute/path` or `postgresql://user:password@host:port/database`.

    The file, and the tables in either, are made as needed. Raises an error of `trunkline.store.errors`.

    Open it after forking. Several processes may have the same store open.
    """
    address = urlsplit(url)
    # A database's address may hold a password: what is wrong with it is said without repeating it.
    if address.scheme in ("postgresql", "postgres"):
        # A driver is loaded only when it is used.
        from trunkline.store.postgresql import PostgreSQLStore

        return PostgreSQLStore(url)
    if address.scheme != "sqlite":
        raise StoreAddress(
            f"the store's address begins with {address.scheme!r}, which is not a store this release knows"
        )
    path = Path(unquote(address.path))
    if address.netloc or address.query or address.fragment or not path.is_absolute() or not path.name:
        raise StoreAddress("the store's address is not an absolute path after sqlite://")

    from trunkline.store.sqlite import SQLiteStore

    return SQLiteStore(path)
