"""The request log in the store; and how what is kept encrypted of somebody is found and erased, wherever it is."""

from collections.abc import Sequence
from typing import Protocol

import msgspec


class LogRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of the request log. Times are Unix seconds."""

    id: str
    """Of the request, as in the ledger: a UUIDv7, which sorts by time."""
    at: int
    expires: int
    """From then on it is as if it were not there."""
    org: str
    team: str
    user: str
    key: str
    """Whose request it was; each empty where it was nobody's."""
    person: str
    """The digest of the end user's id; empty where the request named none."""
    model: str
    """As it was asked for."""
    provider: str
    served: str
    """The provider's name of the model that answered."""
    status: int
    stream: int
    """0 or 1."""
    error: str
    size: int
    """Bytes of input and output."""
    sealed: bytes
    """Empty in lists."""


class LogFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which entries: those that equal every field that is not empty."""

    org: str = ""
    team: str = ""
    user: str = ""
    key: str = ""
    person: str = ""
    model: str = ""


class RequestLogStore(Protocol):
    """Where the request log is kept."""

    def write_log(self, records: Sequence[LogRecord]) -> None:
        """Store all in one transaction, durable on return; on any error none. Safe to repeat."""

    def log(self, before: str, now: int, most: int, only: LogFilter) -> list[LogRecord]:
        """At most so many of the entries with ids before one, the latest first, without what is encrypted."""

    def log_entry(self, request: str, now: int) -> LogRecord | None:
        """One entry; None where there is none, or its time is over."""

    def log_contents(self, key: str, person: str, after: str, most: int) -> list[LogRecord]:
        """At most so many of the entries of one owner with ids after one, in the order of their ids."""

    def delete_expired_log(self, now: int, most: int) -> int:
        """Delete at most so many of those whose time is over; how many it was."""


class Kept(msgspec.Struct, frozen=True):
    """What is encrypted for one owner."""

    vault: str
    """For whom its data keys are."""
    key: str | None = None
    """Whose entries of the request log, and whose responses, are sealed with them; None: nobody's."""
    person: str = ""


class Erased(msgspec.Struct, frozen=True):
    """How much was erased."""

    data_keys: int
    responses: int
    log: int
    provider_keys: int
    answers: int
    """Of the semantic cache."""


class ErasingStore(Protocol):
    """How somebody's data is found and erased."""

    def data_key_tenants(self) -> list[str]:
        """For whom there are data keys that are not destroyed."""

    def erase(
        self, kept: Sequence[Kept], provider_keys: Sequence[str], at: int, by: str, subject: tuple[str, str]
    ) -> Erased:
        """Destroy the data keys of all, and delete what they sealed, and the tenants' keys with providers that have
        these ids; recorded as done to `subject`, its kind and name. All or nothing.
        """

    def last_erasure(self) -> int:
        """The number of the change that was the last erasure; 0 where there was none."""

    def note_reading(self, at: int, by: str, action: str, subject: tuple[str, str]) -> None:
        """Record that somebody has read what is encrypted."""
