"""Reading what is kept of what was said, exporting all that is kept of somebody, and erasing it: for operators.

Each is recorded among the changes, with who did it. Every method may wait for the store, and raises `StoreError`.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

import msgspec

from trunkline.config import schema
from trunkline.config.belonging import Home, org_of, whole
from trunkline.kept.owners import is_shared_in, kept_under, person_of
from trunkline.kept.response import opened as opened_response
from trunkline.kept.showing import ShownEntry, ShownTranscript, moment, shown_entry, shown_response, shown_transcript
from trunkline.kept.transcript import opened as opened_transcript
from trunkline.store.base import ProviderKeyRecord, Store, UsageFilter
from trunkline.store.content import Erased, Kept, LogFilter
from trunkline.tenancy.directory import Directory, vault_name
from trunkline.tenancy.managing import NotThere, Wrong
from trunkline.vault.errors import KeyDestroyed, VaultError
from trunkline.vault.vault import Vault

LATEST = "~"
"""After every id of a request."""
AT_ONCE = 50
"""Records in memory at a time."""

Line = tuple[str, Any]
"""Of an export: what it is, and what is told of it."""


class Secrets(Protocol):
    """What end users are known by, and what opens what is encrypted."""

    def digest(self, key: bytes) -> bytes:
        """Under the server's secret."""

    def vault(self) -> Vault:
        """The vault of the store."""


class Subject(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose data: those of an end user, everywhere or within one tenant or key; or all of a tenant or a key."""

    end_user: str = ""
    """The id by which applications name somebody."""
    org: str = ""
    team: str = ""
    user: str = ""
    key: str | None = None
    """Empty: of requests that needed no key."""

    def problem(self) -> str:
        """Why nobody is meant; empty where somebody is."""
        within = [name for name in ("org", "team", "user") if getattr(self, name)]
        within += ["key"] if self.key is not None else []
        if len(within) > 1:
            return f"name one of {' and '.join(within)}, not both"
        return "" if within or self.end_user else "name an end user, an organisation, a team, a user or a key"

    def named(self, person: str) -> tuple[str, str]:
        """The kind and the name under which it is recorded. Of an end user only the digest `person`: what was erased
        must not be found in the record.
        """
        within = [(kind, getattr(self, kind)) for kind in ("org", "team", "user") if getattr(self, kind)]
        if self.key is not None:
            within = [("key", self.key)]
        if not self.end_user:
            return within[0]
        return "end_user", " ".join([person, *(f"{kind}={name}" for kind, name in within)])


class Disclosure:
    """For one operator, who is recorded as `by`."""

    def __init__(
        self, store: Store, config: schema.Config, secrets: Secrets, by: str, now: Callable[[], float] = time.time
    ) -> None:
        self._store = store
        self._config = config
        self._secrets = secrets
        self._by = by
        self._now = now

    # the request log

    def entries(self, only: LogFilter, end_user: str = "", before: str = LATEST, most: int = 100) -> list[ShownEntry]:
        """The latest entries before an id."""
        if end_user:
            only = msgspec.structs.replace(only, person=self._person(end_user))
        return [shown_entry(record) for record in self._store.log(before, int(self._now()), most, only)]

    def entry(self, request: str) -> ShownTranscript:
        """All of an entry. Raises `NotThere`, `VaultError`."""
        record = self._store.log_entry(request, int(self._now()))
        if record is None:
            raise NotThere("there is no request of that id in the request log")
        said = opened_transcript(record, self._secrets.vault())
        self._store.note_reading(int(self._now()), self._by, "read", ("request_log", request))
        return shown_transcript(record, said)

    # somebody's data

    def export(self, subject: Subject) -> Iterator[Line]:
        """All that is kept encrypted of somebody, piece by piece. What does not open is told as a `problem`.

        Raises `Wrong` where nobody is meant.
        """
        kept, provider_keys = self._of(subject)
        self._store.note_reading(int(self._now()), self._by, "exported", self._named(subject))
        for each in kept:
            if each.key is not None:
                yield from self._requests(each.key, each.person)
                yield from self._responses(each.key, each.person)
        for key in provider_keys:
            shown = {"id": key.id, "tenant": key.tenant, "provider": key.provider, "hint": key.hint}
            yield "provider_key", {**shown, "created": moment(key.created)}

    def erase(self, subject: Subject) -> Erased:
        """Destroy the data keys of all that is kept encrypted of somebody, and delete what they sealed.

        Raises `Wrong` where nobody is meant.
        """
        kept, provider_keys = self._of(subject)
        ids = [key.id for key in provider_keys]
        return self._store.erase(kept, ids, int(self._now()), self._by, self._named(subject))

    def _requests(self, key: str, person: str) -> Iterator[Line]:
        after, vault = "", self._secrets.vault()
        while records := self._store.log_contents(key, person, after, AT_ONCE):
            for record in records:
                try:
                    yield "request", shown_transcript(record, opened_transcript(record, vault))
                except KeyDestroyed:
                    continue  # it is erased, though its row is not gone yet
                except VaultError as error:
                    yield "problem", {"request": record.id, "message": str(error)}
            after = records[-1].id

    def _responses(self, key: str, person: str) -> Iterator[Line]:
        after, vault = "", self._secrets.vault()
        while records := self._store.responses_of(key, person, after, AT_ONCE):
            for record in records:
                try:
                    yield "response", shown_response(opened_response(record, vault))
                except KeyDestroyed:
                    continue
                except VaultError as error:
                    yield "problem", {"response": record.id, "message": str(error)}
            after = records[-1].id

    # who that is

    def _person(self, end_user: str) -> str:
        return person_of(self._secrets.digest, end_user)

    def _named(self, subject: Subject) -> tuple[str, str]:
        return subject.named(self._person(subject.end_user))

    def _of(self, subject: Subject) -> tuple[Sequence[Kept], Sequence[ProviderKeyRecord]]:
        """What of the vault is theirs, and which keys with providers."""
        problem = subject.problem()
        if problem:
            raise Wrong(problem)
        person, keys = self._person(subject.end_user), self._keys(subject)
        own = [] if person else [it for it in self._store.provider_keys() if _is_of(it.tenant, subject)]
        vaults = {vault_name(it.tenant) for it in own}

        def is_theirs(it: Kept) -> bool:
            if it.key is not None:
                return (keys is None or it.key in keys) and (not person or it.person == person)
            return not person and (it.vault in vaults or is_shared_in(it.vault, subject.org, subject.team))

        return [it for it in map(kept_under, self._store.data_key_tenants()) if is_theirs(it)], own

    def _keys(self, subject: Subject) -> set[str] | None:
        """The names of the virtual keys that are theirs now, or have been so in the ledger; None: all there are."""
        if subject.key is not None:
            return {subject.key}
        only = UsageFilter(org=subject.org or None, team=subject.team or None, user=subject.user or None)
        if only == UsageFilter():
            return None
        users = Directory(self._config, self._store.tenants()).homes.users
        records = self._store.keys()
        homes = [(it.name, Home(it.org, it.team, it.user)) for it in records]
        homes += [(it.name, Home(it.org or "", it.team or "", it.user or "")) for it in self._config.keys]
        wanted = Home(subject.org, subject.team, subject.user)
        found = {name for name, said in homes if _within(whole(said, users), wanted)}
        return found | {line.name for line in self._store.usage("key", only=only)}


def _within(home: Home, wanted: Home) -> bool:
    pairs = ((home.org, wanted.org), (home.team, wanted.team), (home.user, wanted.user))
    return all(has == want for has, want in pairs if want)


def _is_of(tenant: str, subject: Subject) -> bool:
    """Whether a tenant, an organisation or a team, is the subject or within it."""
    return bool(tenant) and (tenant == subject.team or org_of(tenant) == subject.org)
