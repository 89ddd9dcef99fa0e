"""What the HTTP API can do: one entry for each operation, of which the routes and the OpenAPI document are made.

An operation works on a `Manager`, or on a `Disclosure`, in a worker thread: it may wait for the store.
"""

import base64
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Literal

import msgspec

from trunkline.config.document import Value
from trunkline.kept.disclosing import LATEST, Disclosure, Subject
from trunkline.store.base import TenantKind
from trunkline.store.content import LogFilter
from trunkline.tenancy.directory import CALLED
from trunkline.tenancy.managing import SECTIONS, Manager, NotThere, Wrong
from trunkline.tenancy.showing import ShownKey, ShownTenant, moment, shown_configured, shown_key, shown_tenants

USUAL_LIMIT, MOST = 100, 1000
"""Entries of a page."""
OVERLAP: Final = 86_400.0
"""Seconds for which a key works that was replaced, unless it is said."""


class ShownProviderKey(msgspec.Struct, frozen=True):
    """A key with a provider that a tenant has brought."""

    id: str
    tenant: str
    provider: str
    hint: str
    """Its last four characters."""
    created: str | None


class ShownChange(msgspec.Struct, frozen=True):
    """Who changed what."""

    id: int
    at: str | None
    by: str
    action: str
    kind: str
    name: str
    detail: dict[str, Any]
    """What it is since then."""


class MadeKey(msgspec.Struct, frozen=True):
    """A new key, which is shown this once."""

    key: str
    about: ShownKey


class NewProviderKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A key with a provider, to be kept for a tenant."""

    tenant: str
    """An organisation, or a team as `organisation/team`."""
    provider: str
    key: str


class Rotation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a key is replaced."""

    overlap: float = OVERLAP
    """Seconds for which the old one still works."""


class Forgetting(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which kept answers are forgotten; exactly one of these."""

    model: str = ""
    """Those that were given under this name."""
    tag: str = ""
    """Those to requests with this tag: `name=value`."""
    everything: bool = False


class Call(msgspec.Struct, frozen=True):
    """One request to the API."""

    query: Mapping[str, str]
    """Those of its operation's `filters` that it gives."""

    name: str
    """What the path names; empty where it names nothing."""
    limit: int
    after: str
    body: Mapping[str, Value]


class Answer(msgspec.Struct, frozen=True):
    """What it gives."""

    status: int
    value: Any = None


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of the API."""

    method: Literal["GET", "POST", "PUT", "DELETE"]
    path: str
    """Below `/api/v1`; `{name}` takes everything up to what follows it."""
    id: str
    summary: str
    run: Callable[[Manager, Call], Answer] | None = None
    reads: Callable[[Disclosure, Call], Answer] | None = None
    """In place of `run`: what it does with what is kept of what was said."""
    filters: tuple[str, ...] = ()
    """Parameters of the query that say which of many."""
    takes: str = ""
    """The schema of the body."""
    gives: str = ""
    """The schema of what it answers."""
    page: bool = False
    """It answers some of many."""
    statuses: tuple[int, ...] = (200,)


def _page(items: Sequence[Any], place: Callable[[Any], list[Any]], call: Call) -> Answer:
    """Those after the mark `after`, in the order of their places, and the mark for the next page."""
    items = sorted(items, key=place)
    if call.after:
        mark = _unmarked(call.after)
        items = [item for item in items if place(item) > mark]
    some = items[: call.limit]
    more = _marked(place(some[-1])) if len(items) > call.limit else None
    return Answer(200, {"items": some, "next": more})


def _marked(place: list[Any]) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode()


def _unmarked(mark: str) -> list[str]:
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(mark), type=list[str])
    except (ValueError, msgspec.DecodeError):
        raise Wrong("`after` is not what `next` of a page was") from None


# organisations, teams and users


def _tenants(kind: TenantKind) -> list[Operation]:
    section, called = SECTIONS[kind], CALLED[kind]
    title = kind.capitalize()

    def all_of(managing: Manager) -> list[ShownTenant]:
        return shown_tenants(kind, managing.config, managing.store.tenants())

    def listed(managing: Manager, call: Call) -> Answer:
        return _page(all_of(managing), lambda it: [it.name], call)

    def shown(managing: Manager, call: Call) -> Answer:
        found = next((it for it in all_of(managing) if it.name == call.name), None)
        if found is None:
            raise NotThere(f"there is no {called} of that name")
        return Answer(200, found)

    def put(managing: Manager, call: Call) -> Answer:
        new = managing.put(kind, call.name, call.body)
        return Answer(201 if new else 200, shown(managing, call).value)

    def delete(managing: Manager, call: Call) -> Answer:
        managing.delete(kind, call.name)
        return Answer(204)

    path, page = f"/{section}", "OfTenants"
    one = f"{path}/{{name}}"
    return [
        Operation(
            method="GET",
            path=path,
            id=f"list_{section}",
            summary=f"List all {section}.",
            run=listed,
            gives=page,
            page=True,
        ),
        Operation(method="GET", path=one, id=f"get_{kind}", summary=f"One {called}.", run=shown, gives="ShownTenant"),
        Operation(
            method="PUT",
            path=one,
            id=f"put_{kind}",
            summary=f"Create the {called}, or have it say this and nothing else.",
            run=put,
            takes=title,
            gives="ShownTenant",
            statuses=(200, 201),
        ),
        Operation(
            method="DELETE",
            path=one,
            id=f"delete_{kind}",
            summary=f"Delete the {called}, if nobody belongs to it any more.",
            run=delete,
            statuses=(204,),
        ),
    ]


# keys


def _list_keys(managing: Manager, call: Call) -> Answer:
    return _page(_all_keys(managing), lambda it: [it.name, it.created or "", it.state, it.hint], call)


def _all_keys(managing: Manager) -> list[ShownKey]:
    now, records = time.time(), managing.store.keys()
    stored = [shown_key(record, managing.config, now) for record in records]
    return stored + [shown_configured(key, now) for key in managing.config.keys]


def _get_key(managing: Manager, call: Call) -> Answer:
    named = [it for it in _all_keys(managing) if it.name == call.name]
    in_force = [it for it in named if it.state not in ("revoked", "replaced", "overruled")]
    if not named:
        raise NotThere("there is no key of that name")
    return Answer(200, (in_force or named)[-1])


def _create_key(managing: Manager, call: Call) -> Answer:
    body = dict(call.body)
    name = body.pop("name", None)
    if not isinstance(name, str):
        raise Wrong("`name` is missing: what the key is called")
    made = managing.create_key(name, body)
    return Answer(201, MadeKey(made.key, shown_key(made.record, managing.config, time.time())))


def _put_key(managing: Manager, call: Call) -> Answer:
    record = managing.change_key(call.name, call.body)
    return Answer(200, shown_key(record, managing.config, time.time()))


def _rotate_key(managing: Manager, call: Call) -> Answer:
    rotation = _body(call, Rotation)
    if not 0 <= rotation.overlap <= 366 * 86_400:
        raise Wrong("`overlap` is a number of seconds, up to a year")
    made = managing.rotate_key(call.name, rotation.overlap)
    return Answer(201, MadeKey(made.key, shown_key(made.record, managing.config, time.time())))


def _revoke_key(managing: Manager, call: Call) -> Answer:
    managing.revoke_key(call.name)
    return Answer(204)


# keys with providers, kept answers, and the record of changes


def _list_provider_keys(managing: Manager, call: Call) -> Answer:
    shown = [
        ShownProviderKey(it.id, it.tenant, it.provider, it.hint, moment(it.created))
        for it in managing.store.provider_keys()
    ]
    return _page(shown, lambda it: [it.tenant, it.provider, it.id], call)


def _add_provider_key(managing: Manager, call: Call) -> Answer:
    said = _body(call, NewProviderKey)
    made = managing.add_provider_key(said.tenant, said.provider, said.key)
    return Answer(201, ShownProviderKey(made.id, made.tenant, made.provider, made.hint, moment(made.created)))


def _delete_provider_key(managing: Manager, call: Call) -> Answer:
    managing.delete_provider_key(call.name)
    return Answer(204)


def _forget_answers(managing: Manager, call: Call) -> Answer:
    said = _body(call, Forgetting)
    managing.forget_answers(model=said.model, tag=said.tag, everything=said.everything)
    return Answer(204)


def _list_changes(managing: Manager, call: Call) -> Answer:
    if call.after and not (call.after.isdecimal() and len(call.after) < 19):
        raise Wrong("`after` is not what `next` of a page was")
    before = int(call.after or 2**62)
    found = managing.store.changes(before, call.limit)
    shown = [
        ShownChange(it.id, moment(it.at), it.by, it.action, it.kind, it.name, msgspec.json.decode(it.detail))
        for it in found
    ]
    return Answer(200, {"items": shown, "next": str(found[-1].id) if len(found) == call.limit else None})


# the request log, and somebody's data


def _list_log(disclosing: Disclosure, call: Call) -> Answer:
    only = {name: value for name, value in call.query.items() if name != "end_user"}
    found = disclosing.entries(LogFilter(**only), call.query.get("end_user", ""), call.after or LATEST, call.limit)
    return Answer(200, {"items": found, "next": found[-1].id if len(found) == call.limit else None})


def _get_log(disclosing: Disclosure, call: Call) -> Answer:
    return Answer(200, disclosing.entry(call.name))


def _erase(disclosing: Disclosure, call: Call) -> Answer:
    return Answer(200, disclosing.erase(_body(call, Subject)))


def _body(call: Call, kind: type[Any]) -> Any:
    try:
        return msgspec.convert(dict(call.body), kind, strict=False)
    except msgspec.ValidationError as error:
        raise Wrong(str(error)) from None


KEYS: Final = (
    Operation(
        method="GET",
        path="/keys",
        id="list_keys",
        summary="List all keys, revoked ones included.",
        run=_list_keys,
        gives="OfKeys",
        page=True,
    ),
    Operation(
        method="POST",
        path="/keys",
        id="create_key",
        summary="Make a key, which is shown this once.",
        run=_create_key,
        takes="NewKey",
        gives="MadeKey",
        statuses=(201,),
    ),
    Operation(
        method="POST",
        path="/keys/{name}/rotate",
        id="rotate_key",
        summary="Make another key in place of one, which still works for a while.",
        run=_rotate_key,
        takes="Rotation",
        gives="MadeKey",
        statuses=(201,),
    ),
    Operation(method="GET", path="/keys/{name}", id="get_key", summary="One key.", run=_get_key, gives="ShownKey"),
    Operation(
        method="PUT",
        path="/keys/{name}",
        id="put_key",
        summary="Have a key say this and nothing else.",
        run=_put_key,
        takes="KeyGrant",
        gives="ShownKey",
    ),
    Operation(
        method="DELETE",
        path="/keys/{name}",
        id="revoke_key",
        summary="Revoke a key, and those of its name that it has replaced.",
        run=_revoke_key,
        statuses=(204,),
    ),
)
OTHERS: Final = (
    Operation(
        method="GET",
        path="/provider-keys",
        id="list_provider_keys",
        summary="List the keys with providers that tenants have brought.",
        run=_list_provider_keys,
        gives="OfProviderKeys",
        page=True,
    ),
    Operation(
        method="POST",
        path="/provider-keys",
        id="add_provider_key",
        summary="Keep a tenant's key with a provider, encrypted.",
        run=_add_provider_key,
        takes="NewProviderKey",
        gives="ShownProviderKey",
        statuses=(201,),
    ),
    Operation(
        method="DELETE",
        path="/provider-keys/{name}",
        id="delete_provider_key",
        summary="Forget one, by its id.",
        run=_delete_provider_key,
        statuses=(204,),
    ),
    Operation(
        method="POST",
        path="/cache/forget",
        id="forget_answers",
        summary="Have kept answers forgotten that were asked for until now.",
        run=_forget_answers,
        takes="Forgetting",
        statuses=(204,),
    ),
    Operation(
        method="GET",
        path="/changes",
        id="list_changes",
        summary="Who changed what, the latest first.",
        run=_list_changes,
        gives="OfChanges",
        page=True,
    ),
)
KEPT: Final = (
    Operation(
        method="GET",
        path="/request-log",
        id="list_request_log",
        summary="List the request log, the latest first, without what was said.",
        reads=_list_log,
        gives="OfRequestLog",
        page=True,
        filters=("org", "team", "user", "key", "model", "end_user"),
    ),
    Operation(
        method="GET",
        path="/request-log/{name}",
        id="get_request_log_entry",
        summary="One request with all that was said, by its id. That it was read is recorded.",
        reads=_get_log,
        gives="ShownTranscript",
    ),
    Operation(
        method="POST",
        path="/data/erase",
        id="erase_data",
        summary="Erase all that is kept of an end user, a tenant or a key, for good.",
        reads=_erase,
        takes="Subject",
        gives="Erased",
    ),
)
OPERATIONS: Final = (*_tenants("org"), *_tenants("team"), *_tenants("user"), *KEYS, *OTHERS, *KEPT)
