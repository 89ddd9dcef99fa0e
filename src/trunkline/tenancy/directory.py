"""All organisations, teams and users there are, and what a key comes to that belongs to some of them.

Where the configuration and the store both define one, the configuration's holds, and the store's is as if it were not
there. What belongs to somebody who is gone is refused: nothing becomes free by a deletion.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from trunkline.config import schema, tenants
from trunkline.config.belonging import Home, Homes, troubles, whole
from trunkline.config.stored import Unreadable, read
from trunkline.config.tenants import KeyGrant, Level, Tenant, User
from trunkline.store.base import KeyRecord, TenantKind, TenantRecord
from trunkline.tenancy.caller import Caller, Owned
from trunkline.tenancy.grants import Bounds, Grant, grant_of, together

KINDS: Final[Mapping[TenantKind, type[Level]]] = {"org": tenants.Org, "team": tenants.Team, "user": tenants.User}
CALLED: Final[Mapping[TenantKind, str]] = {"org": "organisation", "team": "team", "user": "user"}
UNREADABLE: Final = "this release of Trunkline cannot read what the store says of it"

Place = tuple[TenantKind, str]
"""Which one: its kind and its name."""


def pool_name(provider: str, tenant: str) -> str:
    """Under which a tenant's own keys are known to whoever watches providers' health: no provider is called so."""
    return f"{provider}@{tenant.replace('/', ':')}"


def vault_name(tenant: str) -> str:
    """For whom a tenant's keys are encrypted: no virtual key is called so, whose answers are encrypted for it."""
    return f"tenant\n{tenant}"


def about_provider_key(name: str, provider: str) -> tuple[str, ...]:
    """What a tenant's key is bound to: it opens as nothing else."""
    return "provider key", name, provider


class Directory:
    """What there is at one moment; it does not change."""

    def __init__(
        self, config: schema.Config, records: Iterable[TenantRecord] = (), owned: Mapping[str, Iterable[str]] = {}
    ) -> None:
        """`owned`: by tenant, the providers with which the store has keys of its own."""
        self._usual = frozenset(config.requests_may)
        self.levels: dict[Place, Level | None] = {(it.kind, it.name): _read(it) for it in records}
        """What each says; None where it cannot be read."""
        self.levels |= {("org", name): it for name, it in config.orgs.items()}
        self.levels |= {("team", name): it for name, it in config.teams.items()}
        self.levels |= {("user", name): it for name, it in config.users.items()}
        users = {
            name: Home(it.org or "", it.team or "", name)
            for (_, name), it in self.levels.items()
            if isinstance(it, User)
        }
        self.homes = Homes(self._names("org"), self._names("team"), users)
        self._owned = {name: {*providers} for name, providers in owned.items()}
        for (_, name), level in self.levels.items():
            if isinstance(level, Tenant) and level.provider_keys:
                self._owned[name] = self._owned.get(name, set()) | level.provider_keys.keys()
        self._said: dict[str, Grant] = {"{}": _NOTHING}
        """What keys of the store say, by how it is written: most say the same."""
        self._known: dict[Home, tuple[Sequence[Grant], Bounds, Owned | None, int]] = {}

    def _names(self, kind: TenantKind) -> set[str]:
        return {name for of, name in self.levels if of == kind}

    def anybody(self) -> Caller:
        """Who asks where nobody needs a key."""
        return Caller(key="", asker=together((), self._usual).asker(""))

    def configured(self, key: schema.Key) -> Caller:
        """Whoever has a key of the configuration."""
        said = Home(key.org or "", key.team or "", key.user or "")
        return self._caller(key.name, said, grant_of(key, "it"))

    def stored(self, record: KeyRecord) -> Caller:
        """Whoever has a key of the store."""
        grant = self._said.get(record.settings)
        if grant is None:
            grant = self._said[record.settings] = _granted(record.settings)
        ends = [moment for moment in (record.expires, record.revoked) if moment is not None]
        grant = msgspec.structs.replace(
            grant, models=record.models, tags=record.tags, expires=min(ends) if ends else None
        )
        return self._caller(record.name, Home(record.org, record.team, record.user), grant)

    def _caller(self, name: str, said: Home, grant: Grant) -> Caller:
        home = whole(said, self.homes.users)
        above, bounds, owned, markup = self._above(said)
        if grant != _NOTHING:
            bounds = together((*above, grant), self._usual)
        return Caller(
            key=name,
            tags=bounds.tags,
            expires=bounds.expires,
            org=home.org,
            team=home.team,
            user=home.user,
            asker=bounds.asker(name),
            guards=bounds.guards,
            logs=bounds.logs,
            addresses=grant.addresses,
            refused=bounds.refused,
            owned=owned,
            markup=markup,
        )

    def _grant(self, place: Place) -> Grant:
        kind, name = place
        called = f"the {CALLED[kind]} {name}"
        if place not in self.levels:
            return _NOTHING  # it is told as a trouble
        level = self.levels[place]
        return grant_of(level, called) if level is not None else Grant(refused=f"{called}: {UNREADABLE}")

    def _above(self, said: Home) -> tuple[Sequence[Grant], Bounds, Owned | None, int]:
        """What whoever belongs there is bound by, worked out once."""
        known = self._known.get(said)
        if known is None:
            home = whole(said, self.homes.users)
            named: list[Place] = [("org", home.org), ("team", home.team), ("user", home.user)]
            above = [self._grant(place) for place in named if place[1]]
            above += [Grant(refused=message) for _, message, _ in troubles(home, self.homes)]
            bounds = together(above, self._usual)
            known = self._known[said] = (above, bounds, self._own_keys(home), self._markup(home))
        return known

    def _markup(self, home: Home) -> int:
        """The team's, if it has one of its own; else the organisation's."""
        for level in (self.levels.get(("team", home.team)), self.levels.get(("org", home.org))):
            if isinstance(level, Tenant) and level.markup is not None:
                return level.markup
        return 0

    def _own_keys(self, home: Home) -> Owned | None:
        """The team's keys come before its organisation's; what either says of them as `only` holds."""
        only = False
        pools: dict[str, str] = {}
        for level, name in (
            (self.levels.get(("org", home.org)), home.org),
            (self.levels.get(("team", home.team)), home.team),
        ):
            if isinstance(level, Tenant):
                pools |= {provider: pool_name(provider, name) for provider in self._owned.get(name, ())}
                only = only or level.own_keys == "only"
        return Owned("only" if only else "first", pools) if pools or only else None


_NOTHING: Final = Grant()


def _granted(settings: str) -> Grant:
    try:
        return grant_of(read(KeyGrant, settings), "it")
    except Unreadable:
        return Grant(refused=UNREADABLE)


def _read(record: TenantRecord) -> Level | None:
    try:
        return read(KINDS[record.kind], record.settings)
    except Unreadable:
        return None
