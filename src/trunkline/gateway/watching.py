"""What comes back from a model under the policies of its request: one `Watch` for every attempt."""

from collections.abc import Iterator, Sequence

import msgspec

from trunkline.formats.conversation import Event, Reply, Text
from trunkline.formats.format import StreamWriter
from trunkline.gateway.errors import GuardWithheld
from trunkline.guard.answers import FAILED
from trunkline.guard.events import EventScreen
from trunkline.guard.policy import Policy
from trunkline.guard.pseudonyms import Pseudonyms
from trunkline.guard.texts import with_edits
from trunkline.guard.values import Finding


class Held(msgspec.Struct, frozen=True, eq=False):
    """A policy that holds."""

    name: str
    policy: Policy
    shows: bool = True
    """Answers tell in a header what it decided."""


class Decision(msgspec.Struct, frozen=True):
    """A finding, and whose it is."""

    held: Held
    finding: Finding


def withheld(held: Held, finding: Finding) -> GuardWithheld:
    """Why an answer is not handed on, as the client is told."""
    if finding.kind == FAILED:
        return GuardWithheld(f"The policy {held.name!r} needs an answer to {finding.rule}, and there was none.")
    where = f" in {finding.path}" if finding.path else ""
    told = f"The policy {held.name!r} withholds the answer: {finding.rule} finds {finding.kind!r}{where}."
    return GuardWithheld(told, param=finding.path or None)


class Watch:
    """The answer of one attempt, whole or streamed. The last policy puts back what pseudonyms stand for."""

    def __init__(self, held: Sequence[Held], pseudonyms: Pseudonyms) -> None:
        """`held`: at least one."""
        self._held = held
        self._pseudonyms = pseudonyms
        self._decisions: list[Decision] = []
        self._screens: list[tuple[Held, EventScreen]] = []
        self.changed = False
        """A whole reply was changed."""

    def decisions(self) -> Iterator[Decision]:
        """All so far."""
        yield from self._decisions
        for held, screen in self._screens:
            yield from (Decision(held, finding) for finding in screen.findings)

    def reply(self, reply: Reply) -> Reply:
        """A whole reply as it may be handed on. Raises `GuardWithheld`."""
        for held in self._held:
            verdict = held.policy.reply(reply, self._pseudonyms if held is self._held[-1] else None)
            self._decisions += [Decision(held, finding) for finding in verdict.findings]
            if verdict.blocked is not None:
                raise withheld(held, verdict.blocked)
            if verdict.edits:
                self.changed = True
                reply = with_edits(reply, verdict.edits)
                choices = [msgspec.structs.replace(choice, logprobs=None) for choice in reply.choices]
                reply = msgspec.structs.replace(reply, choices=choices)  # log probabilities spell the text
        return reply

    def writer(self, writer: StreamWriter) -> StreamWriter:
        """`writer`, with what may be released of a stream."""
        last = self._held[-1]
        self._screens = [
            (held, EventScreen(held.policy, self._pseudonyms if held is last else None)) for held in self._held
        ]
        return _Watched(self, writer)

    def event(self, event: Event) -> Event:
        """An event of the stream with what may be released. Raises `GuardWithheld`.

        What it says in its format's own words is left out: it may say the text once more, and nobody can tell.
        """
        event.kind, event.extras, event.spelling = "", {}, {}
        for delta in event.deltas:
            delta.extras, delta.spelling = {}, {}
        for held, screen in self._screens:
            event = screen.feed(event)
            if screen.blocked is not None:
                raise withheld(held, screen.blocked)
        return event


class _Watched:
    """Writes what a watch releases."""

    __slots__ = ("_ended", "_watch", "_writer", "fail")

    def __init__(self, watch: Watch, writer: StreamWriter) -> None:
        self._watch = watch
        self._writer = writer
        self._ended = False
        self.fail = writer.fail

    def feed(self, event: Event) -> bytes:
        self._ended = self._ended or event.ends
        released = self._watch.event(event)
        return b"" if _is_nothing(released) else self._writer.feed(released)

    def end(self) -> bytes:
        rest = b""
        if not self._ended:  # its provider does not say when a stream is over
            left = self._watch.event(Event(ends=True))
            rest = self._writer.feed(msgspec.structs.replace(left, ends=False)) if left.deltas else b""
        return rest + self._writer.end()


def _is_nothing(event: Event) -> bool:
    """Whether all of an event is held back: it brought a piece of a text, and nothing else."""
    if not event.deltas or event.starts or event.stops or event.ends or event.usage is not None:
        return False
    return all(
        type(delta.piece) is Text and not (delta.piece.text or delta.piece.citations or delta.begins or delta.ends)
        for delta in event.deltas
    )
