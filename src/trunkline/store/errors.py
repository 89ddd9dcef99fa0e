"""What can go wrong with the store, as one tree whose every leaf says what to do about it.

    StoreError
    ├── StoreBusy          another process kept the write lock for too long             (transient)
    ├── StoreFull          no room on the disk                                          (transient)
    ├── StoreUnavailable   the file cannot be opened, read or written just now          (transient)
    ├── StoreReadOnly      the file or its directory may not be written by this user
    ├── StoreExposed       other users of the machine can reach the file
    ├── StoreCorrupt       the file is damaged, or is no database
    ├── SchemaTooNew       a newer release has written this store
    ├── SchemaUnknown      the store's tables are not the ones this release made
    ├── StoreAddress       the configured address is not one a store can be opened by
    ├── StoreClosed        used after `close`
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
    remedy = "Check that its directory exists and is mounted, and that the disk is sound."
    transient = True


class StoreReadOnly(StoreError):
    remedy = "Give the user that runs Trunkline the right to write the file and its directory."


class StoreExposed(StoreError):
    remedy = "It holds the digests of virtual keys: take others' rights away with `chmod o-rwx`."


class StoreCorrupt(StoreError):
    remedy = "Stop Trunkline, keep a copy of the file, and restore the last good backup."


class SchemaTooNew(StoreError):
    remedy = "Run that release or a later one; stores are not taken back to an older schema."


class SchemaUnknown(StoreError):
    remedy = "Point `store` at a file that Trunkline made, or at a path where there is none yet."


class StoreAddress(StoreError):
    remedy = "Write it as `sqlite:///absolute/path/to/trunkline.db`."


class StoreClosed(StoreError):
    remedy = "This is a mistake in Trunkline: please report it."


class RowRejected(StoreError):
    remedy = "Write the other rows without it; this is a mistake in Trunkline: please report it."


class KeyExists(StoreError):
    remedy = "Choose another name, or revoke that key first."
