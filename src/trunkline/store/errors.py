"""What can go wrong with the store, as one tree whose every leaf says what to do about it.

    StoreError
    ├── StoreBusy          another process kept the write lock for too long             (transient)
    ├── StoreFull          no room on the disk                                          (transient)
    ├── StoreUnavailable   the file or the database cannot be reached just now          (transient)
    ├── StoreReadOnly      it may not be written by this user
    ├── StoreExposed       other users of the machine can reach the file
    ├── StoreCorrupt       the file is damaged, or is no database
    ├── SchemaTooNew       a newer release has written this store
    ├── SchemaUnknown      the store's tables are not the ones this release made
    ├── DatabaseTooOld     the database server lacks what the schema uses
    ├── StoreAddress       the configured address is not one a store can be opened by
    ├── StoreClosed        used after `close`
    ├── NotEmpty           a store to be filled has rows already
    ├── CopyDiffers        a copied store does not hold what the first one does
    ├── SharedUnavailable  the server of `shared` does not answer                       (transient)
    ├── SharedRefused      it answers that it will not
    ├── RowRejected        a row holds what no column can; none of its batch was written
    └── KeyExists          an unrevoked key of that name is already there

Whatever was committed before an error stays committed, and a transaction that fails leaves nothing behind.
"""

from typing import ClassVar


class StoreError(Exception):
    """The store could not do what was asked: `what` happened, and `remedy` is the operator's next step."""

    remedy: ClassVar[str] = "Run `trunkline doctor`."
    transient: ClassVar[bool] = False
    """The same call may succeed later, without a restart: keep the rows and try again."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what}. {self.remedy}")
        self.what = what


class StoreBusy(StoreError):
    remedy = "Look for a process that holds it open (a shell, a backup, a copy in progress) and end that."
    transient = True


class StoreFull(StoreError):
    remedy = "Free space on its disk, or move the store to a larger one."
    transient = True


class StoreUnavailable(StoreError):
    remedy = "Check that its directory is mounted and its disk is sound, or that the database runs and lets us in."
    transient = True


class StoreReadOnly(StoreError):
    remedy = "Give the user that runs Trunkline, or that the address names, the right to write."


class StoreExposed(StoreError):
    remedy = "It holds the digests of virtual keys: take others' rights away with `chmod o-rwx`."


class StoreCorrupt(StoreError):
    remedy = "Stop Trunkline, keep a copy, and restore the last good backup."


class SchemaTooNew(StoreError):
    remedy = "Run that release or a later one; stores are not taken back to an older schema."


class SchemaUnknown(StoreError):
    remedy = "Point `store` at a file or database that Trunkline made, or at a new one."


class DatabaseTooOld(StoreError):
    remedy = "Trunkline needs PostgreSQL 14 or newer."


class StoreAddress(StoreError):
    remedy = "Write it as `sqlite:///absolute/path/to/trunkline.db` or `postgresql://user:password@host/database`."


class SharedUnavailable(StoreError):
    remedy = "Check that Valkey runs at the address in `shared`, and that nothing is between it and this machine."
    transient = True


class SharedRefused(StoreError):
    remedy = "Look at what `shared` names: its password, its rights, and that it is a Valkey or Redis of its own."


class StoreClosed(StoreError):
    remedy = "This is a mistake in Trunkline: please report it."


class NotEmpty(StoreError):
    remedy = "Copy into a new store: another file, or an empty database."


class CopyDiffers(StoreError):
    remedy = "Nothing was copied: end what writes to either store, and try again."


class RowRejected(StoreError):
    remedy = "Write the other rows without it; this is a mistake in Trunkline: please report it."


class KeyExists(StoreError):
    remedy = "Choose another name, or revoke that key first."
