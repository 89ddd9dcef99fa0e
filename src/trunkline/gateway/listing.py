"""`GET /v1/models`: what a caller may ask for."""

from urllib.parse import unquote

import msgspec

from trunkline.gateway.errors import ModelNotFound
from trunkline.gateway.identity import Caller, may_use
from trunkline.gateway.snapshot import Snapshot
from trunkline.providers import SIMULATED
from trunkline.providers.simulated import MODELS

CREATED = 1_767_225_600
"""`created` of every entry. SDKs require the field; the date a name was configured is nobody's to know."""


class Entry(msgspec.Struct):
    """One model, as OpenAI lists it."""

    id: str
    owned_by: str
    object: str = "model"
    created: int = CREATED


class Listing(msgspec.Struct):
    """All of them."""

    data: list[Entry]
    object: str = "list"


def models(snapshot: Snapshot, caller: Caller) -> bytes:
    """The configured names, and the simulated models, that `caller` may use.

    A provider's own models are not listed: they answer as `provider/model`, and only the provider knows them all.
    """
    names = [*snapshot.routes.names, *(f"{SIMULATED.type}/{name}" for name in sorted(MODELS))]
    entries = [_entry(snapshot, name) for name in names if may_use(caller, name)]
    return msgspec.json.encode(Listing([entry for entry in entries if entry is not None]))


def model(snapshot: Snapshot, caller: Caller, path: bytes) -> bytes:
    """One of them, by the rest of the path. Any name that would be answered is known. Raises `ModelNotFound`."""
    name = unquote(path.decode("latin-1"))
    entry = _entry(snapshot, name) if may_use(caller, name) else None
    if entry is None:
        raise ModelNotFound(f"The model '{name}' is not configured here. `GET /v1/models` lists what there is.")
    return msgspec.json.encode(entry)


def unready(reasons: list[str]) -> bytes:
    """The body of a readiness check that fails."""
    return msgspec.json.encode({"status": "unready", "reasons": reasons})


def _entry(snapshot: Snapshot, name: str) -> Entry | None:
    route = snapshot.routes.resolve(name)
    return Entry(id=name, owned_by=route.targets[0].provider) if route is not None else None
