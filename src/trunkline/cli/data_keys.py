"""The file in which an operator keeps the data keys of a store, each encrypted by the master key: JSON, one a line."""

import os
from collections.abc import Sequence
from pathlib import Path

import msgspec

from trunkline.cli.failure import Wrong
from trunkline.store.base import DataKey


def write_data_keys(file: Path, keys: Sequence[DataKey]) -> int:
    """Put a new file in place of the old one, of which nothing is left under that name; how many keys it has."""
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        for key in keys:
            out.write(msgspec.json.encode(key) + b"\n")
        os.fsync(out.fileno())
    draft.replace(file)
    return len(keys)


def read_data_keys(file: Path) -> list[DataKey]:
    """What is in it. Raises `Wrong` where it is no such file."""
    try:
        return [msgspec.json.decode(line, type=DataKey) for line in file.read_bytes().splitlines()]
    except msgspec.DecodeError:
        raise Wrong(f"{file} is not what `trunkline store backup-keys` writes") from None
