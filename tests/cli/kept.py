"""What is kept of what was said, put into a store as a running Trunkline does."""

import time
from pathlib import Path
from typing import Any

import apsw
import msgspec
from tests.cli.command import Place

from trunkline.cli.opened import Hidden, opened
from trunkline.data import DataDirectory
from trunkline.kept.owners import person_of
from trunkline.kept.response import Stored
from trunkline.kept.response import sealed as sealed_response
from trunkline.kept.transcript import Facts, Said, sealed

NOW = int(time.time())


def remember(place: Place, number: int, *, key: str = "app", end_user: str = "", text: str = "", **facts: Any) -> str:
    """One request, in the request log and as a response; the id of the first."""
    request = f"0199{number:04d}-0000-7000-8000-000000000000"
    usual = Facts(
        id=request, at=NOW, org="", team="", user="", key=key, model="bot", provider="up", served="m-1", status=200,
        stream=False, error="",
    )  # fmt: skip
    said = Said(
        path="/v1/chat/completions", format="openai_chat", tags="", label="", attempts=1, message="",
        input=msgspec.json.encode({"text": text}), output=b'{"answer":"yes"}', streamed=False, whole=True,
    )  # fmt: skip
    with opened(place.config if place.config.exists() else None, place.data) as at:
        hidden = Hidden(at.config, at.data, at.store)
        person, vault = person_of(hidden.digest, end_user), hidden.vault()
        at.store.write_log([sealed(msgspec.structs.replace(usual, **facts), said, person, 3600, vault)])
        stored = Stored(
            tenant=key, id=f"resp_{number}", provider="up", upstream="", previous="", created=NOW, expires=NOW + 3600,
            person=person, response=b'{"output":[]}', input=msgspec.json.encode([{"content": text}]),
        )  # fmt: skip
        at.store.write_responses([sealed_response(stored, vault)])
    return request


def flip(path: Path, table: str, column: str = "sealed") -> None:
    """Change one bit in the middle of what is stored."""
    db = apsw.Connection(str(path))
    for row, value in db.execute(f"SELECT rowid, {column} FROM {table}").fetchall():
        assert isinstance(value, bytes)
        changed = bytearray(value)
        changed[len(changed) // 2] ^= 1
        db.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (bytes(changed), row))
    db.close()


def master_key(place: Place) -> Path:
    """Where it is."""
    return DataDirectory(place.data).master_key
