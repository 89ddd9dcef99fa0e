"""A second process that seals: `python -m tests.vault.child <path> <master key>`.

It says that it is ready, waits for a line, and prints in hexadecimal what it sealed for acme; or the error.
"""

import sys

from trunkline.store import open_store
from trunkline.vault.errors import VaultError
from trunkline.vault.keyring import MasterKey
from trunkline.vault.vault import Vault

NOON = 1_760_000_000.0


def main(path: str, master: str) -> None:
    store = open_store(f"sqlite://{path}")
    print("ready", flush=True)
    sys.stdin.readline()
    try:
        vault = Vault(store, MasterKey(master.encode()), lambda: NOON)
        print(vault.seal("acme", ("note", "1"), b"hello").hex())
    except VaultError as error:
        print(type(error).__name__)
    store.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
