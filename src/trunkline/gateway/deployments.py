"""A configured provider, ready to be called: its doors, its keys, its requests as bytes."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from urllib.parse import unquote

import msgspec

from trunkline.formats.conversation import FormatName
from trunkline.formats.dialect import Dialect
from trunkline.formats.format import Format
from trunkline.formats.registry import FORMATS
from trunkline.gateway.bridge import Passing
from trunkline.gateway.credentials import ProviderKey
from trunkline.gateway.fronts import Front
from trunkline.providers.base import Limits, Provider
from trunkline.providers.models import Model, facts_for, model_at, needed_format
from trunkline.routing.quotas import LimitsReader
from trunkline.transport.exchange import Call, Upstream

REMEMBERED = 10_000
"""Models whose ways are remembered. Callers choose names of models, so it must be bounded."""
_PATH = re.compile(r"(/[A-Za-z0-9._~@:%+=,-]+)+(\?[a-z]+=[a-z]+)?")


class ImpossibleModel(ValueError):
    """The name of a model cannot stand in the path that a provider wants it in."""


class Door:
    """Where a provider takes requests of one format."""

    __slots__ = ("_fixed", "_heads", "_prefix", "facts", "format", "host", "limits", "upstream")

    def __init__(
        self, facts: Provider, upstream: Upstream, *, host: str, prefix: str, headers: Mapping[str, str]
    ) -> None:
        """`facts` are the provider's as it speaks this format; `prefix` is the path of its base URL."""
        self.facts = facts
        self.format: Format = FORMATS[facts.format]
        self.upstream = upstream
        self.host = host
        self.limits = LimitsReader(facts.limits or Limits())
        self._prefix = prefix
        fixed = {"content-type": "application/json", "accept-encoding": "identity", **facts.headers, **headers}
        self._fixed = {name.lower().encode(): line(name, value) for name, value in fixed.items()}
        self._heads: dict[tuple[str, bool, ProviderKey], bytes] = {}

    def call(self, model: str, key: ProviderKey, passed: Mapping[bytes, bytes], body: bytes, *, stream: bool) -> Call:
        """A request as bytes. `passed` are header fields handed on from the client, which go before our own.

        Raises `ImpossibleModel`.
        """
        if passed or not key.fixed:
            return self._post(self._path(model, stream), key, passed, body)
        head = self._heads.get((model, stream, key))
        if head is None:
            if len(self._heads) >= REMEMBERED:
                self._heads.clear()
            path = self._path(model, stream)
            head = self._head(path, {}) + key.lines(self.facts, self.host, path, b"")
            self._heads[model, stream, key] = head
        return Call(b"%bcontent-length: %d\r\n\r\n" % (head, len(body)), body)

    def post(self, below: str, key: ProviderKey, passed: Mapping[bytes, bytes], body: bytes) -> Call:
        """A request to a path below the base URL. Raises `ImpossibleModel`."""
        return self._post(self._prefix + below, key, passed, body)

    def _post(self, path: str, key: ProviderKey, passed: Mapping[bytes, bytes], body: bytes) -> Call:
        head = self._head(path, passed) + key.lines(self.facts, self.host, path, body)
        return Call(b"%bcontent-length: %d\r\n\r\n" % (head, len(body)), body)

    def probe(self, key: ProviderKey) -> Call:
        """A request that costs nothing and shows whether `key` is good: for the list of models."""
        return self.bare("GET", "/models", key)

    def bare(self, method: str, below: str, key: ProviderKey) -> Call:
        """A request without a body, to a path below the base URL."""
        path = self._prefix + below
        lines = b"".join(self._fixed.values()) + key.lines(self.facts, self.host, path, b"", method=method)
        return Call(f"{method} {path} HTTP/1.1\r\nhost: {self.host}\r\n".encode() + lines + b"\r\n", b"")

    def _path(self, model: str, stream: bool) -> str:
        template = self.facts.path
        below = self.format.path(model, stream) if template is None else template[stream].replace("{model}", model)
        return self._prefix + below

    def _head(self, path: str, passed: Mapping[bytes, bytes]) -> bytes:
        _check(path.removeprefix(self._prefix))
        own = b"".join([text for name, text in self._fixed.items() if name not in passed])
        more = b"".join([b"%b: %b\r\n" % field for field in passed.items()])
        return b"POST %b HTTP/1.1\r\nhost: %b\r\n%b%b" % (path.encode(), self.host.encode(), own, more)


class Way(msgspec.Struct, frozen=True):
    """Where a request of one format goes for one model, and how."""

    door: Door
    passing: Passing | None
    """How it is handed on as it is; None if it must be translated."""
    reasoned: "Way | None" = None
    """The way of a request with tools that are reasoned over, where it is another one."""


class Deployment:
    """One provider of the configuration. Outlives reloads that do not change it, with its open lines."""

    def __init__(
        self, name: str, facts: Provider, doors: Mapping[FormatName, Door], keys: Sequence[ProviderKey]
    ) -> None:
        self.name = name
        self.facts = facts
        self.doors = doors
        self.keys: Mapping[str, ProviderKey] = {key.id: key for key in keys}
        """At least one; nobody's, without an id, where the provider wants none."""
        self._ways: dict[tuple[str, bool, str], Way] = {}
        self._models: dict[str, Model] = {}

    @property
    def upstreams(self) -> list[Upstream]:
        """Where its lines come from, each once."""
        return list({id(door.upstream): door.upstream for door in self.doors.values()}.values())

    async def close(self) -> None:
        """Keep no idle lines from now on."""
        for upstream in self.upstreams:
            await upstream.close()

    def way(self, front: Front, model: str) -> Way:
        """Where a request of `front` for `model` goes: to the door of its own format, if there is one.

        Some models are spoken to at one door only: always, or where they have tools and reason over them.
        """
        translated = front.place.array or front.place.whole_calls
        key = (front.format.name, translated, model)
        known = self._ways.get(key)
        if known is None:
            if len(self._ways) >= REMEMBERED:
                self._ways.clear()
            known = self._ways[key] = self._find_way(front, model, translated=translated)
        return known

    def _find_way(self, front: Front, model: str, *, translated: bool) -> Way:
        usual = self.doors.get(front.format.name) or self.doors[self.facts.format]
        only = needed_format(self.facts, model)
        needed = self.doors.get(only[0]) if only is not None else None

        def through(door: Door) -> Way:
            own = door.format is front.format and not translated
            return Way(door, Passing(door.format, self.dialect(door, model), door.facts.body) if own else None)

        if only is None or needed is None or needed is usual:
            return through(usual)
        if only[1] == "always":
            return through(needed)
        return msgspec.structs.replace(through(usual), reasoned=through(needed))

    def dialect(self, door: Door, model: str) -> Dialect:
        """How this provider and model depart from the format."""
        return facts_for(door.facts, model)

    async def about(self, model: str) -> Model:
        """What is known of a model here; waits only if it was never asked for."""
        known = self._models.get(model)
        if known is None:
            if len(self._models) >= REMEMBERED:
                self._models.clear()
            known = self._models[model] = await asyncio.to_thread(model_at, self.facts, model)
        return known


def _check(path: str) -> None:
    """Callers choose names of models, and some stand in the path: none may lead elsewhere, or begin a new line."""
    if not _PATH.fullmatch(path) or {".", ".."} & set(unquote(path).split("/")):
        raise ImpossibleModel("This provider has no model of that name: it cannot stand in a path.")


def line(name: str, value: str) -> bytes:
    """A header line. Raises `ValueError`."""
    if not value.isprintable() or not value.isascii():
        raise ValueError(f"the value of the header {name} has characters that no header may have")
    return f"{name}: {value}\r\n".encode()
