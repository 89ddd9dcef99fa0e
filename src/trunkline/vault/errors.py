"""Why something cannot be sealed or opened, as one tree.

    VaultError
    ├── WrongMasterKey   the store's keys are under another master key
    ├── KeyDestroyed     its data key was destroyed: it is erased, for good and on purpose
    └── Tampered         it is not what was sealed, or not where it was put

No message holds anything that is secret.
"""

from typing import ClassVar


class VaultError(Exception):
    """Something cannot be sealed or opened: `what` happened, and `remedy` is the operator's next step."""

    remedy: ClassVar[str]

    def __init__(self, what: str) -> None:
        super().__init__(f"{what}. {self.remedy}")


class WrongMasterKey(VaultError):
    remedy = (
        "Start Trunkline with the master key of this store: `master_key` in the configuration, or `secrets/master_key` "
        "in the data directory. Without it, what is encrypted in the store cannot be read."
    )


class KeyDestroyed(VaultError):
    remedy = (
        "It was erased on purpose and cannot be brought back; unless this store was restored from a backup without its "
        "data keys: see `trunkline store restore --data-keys`."
    )


class Tampered(VaultError):
    remedy = "Somebody or something changed the store: run `trunkline doctor`, and restore the last good backup."
