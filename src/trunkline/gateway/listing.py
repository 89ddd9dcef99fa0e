"""`GET /v1/models`: what a caller may ask for, in the shape that its SDK knows."""

from typing import Any

import msgspec

from trunkline.formats.google_generate.counting import model_entry, model_list
from trunkline.gateway.errors import ModelNotFound
from trunkline.gateway.fronts import GOOGLE, MESSAGES, Front
from trunkline.gateway.identity import Caller, may_use
from trunkline.gateway.snapshot import Snapshot
from trunkline.providers import SIMULATED
from trunkline.providers.simulated import MODELS

CREATED = 1_767_225_600
"""`created` of every entry. SDKs require the field; the date a name was configured is nobody's to know."""
CREATED_AT = "2026-01-01T00:00:00Z"
"""The same as Anthropic writes it."""


def models(snapshot: Snapshot, caller: Caller, front: Front) -> bytes:
    """The configured names, and the simulated models, that `caller` may use, as `front`'s API lists them: all on one
    page.

    A provider's own models are not listed: they answer as `provider/model`, and only the provider knows them all.
    """
    names = [*snapshot.policies.names, *(f"{SIMULATED.type}/{name}" for name in sorted(MODELS))]
    entries = {name: entry for name in names if may_use(caller, name) and (entry := _entry(snapshot, name, front))}
    value: dict[str, Any]
    if front is GOOGLE:
        value = model_list(entries)
    elif front is MESSAGES:
        first, last = (next(iter(entries)), next(reversed(entries))) if entries else (None, None)
        value = {"data": list(entries.values()), "has_more": False, "first_id": first, "last_id": last}
    else:
        value = {"object": "list", "data": list(entries.values())}
    return msgspec.json.encode(value)


def model(snapshot: Snapshot, caller: Caller, front: Front, name: str) -> bytes:
    """One of them. Any name that would be answered is known. Raises `ModelNotFound`."""
    entry = _entry(snapshot, name, front) if may_use(caller, name) else None
    if entry is None:
        raise ModelNotFound(f"The model '{name}' is not configured here. `GET /v1/models` lists what there is.")
    return msgspec.json.encode(entry)


def unready(reasons: list[str]) -> bytes:
    """The body of a readiness check that fails."""
    return msgspec.json.encode({"status": "unready", "reasons": reasons})


def _entry(snapshot: Snapshot, name: str, front: Front) -> dict[str, Any] | None:
    policy = snapshot.policies.resolve(name)
    if policy is None:
        return None
    if front is GOOGLE:
        return model_entry(name)
    if front is MESSAGES:
        return {"type": "model", "id": name, "display_name": name, "created_at": CREATED_AT}
    return {"id": name, "object": "model", "created": CREATED, "owned_by": policy.candidates[0].target.provider}
