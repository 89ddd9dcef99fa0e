"""Going on with a stream that broke off: on the next model of the plan, so that the client sees one answer.

Where a route resumes, its streams are read and written anew (`formats/splicing.py`), also where both sides speak the
same format, so that what another provider adds is of one piece with what was told. The next model is given the answer
so far. Only words can be gone on with: no tool call, no JSON, no answer of several.
"""

from time import monotonic

from msgspec.structs import replace

from trunkline.formats.conversation import Request
from trunkline.formats.dialect import Dialect
from trunkline.formats.document import Document
from trunkline.formats.efforts import reasons, while_reasoning
from trunkline.formats.format import Asked, Format, Problem, ReplyFacts, Scanner, StreamWriter
from trunkline.formats.losses import Losses
from trunkline.formats.splicing import Splice, Told, going_on, may_be_continued
from trunkline.gateway.bridge import Bridge, Translating
from trunkline.gateway.deployments import Way
from trunkline.gateway.errors import CannotExpress
from trunkline.gateway.headers import header_text
from trunkline.gateway.state import Journey
from trunkline.routing.plan import Candidate, Target

PREFILLED = frozenset({"anthropic_messages"})
"""Formats in which an assistant's message at the end is what the answer begins with. Servers of others refuse one there
or do as they like with it, unless their page says otherwise (Mistral).
"""


class Resumable:
    """A `Bridge` whose stream somebody else may go on with, or that goes on with another's."""

    __slots__ = ("_asks", "_tells", "_writer", "told")

    def __init__(self, asks: Bridge, tells: Translating, writer: StreamWriter, told: Told) -> None:
        """`asks` writes the request, `tells` reads the stream, and `writer` gets what it says."""
        self._asks = asks
        self._tells = tells
        self._writer = writer
        self.told = told

    @property
    def back(self) -> Format:
        return self._asks.back

    @property
    def passes(self) -> bool:
        return self._asks.passes

    def body(self, document: Document, asked: Asked, model: str, losses: Losses) -> bytes:
        return self._asks.body(document, asked, model, losses)

    def capped(self, document: Document, most: int) -> Document:
        return self._asks.capped(document, most)

    def scanner(self, asked: Asked, limit: int) -> Scanner:
        del asked
        return self._tells.translator(self._writer, limit)

    def reply(self, body: bytes) -> tuple[ReplyFacts, bytes]:
        return self._asks.reply(body)

    def streamed(self, body: bytes, asked: Asked) -> tuple[ReplyFacts, bytes]:
        del asked
        return self._tells.streamed_by(self._writer, body)

    def refusal(self, problem: Problem) -> bytes | None:
        return self._asks.refusal(problem)

    def fail(self, problem: Problem) -> bytes:
        return self.told.fail(problem)


def bridge_to(journey: Journey, candidate: Candidate, way: Way) -> Bridge:
    """How the request gets to `candidate`, which is reached by `way`, and the reply back. Raises `CannotExpress`."""
    if way.passing is not None and journey.guarding is None and journey.told is None and not candidate.terms.resumes:
        return way.passing
    if journey.told is not None:
        return _going_on(journey, candidate.target, journey.told)
    bridge = journey.bridge(candidate.target)
    if journey.guarding is not None and journey.guarding.looks_at_answers:
        return bridge  # what a policy holds back at the break would be missing from what is gone on with
    if not (candidate.terms.resumes and journey.asked.stream) or journey.front.format.name == "openai_completions":
        return bridge
    try:
        request = journey.in_full()
    except CannotExpress:
        return bridge  # only its own provider understands it
    if not may_be_continued(request):
        return bridge
    tells = bridge if isinstance(bridge, Translating) else journey.translating(candidate.target)
    told = Told(journey.front.format.writer(replace(request, model=candidate.target.model)))
    return Resumable(bridge, tells, told, told)


def _going_on(journey: Journey, target: Target, told: Told) -> Resumable:
    deployment = journey.snapshot.deployments[target.provider]
    door = journey.way(target).door
    asked = journey.in_full()
    prefills = _prefills(door.format, deployment.dialect(door, target.model), asked)
    request, words = going_on(asked, told, prefills=prefills)
    tells = journey.translating(target, request=request)
    return Resumable(tells, tells, Splice(told, words), told)


def _prefills(spoken: Format, dialect: Dialect, request: Request) -> bool:
    """Whether the model goes on by itself with what the assistant is said to have begun."""
    if reasons(request, dialect) or "prefill" in while_reasoning(dialect, request).refuses:
        return False
    return spoken.name in PREFILLED or dialect.assistant_after_tool


def may_go_on(journey: Journey) -> bool:
    """Whether another model may still be asked, although the answer has begun."""
    return not journey.delivering or (journey.told is not None and journey.told.may_go_on)


def resumed(journey: Journey, target: Target) -> bytes:
    """`target` goes on. What tells the client so, in a comment, where its SDK knows such."""
    assert journey.told is not None
    journey.gateway.metrics.event("resumes")
    journey.note(f"resumed by {target} after {journey.told.size} characters")
    if journey.front.format.name == "google_generate":
        return b""
    return b": resumed by %b\n\n" % header_text(str(target))


def ended(journey: Journey) -> bool:
    """Whether a stream that broke off had told all but its end. Then that is told here."""
    told = journey.told
    if told is None or not told.stopped:
        return False
    data = told.end()
    if journey.following is not None and journey.target is not None:
        data = journey.following.streamed(data)
        keep = journey.snapshot.config.responses.keep
        journey.following.keep(journey.target, minted_upstream=False, keep=keep)
    journey.note("the stream broke off behind the reason for its end")
    journey.delivery.write(data, monotonic())
    journey.delivery.end()
    return True
