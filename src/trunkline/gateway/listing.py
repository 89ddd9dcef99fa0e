"""`GET /v1/models`: what a caller may ask for."""

import msgspec

from trunkline.formats.google_generate.counting import model_entry, model_list
from trunkline.gateway.errors import ModelNotFound
from trunkline.gateway.identity import Caller, may_use
from trunkline.gateway.snapshot import Snapshot
from trunkline.providers import SIMULATED
from trunkline.providers.simulated import MODELS

CREATED = 1_767_225_600
"""`created` of every entry. SDKs require the field; the date a name was configured is nobody's to know."""


CREATED_AT = "2026-01-01T00:00:00Z"
"""The same as Anthropic writes it."""


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
    entries = [_entry(snapshot, name) for name in _names(snapshot, caller)]
    return msgspec.json.encode(Listing([entry for entry in entries if entry is not None]))


def anthropic_models(snapshot: Snapshot, caller: Caller) -> bytes:
    """The same as Anthropic's API lists them: all on one page."""
    names = _names(snapshot, caller)
    data = [{"type": "model", "id": name, "display_name": name, "created_at": CREATED_AT} for name in names]
    first, last = (names[0], names[-1]) if names else (None, None)
    return msgspec.json.encode({"data": data, "has_more": False, "first_id": first, "last_id": last})


def google_models(snapshot: Snapshot, caller: Caller) -> bytes:
    """The same as Google's API lists them."""
    return msgspec.json.encode(model_list(_names(snapshot, caller)))


def google_model(snapshot: Snapshot, caller: Caller, name: str) -> bytes:
    """One of them, likewise. Raises `ModelNotFound`."""
    _known(snapshot, caller, name)
    return msgspec.json.encode(model_entry(name))


def model(snapshot: Snapshot, caller: Caller, name: str) -> bytes:
    """One of them. Any name that would be answered is known. Raises `ModelNotFound`."""
    return msgspec.json.encode(_known(snapshot, caller, name))


def unready(reasons: list[str]) -> bytes:
    """The body of a readiness check that fails."""
    return msgspec.json.encode({"status": "unready", "reasons": reasons})


def _names(snapshot: Snapshot, caller: Caller) -> list[str]:
    names = [*snapshot.routes.names, *(f"{SIMULATED.type}/{name}" for name in sorted(MODELS))]
    return [name for name in names if may_use(caller, name)]


def _known(snapshot: Snapshot, caller: Caller, name: str) -> Entry:
    entry = _entry(snapshot, name) if may_use(caller, name) else None
    if entry is None:
        raise ModelNotFound(f"The model '{name}' is not configured here. `GET /v1/models` lists what there is.")
    return entry


def _entry(snapshot: Snapshot, name: str) -> Entry | None:
    route = snapshot.routes.resolve(name)
    return Entry(id=name, owned_by=route.targets[0].provider) if route is not None else None
