"""How one request gets to its targets: as it came where both sides speak one format, else translated."""

from typing import TYPE_CHECKING

import msgspec

from trunkline.formats.conversation import Request as Neutral
from trunkline.formats.document import Document
from trunkline.formats.efforts import reasons
from trunkline.formats.format import NOTHING, Asked, Format, ShapeError
from trunkline.gateway.bridge import Bridge, Passing, Translating, Watched
from trunkline.gateway.delivery import Delivery
from trunkline.gateway.deployments import Door, Way
from trunkline.gateway.errors import CannotExpress
from trunkline.gateway.following import Following
from trunkline.gateway.fronts import CHAT, Front
from trunkline.gateway.watching import Watch
from trunkline.routing.plan import Target
from trunkline.transport.request import Request

if TYPE_CHECKING:
    from trunkline.gateway.guarding import Guarding
    from trunkline.gateway.snapshot import Snapshot

PASSED_ON = frozenset({b"traceparent", b"tracestate", b"baggage"})
"""Headers handed on to the upstream as they are (W3C Trace Context and Baggage)."""
PASSED_WITH: dict[str, frozenset[bytes]] = {
    "openai_chat": PASSED_ON | {b"openai-beta"},
    "openai_completions": PASSED_ON | {b"openai-beta"},
    "openai_responses": PASSED_ON | {b"openai-beta"},
    "anthropic_messages": PASSED_ON | {b"anthropic-beta", b"anthropic-version"},
    "google_generate": PASSED_ON,
    "bedrock_converse": PASSED_ON,
}
"""The same where client and provider speak this format."""


class Crossing:
    """What a client asks, and how each target is asked it. `Journey` adds what comes of that."""

    id: str
    request: Request
    snapshot: "Snapshot"
    delivery: Delivery
    front: Front = CHAT
    document: Document
    asked: Asked = NOTHING
    following: Following | None = None
    """The conversation it goes on from, where the client speaks of such."""
    neutral: Neutral | None = None
    """The request in full, once a target that speaks another format than the client has wanted it."""
    unreadable: CannotExpress | None = None
    """Why it cannot be read."""
    guarding: "Guarding | None" = None
    """The policies it is under, where any hold."""
    must_translate = False
    """What they make of it cannot be handed on as it came."""

    def speak(self, front: Front) -> None:
        """Answer in the client's format, in which it is also told what goes wrong."""
        self.front = front
        self._ways: dict[Target, Way] = {}
        self.delivery.speak(front)

    def passed(self, bridge: Bridge) -> dict[bytes, bytes]:
        """Header fields handed on to the upstream; where both sides speak one format, its own as well."""
        return self.passed_on(bridge.back if bridge.passes else None)

    def passed_on(self, spoken: Format | None) -> dict[bytes, bytes]:
        """The same, for a format spoken on both sides or none."""
        headers = self.request.headers
        names = PASSED_WITH[spoken.name] if spoken is not None else PASSED_ON
        return {} if names.isdisjoint(headers) else {name: headers[name] for name in sorted(names) if name in headers}

    def way(self, target: Target) -> Way:
        """Where the request goes at `target`, and how. Found out once, since the document is let go of."""
        known = self._ways.get(target)
        if known is None:
            known = self._ways[target] = self._find_way(target)
        return known

    def _find_way(self, target: Target) -> Way:
        way = self.snapshot.deployments[target.provider].way(self.front, target.model)
        if way.reasoned is not None and self.asked.tools and self._reasons(target, way.door):
            way = way.reasoned
        if way.passing is None:
            return way
        if self.must_translate:
            return Way(way.door, None)
        value = self.document.value or msgspec.json.decode(self.document.write())
        return way if way.passing.takes(value) else Way(way.door, None)

    def _reasons(self, target: Target, door: Door) -> bool:
        """Whether the model will reason with tools at hand."""
        try:
            request = self.in_full()
        except CannotExpress:
            return False  # what nobody understands here may be understood there
        dialect = self.snapshot.deployments[target.provider].dialect(door, target.model)
        return bool(request.tools) and reasons(request, dialect)

    def bridges(self, target: Target) -> Passing | None:
        """How the request is handed on to `target` as it is; None if it must be translated."""
        return self.way(target).passing

    def bridge(self, target: Target) -> Bridge:
        """How the request gets to `target`, and the reply back. Raises `CannotExpress`."""
        watch = self.guarding.watch() if self.guarding is not None else None
        passing = self.bridges(target)
        if watch is None:
            return passing or self.translating(target)
        translating = self.translating(target, watch)
        return translating if passing is None else Watched(passing, translating, watch)

    def translating(self, target: Target, watch: Watch | None = None, *, request: Neutral | None = None) -> Translating:
        """The same where it must be translated; or for another `request` than the client's."""
        deployment = self.snapshot.deployments[target.provider]
        door = self.way(target).door
        return Translating(
            self.front.format,
            door.format,
            deployment.dialect(door, target.model),
            request or self.in_full(),
            door.facts.body,
            whole_calls=self.front.place.whole_calls,
            reply_id=self.following.id if self.following is not None else "",
            request_id=self.id,
            watch=watch,
        )

    def in_full(self) -> Neutral:
        """The request, read. Raises `CannotExpress`, with the path of what nobody understands who does not speak the
        client's format.
        """
        if self.unreadable is not None:
            raise self.unreadable
        if self.neutral is None:
            value = self.document.value or msgspec.json.decode(self.document.write())
            try:
                self.neutral = self.front.format.read_request(value, self.front.place)
            except ShapeError as error:
                self.unreadable = CannotExpress(str(error), param=error.param, code=error.code)
                raise self.unreadable from None
        return self.neutral

    def replace(self, request: Neutral, *, must_translate: bool) -> None:
        """`request` is to be sent in place of what came, and what the document says now is no more than that."""
        self.neutral = request
        self.must_translate = must_translate
        self._ways = {}

    def reworded(self) -> None:
        """The document says something else than before, in words of the client's format."""
        self.neutral = None
        self._ways = {}
