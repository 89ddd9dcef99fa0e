"""What Trunkline must know of a provider: who, where, how one logs in, what it speaks, how it refuses.

A provider is a page: an instance of `Provider` with facts, and its departures from its format as flags that the format
honours (`formats/dialect.py`). Nowhere else is a provider's name compared.
"""

import re
from collections.abc import Mapping
from typing import Literal, get_args

import msgspec

from trunkline.formats.conversation import FormatName
from trunkline.formats.dialect import PLAIN, Dialect
from trunkline.providers.families import Rules
from trunkline.providers.refusals import Judge, Refused, Verdict, read_error_value, read_refusal, usual_verdict

__all__ = [
    "SETTINGS",
    "Also",
    "Hole",
    "Limits",
    "Need",
    "Provider",
    "Refused",
    "Unfilled",
    "Verdict",
    "read_error_value",
    "read_refusal",
    "usual_verdict",
]

Login = Literal["key", "sigv4", "service_account"]
"""How one shows who one is where no key is given: with a key and nothing else, with Amazon's signatures, or with
tokens that Google gives for a service account.
"""
Need = Literal["always", "reasoned tools"]
"""When a model is spoken to in one format only: whatever is asked, or where it has tools and reasons."""
Setting = Literal["region", "resource", "project", "location", "account"]
"""Settings of a provider in `trunkline.yaml` that its URL needs."""
SETTINGS: tuple[Setting, ...] = get_args(Setting)

_OF_ALSO_ONLY = frozenset({"models", "on_request"})
_PLAIN_PART = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._:-]*[A-Za-z0-9])?")


class Unfilled(ValueError):
    """A URL cannot be made: what the operator must say is missing, or is nothing that can stand there."""


class Hole(msgspec.Struct, frozen=True):
    """A part of a URL that only the operator knows: `{region}` is filled with the setting `region`."""

    setting: Setting
    variables: tuple[str, ...] = ()
    """Environment variables that say it where the configuration does not."""
    default: str = ""
    hosts: Mapping[str, str] = {}
    """What `{host}` stands for, by the value. `*` is any other value, and stands for it in the host."""

    def fill(self, settings: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, str]:
        """What stands for the names in the URL. Raises `Unfilled`."""
        from_environment = next((environment[name] for name in self.variables if environment.get(name)), "")
        value = settings.get(self.setting) or from_environment or self.default
        if not value:
            or_set = f", or set {' or '.join(self.variables)} in the environment" if self.variables else ""
            raise Unfilled(f"Write `{self.setting}` there{or_set}.")
        if not _PLAIN_PART.fullmatch(value):
            raise Unfilled(f"`{self.setting}` is {value!r}, which cannot stand in a URL.")
        host = self.hosts.get(value) or self.hosts.get("*", "").replace("*", value)
        if self.hosts and not host:
            raise Unfilled(f"`{self.setting}` is {value!r}; there are {', '.join(self.hosts)}.")
        return {self.setting: value, "host": host} if self.hosts else {self.setting: value}


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Where its replies say what is left of the account's limits. A name is empty where there is no such header."""

    requests: str = ""
    """Header of how many requests are left."""
    requests_reset: str = ""
    """Header of when they are all back."""
    tokens: str = ""
    tokens_reset: str = ""
    reset: Literal["", "duration", "seconds", "rfc3339"] = ""
    """How the resets are written: `6m0s` and `12ms`, a number of seconds, or a date and time."""


class Also(msgspec.Struct, frozen=True, kw_only=True):
    """Another format that a provider speaks natively, and what is different there. None: as on the provider's page."""

    format: FormatName
    base_url: str | None = None
    path: tuple[str, str] | None = None
    body: Mapping[str, object] | None = None
    headers: Mapping[str, str] | None = None
    key_header: str | None = None
    key_prefix: str | None = None
    dialect: Dialect | None = None
    scope: str | None = None
    models: Mapping[str, Need] = {}
    """Models that are spoken to in this format only, by the beginning of their plain name, and when; others may be."""
    on_request: bool = False
    """Only where the configuration asks for it with `format`: the main format says more."""


class Provider(msgspec.Struct, frozen=True, kw_only=True):
    """The facts of one kind of provider."""

    type: str
    title: str

    # where
    base_url: str | None = None
    """Default; None where the operator must give one. `{name}` is a hole."""
    base_variable: str | None = None
    """Environment variable that overrides `base_url`."""
    base_suffix: str = ""
    """What is added to that variable's value, unless it ends so: SDKs differ in where their base URL ends."""
    holes: tuple[Hole, ...] = ()
    inside: bool = False
    """It runs in this process, and is reached without a socket."""
    local: bool = False
    """A server that one runs oneself: it may have a private address, and is there when `base_variable` is set."""
    path: tuple[str, str] | None = None
    """Below the base URL for a whole reply and for a stream, `{model}` standing for the model; None: the format's."""

    # who asks
    login: Login = "key"
    login_variables: tuple[str, ...] = ()
    """Environment variables that, all set, let one log in without a key."""
    scope: str = ""
    """What is logged in to: the service's name in Amazon's signatures, the scope of Google's tokens."""
    key_variables: tuple[str, ...] = ()
    """Environment variables that hold an API key; with one of them set, the provider is there."""
    needs_key: bool = True
    key_header: str = "authorization"
    key_prefix: str = "Bearer "
    headers: Mapping[str, str] = {}
    """Sent with every request."""

    # what it speaks
    format: FormatName = "openai_chat"
    dialect: Dialect = PLAIN
    also: tuple[Also, ...] = ()
    body: Mapping[str, object] = {}
    """Fields laid into every request; None takes one out."""
    makers: frozenset[str] = frozenset()
    """Makers of models that are asked to reason here as their makers want it."""
    models: Mapping[str, Rules] = {}
    """What it does differently with models, by the beginning of their plain name (`models.plain`)."""
    overrides: Rules = {}
    """What the operator says of its dialect, over everything that is known."""

    counts_tokens: bool = False
    """It counts the tokens of a request in its format, for nothing."""
    keeps_responses: bool = False
    """It keeps what it answers in the Responses format, unless it is told not to."""

    # what it says and costs
    judge: Judge = lambda _: None
    limits: Limits | None = None
    stops_meter: bool | None = None
    """Closing the connection ends what a stream costs; None: nobody says. Source where not told otherwise:
    https://openrouter.ai/docs/api/reference/streaming (stream cancellation).
    """
    example_model: str = ""
    """A cheap model for a first try; empty where nobody can know what is served."""
    catalogue: str = ""
    """Its id in the price catalogue; empty where it has none."""

    @property
    def formats(self) -> tuple[FormatName, ...]:
        """All it speaks natively, the main one first."""
        return (self.format, *(other.format for other in self.also))

    def speaking(self, spoken: FormatName) -> "Provider | None":
        """Its page as it is where it is spoken to in that format only; None if it does not speak it."""
        if spoken == self.format:
            return self
        other = next((also for also in self.also if also.format == spoken), None)
        if other is None:
            return None
        given = {
            name: value
            for name, value in msgspec.structs.asdict(other).items()
            if value is not None and name not in _OF_ALSO_ONLY
        }
        return msgspec.structs.replace(self, **{"dialect": PLAIN, "path": None, "body": {}, "also": (), **given})

    @property
    def making(self) -> tuple[str, ...]:
        """Environment variables that make it be there without being written: any key, or all of a login."""
        if self.local:
            return (self.base_variable,) if self.base_variable else ()
        return (*self.key_variables, *self.login_variables)

    @property
    def settings(self) -> tuple[Setting, ...]:
        """Settings of the configuration that its URL needs."""
        return tuple(hole.setting for hole in self.holes)

    def adjusted(self, *, format: FormatName | None, elsewhere: bool, overrides: Rules) -> "Provider":  # noqa: A002  # the setting's name
        """Its page with what the operator says over it. `elsewhere`: at a URL of the operator's, where what else it
        speaks at other URLs is not known. Raises `ValueError` for a format that it does not speak.
        """
        facts = self if format is None else self.speaking(format)
        if facts is None and elsewhere and format is not None:
            facts = msgspec.structs.replace(self, format=format, path=None, body={}, also=())
        if facts is None:
            raise ValueError(f"The type {self.type!r} does not speak {format!r}, but {', '.join(self.formats)}.")
        also = tuple(other for other in facts.also if not elsewhere or other.base_url is None)
        dialect = msgspec.structs.replace(facts.dialect, **overrides)
        return msgspec.structs.replace(facts, also=also, dialect=dialect, overrides=overrides)

    def in_environment(self, environment: Mapping[str, str]) -> str | None:
        """The secret it is there with, without being written (empty where it needs none); None if it is not there."""
        if self.local:
            return self._key(environment) if self.base_variable and environment.get(self.base_variable) else None
        secret = self._key(environment)
        if not secret and self.login_variables and all(map(environment.get, self.login_variables)):
            secret = environment[self.login_variables[-1]]
        if not secret:
            return None
        try:
            url = self.url({}, environment)
        except Unfilled:
            return None
        return secret if url else None

    def _key(self, environment: Mapping[str, str]) -> str:
        return next((environment[name] for name in self.key_variables if environment.get(name)), "")

    def url(self, settings: Mapping[str, str], environment: Mapping[str, str]) -> str:
        """Its base URL where the configuration gives none; empty if there is no default. Raises `Unfilled`."""
        given = environment.get(self.base_variable, "").rstrip("/") if self.base_variable else ""
        if given:
            return given if given.endswith(self.base_suffix) else given + self.base_suffix
        url = self.base_url or ""
        for hole in self.holes:
            for name, value in hole.fill(settings, environment).items():
                url = url.replace(f"{{{name}}}", value)
        return url
