"""Changing what is in the store of organisations, teams, users and keys: the same for the command line and the API.

What the configuration defines is changed there, and nowhere else. Whatever is refused raises one of:

    NotDone
    ├── NotThere    nothing of that name is there
    ├── Standing    the configuration defines it; the message says in which line
    ├── InTheWay    something else must be done first
    └── Wrong       what was given does not hold together; `problems` say why

Every method may wait for the store, and raises `StoreError`.
"""

import secrets
import time
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, Protocol, TypeVar

import msgspec

from trunkline.cache.forgetting import EVERYTHING
from trunkline.config import schema
from trunkline.config.belonging import Home, changed_tags, org_of, troubles, whole
from trunkline.config.document import Value
from trunkline.config.problems import Problem, quote, suggestion
from trunkline.config.stored import Unfit, fitted, written
from trunkline.config.tenants import LONGEST_KEY_NAME, KeyGrant, Level, User, is_key_name, is_name
from trunkline.store.base import KeyRecord, ProviderKeyRecord, Store, TenantKind, TenantRecord
from trunkline.store.errors import KeyExists
from trunkline.tenancy.directory import CALLED, KINDS, Directory, about_provider_key, vault_name

PREFIX: Final = "sk-tl-"
"""What a key of ours begins with; what follows are 256 random bits in 43 characters that no URL or shell changes."""
LONGEST_FORGOTTEN: Final = 300
SECTIONS: Final[Mapping[TenantKind, str]] = {"org": "orgs", "team": "teams", "user": "users"}
Kind = TypeVar("Kind", bound=Level)
COLUMNS: Final = frozenset({"models", "tags", "expires", "org", "team", "user"})
"""What of a key's grant has columns of its own in the store."""


class NotDone(Exception):
    """It was not done; the message says why."""

    def __init__(self, message: str, problems: Sequence[Problem] = ()) -> None:
        super().__init__(message)
        self.problems = tuple(problems)


class NotThere(NotDone):
    """Nothing of that name is there."""


class Standing(NotDone):
    """The configuration defines it."""


class InTheWay(NotDone):
    """Something else must be done first."""


class Wrong(NotDone):
    """What was given does not hold together."""


class Made(msgspec.Struct, frozen=True):
    """A new key. It is shown this once: only its digest is stored."""

    key: str
    record: KeyRecord

    def __repr__(self) -> str:
        return f"Made({self.record.name!r})"


class Secrets(Protocol):
    """What keys are known by, and what seals those that must be used again."""

    def digest(self, key: bytes) -> bytes:
        """What is stored of a virtual key."""

    def seal(self, tenant: str, about: tuple[str, ...], plaintext: bytes) -> bytes:
        """See `trunkline.vault.vault.Vault`."""


class Manager:
    """Changes one store, as `by` whom it is recorded."""

    def __init__(
        self, store: Store, config: schema.Config, hidden: Secrets, providers: Collection[str], by: str
    ) -> None:
        """`providers`: the names of those there are."""
        self.store = store
        self.config = config
        self._hidden = hidden
        self._providers = providers
        self._by = by

    def directory(self) -> Directory:
        """What there is now."""
        return Directory(self.config, self.store.tenants())

    # answers that are kept

    def forget_answers(self, *, model: str = "", tag: str = "", everything: bool = False) -> str:
        """Have the answers forgotten that were given so far under a model's name, or to requests with a tag
        (`name=value`), or all of them; exactly one of these. Returns what they go by.
        """
        if bool(model) + bool(tag) + everything != 1:
            raise Wrong("say which answers: those of a `model`, with a `tag`, or `everything`")
        if tag and not all(tag.partition("=")):
            raise Wrong("a tag is its name and its value: `name=value`")
        name = EVERYTHING if everything else f"model {model}" if model else f"tag {tag}"
        if len(name) > LONGEST_FORGOTTEN:
            raise Wrong(f"no answers have a name of more than {LONGEST_FORGOTTEN} characters")
        self.store.forget_answers(name, int(time.time()), self._by)
        return name

    # organisations, teams and users

    def put(self, kind: TenantKind, name: str, said: Mapping[str, Value]) -> bool:
        """Add one, or change it to what is said now; whether it is new."""
        self._not_standing((SECTIONS[kind], name), f"the {CALLED[kind]} {quote(name)}")
        if not is_name(name, team=kind == "team"):
            raise Wrong(f"{quote(name)} cannot be the name of a{'n' if kind == 'org' else ''} {CALLED[kind]}")
        level = _fitted(KINDS[kind], SECTIONS[kind], said)
        if level.model_fields_set & {"provider_keys"}:
            raise Wrong("keys with providers are added one by one: `trunkline provider-keys add`")
        directory = self.directory()
        home = Home(org_of(name)) if kind == "team" else Home()
        if isinstance(level, User):
            home = Home(level.org or "", level.team or "")
        self._check(level, home, directory, itself=(kind, name))
        now = int(time.time())
        return self.store.put_tenant(TenantRecord(kind, name, written(level), now, now), self._by)

    def delete(self, kind: TenantKind, name: str) -> None:
        """Take one away that nobody belongs to any more."""
        self._not_standing((SECTIONS[kind], name), f"the {CALLED[kind]} {quote(name)}")
        belonging = self._belonging(kind, name)
        if belonging:
            shown = ", ".join(belonging[:5]) + (f" and {len(belonging) - 5} more" if len(belonging) > 5 else "")
            raise InTheWay(f"the {CALLED[kind]} {quote(name)} still has {shown}: take these away first")
        if not self.store.delete_tenant(kind, name, int(time.time()), self._by):
            names = [record.name for record in self.store.tenants() if record.kind == kind]
            raise _not_there(CALLED[kind], name, names)

    def _belonging(self, kind: TenantKind, name: str) -> list[str]:
        directory, records, now = self.directory(), self.store.keys(), time.time()
        homes = [(f"the team {team}", Home(org_of(team))) for team in sorted(directory.homes.teams) if kind == "org"]
        homes += [(f"the user {user}", home) for user, home in sorted(directory.homes.users.items()) if kind != "user"]
        keys = [record for record in records if record.in_force(now)]
        homes += [(f"the key {it.name}", Home(it.org, it.team, it.user)) for it in keys]
        homes += [(f"the key {it.name}", Home(it.org or "", it.team or "", it.user or "")) for it in self.config.keys]
        found = [called for called, home in homes if getattr(whole(home, directory.homes.users), kind) == name]
        if kind != "user" and any(it.tenant == name for it in self.store.provider_keys()):
            found.append("keys of its own with providers")
        return found

    # their keys with providers

    def add_provider_key(self, tenant: str, provider: str, key: str) -> ProviderKeyRecord:
        """Keep a key that a tenant has with a provider, encrypted."""
        kind: TenantKind = "team" if "/" in tenant else "org"
        directory = self.directory()
        names = directory.homes.teams if kind == "team" else directory.homes.orgs
        if tenant not in names:
            raise _not_there(CALLED[kind], tenant, list(names))
        if provider not in self._providers:
            raise _not_there("provider", provider, list(self._providers))
        section = f"{SECTIONS[kind]}"
        standing = getattr(self.config, section).get(tenant)
        if standing is not None and provider in standing.provider_keys:
            self._not_standing((section, tenant, "provider_keys", provider), "its key with this provider", there=True)
        if not (key.isascii() and key.isprintable() and key == key.strip() and key):
            raise Wrong("a key is printable ASCII, on one line, and neither begins nor ends with a space")
        name = f"pk_{secrets.token_hex(8)}"
        sealed = self._hidden.seal(vault_name(tenant), about_provider_key(name, provider), key.encode())
        hint = key[-4:] if len(key) >= 16 else ""
        record = ProviderKeyRecord(name, tenant, provider, hint, int(time.time()), sealed)
        self.store.add_provider_key(record, self._by)
        return record

    def delete_provider_key(self, name: str) -> None:
        """Forget one, by its id."""
        if not self.store.delete_provider_key(name, int(time.time()), self._by):
            raise _not_there("key with a provider", name, [record.id for record in self.store.provider_keys()])

    # keys

    def create_key(self, name: str, said: Mapping[str, Value]) -> Made:
        """Make a key."""
        if not is_key_name(name):
            raise Wrong(f"a key's name is printable, not empty, and at most {LONGEST_KEY_NAME} characters long")
        self._not_configured(name)
        made = self._made(name, self._granted(said))
        try:
            self.store.add_key(made.record, self._by)
        except KeyExists as error:
            raise InTheWay(str(error)) from None
        return made

    def change_key(self, name: str, said: Mapping[str, Value]) -> KeyRecord:
        """Have a key say something else from now on."""
        old = self.key(name)
        record = _recorded(old, self._granted(said))
        if not self.store.change_key(record, int(time.time()), self._by):
            raise self._no_key(name)
        return record

    def rotate_key(self, name: str, overlap: float) -> Made:
        """Make another key in place of one, which goes on working for so many seconds."""
        old = self.key(name)
        made = self._made(name, None)
        replaced = msgspec.structs.replace(
            old, digest=made.record.digest, hint=made.record.hint, created=made.record.created
        )
        if not self.store.rotate_key(replaced, int(time.time() + overlap), self._by):
            raise self._no_key(name)
        return Made(made.key, replaced)

    def revoke_key(self, name: str) -> None:
        """Have a key refused from now on."""
        if not self.store.revoke_key(name, int(time.time()), self._by):
            self._not_configured(name)
            raise self._no_key(name)

    def key(self, name: str) -> KeyRecord:
        """The key of the store with that name which is not revoked."""
        records = self.store.keys()
        found = next((it for it in records if it.name == name and it.revoked is None), None)
        if found is None:
            self._not_configured(name)
            raise self._no_key(name)
        return found

    def _granted(self, said: Mapping[str, Value]) -> KeyGrant:
        grant = _fitted(KeyGrant, "keys", said)
        if grant.expires is not None and grant.expires.timestamp() <= time.time():
            raise Wrong(f"{grant.expires:%Y-%m-%d %H:%M} UTC has passed: the key would be refused from the start")
        self._check(grant, Home(grant.org or "", grant.team or "", grant.user or ""), self.directory())
        return grant

    def _made(self, name: str, grant: KeyGrant | None) -> Made:
        key = PREFIX + secrets.token_urlsafe(32)
        bare = KeyRecord(name=name, digest=self._hidden.digest(key.encode()), hint=key[-4:], created=int(time.time()))
        return Made(key, _recorded(bare, grant) if grant is not None else bare)

    def _no_key(self, name: str) -> NotDone:
        keys = self.store.keys()
        if any(record.name == name for record in keys):
            return NotThere(f"{quote(name)} is revoked already")
        return _not_there("key", name, [record.name for record in keys if record.revoked is None])

    def _not_configured(self, name: str) -> None:
        for index, key in enumerate(self.config.keys):
            if key.name == name:
                self._not_standing(("keys", index), f"the key {quote(name)}", there=True)

    # both

    def _not_standing(self, path: tuple[str | int, ...], called: str, *, there: bool = False) -> None:
        if there or path[1] in getattr(self.config, str(path[0])):
            line, _ = self.config.place_of(path)
            raise Standing(f"{called} stands in line {line} of {self.config.source}: change it there")

    def _check(
        self, level: Level, home: Home, directory: Directory, itself: tuple[TenantKind, str] | None = None
    ) -> None:
        """Whether it belongs to whom there is, and contradicts nobody. Raises `Wrong`."""
        found = list(troubles(home, directory.homes))
        policies: list[tuple[str, Sequence[str], Mapping[str, object]]] = [
            ("guard", level.guard, self.config.guard),
            ("request_log", level.request_log, self.config.request_log),
        ]
        for setting, names, known in policies:
            missing = [(name, suggestion(name, known)) for name in names if name not in known]
            found += [(setting, f"there is no policy {quote(name)} under `{setting}`", hint) for name, hint in missing]
        around = whole(home, directory.homes.users)
        named: list[tuple[TenantKind, str]] = [("org", around.org), ("team", around.team), ("user", around.user)]
        levels = [
            (f"the {CALLED[place[0]]} {place[1]}", above.tags)
            for place in named
            if place != itself and (above := directory.levels.get(place)) is not None
        ]
        found += changed_tags([*levels, ("", level.tags)])
        if found:
            problems = [Problem("", 1, 1, setting, message, hint) for setting, message, hint in found]
            raise Wrong(_told(problems), problems)


def grant_told(record: KeyRecord) -> dict[str, Any]:
    """What a key of the store says, in the words of the configuration."""
    told: dict[str, Any] = msgspec.json.decode(record.settings)
    columns = {"models": list(record.models), "tags": record.tags}
    columns |= {"org": record.org, "team": record.team, "user": record.user}
    told |= {name: value for name, value in columns.items() if value}
    return told


def _recorded(record: KeyRecord, grant: KeyGrant) -> KeyRecord:
    return msgspec.structs.replace(
        record,
        models=tuple(grant.models or ()),
        tags=dict(grant.tags),
        expires=int(grant.expires.timestamp()) if grant.expires is not None else None,
        org=grant.org or "",
        team=grant.team or "",
        user=grant.user or "",
        settings=written(grant, leave_out={*COLUMNS}),
    )


def _fitted(kind: type[Kind], section: str, said: Mapping[str, Value]) -> Kind:
    try:
        return fitted(kind, section, said)
    except Unfit as error:
        raise Wrong(_told(error.problems), error.problems) from None


def _told(problems: Sequence[Problem]) -> str:
    return "; ".join(
        (f"{it.path}: " if it.path else "") + it.message + (f"; {it.hint}" if it.hint else "") for it in problems
    )


def _not_there(called: str, name: str, names: Sequence[str]) -> NotThere:
    hint = suggestion(name, names)
    return NotThere(f"there is no {called} named {quote(name)}" + (f"; {hint}" if hint.startswith("did") else ""))
