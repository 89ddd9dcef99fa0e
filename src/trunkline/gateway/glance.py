"""The short way through the stage `guard`: a request in which nothing is found is sent as it came, and what policies
put in is laid around its conversation.

What they put in is worked out by the same code as on the long way, for a request of the same kind that says next to
nothing: one that has the instructions of the request at hand, its parameters where these are set, and one message for
all others. So every format says it here as it does there. Applications send the same instructions again and again, so
the outcome is remembered.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec

from trunkline.formats.conversation import Request as Neutral
from trunkline.formats.dialect import PLAIN
from trunkline.formats.document import Document
from trunkline.formats.format import Format, Place, ShapeError
from trunkline.formats.losses import CannotCarry, Losses
from trunkline.gateway.fronts import Front
from trunkline.gateway.state import Journey
from trunkline.guard.glance import strings

if TYPE_CHECKING:
    from trunkline.gateway.guarding import Guarding

REMEMBERED: Final = 1000
"""Beginnings of requests for which it is remembered what policies put in."""
LONGEST: Final = 32 * 1024
"""Bytes of one."""
THE_REST: Final = "\u2063the rest\u2063"
_INSTRUCTIONS: Final = ("system", "developer")  # no set: what a request has there may be anything


class Turns(msgspec.Struct, frozen=True):
    """Where a format has its conversation."""

    field: str
    one: dict[str, Any]
    """A message that says `THE_REST`."""
    needed: frozenset[str]
    """The fields that say how a request begins."""


_SAID: Final = {"role": "user", "content": THE_REST}
TURNS: Final[dict[str, Turns]] = {
    "openai_chat": Turns("messages", _SAID, frozenset({"model"})),
    "openai_responses": Turns("input", _SAID, frozenset({"model", "instructions"})),
    "anthropic_messages": Turns("messages", _SAID, frozenset({"model", "system", "max_tokens"})),
    "google_generate": Turns(
        "contents",
        {"role": "user", "parts": [{"text": THE_REST}]},
        frozenset({"systemInstruction", "system_instruction"}),
    ),
    "bedrock_converse": Turns("messages", {"role": "user", "content": [{"text": THE_REST}]}, frozenset({"system"})),
}


class PutIn(msgspec.Struct, frozen=True):
    """What policies make of a request's beginning and end."""

    changes: Mapping[str, object]
    """Of its fields; None takes one out."""
    before: list[Any] | None = None
    """In place of the instructions that its conversation begins with; None: the conversation stays as it is."""
    after: list[Any] = []


Memory = dict[tuple[frozenset[str], str, Place, bytes], PutIn | None]
_encode = msgspec.json.Encoder().encode


def glance(journey: Journey, guarding: "Guarding") -> bool:
    """Whether the request, with what its policies put in, is ready to be sent. False: nothing has happened to it, and
    it has to be looked at in full.
    """
    front, document = journey.front, journey.document
    found = strings(document.value, front.format.name)
    if found is None or not all(each.policy.passes(found) for each in guarding.held):
        return False
    if guarding.injects:
        if not lay_around(document, front, guarding, journey.snapshot.guards.put_in):
            return False
        journey.reworded()
        if guarding.forces:
            journey.asked = front.format.look(document.value, front.place, 0)
        journey.asked.size = len(document.write())
    return True


def lay_around(document: Document, front: Front, guarding: "Guarding", memory: Memory) -> bool:
    """Put into a request what its policies do. False: that takes the long way, and nothing has happened to it."""
    turns = TURNS.get(front.format.name)
    said = document.value.get(turns.field) if turns is not None else None
    if turns is None or type(said) is not list or not said:
        return False
    first = _first_of_others(said)
    beginning = {**document.value} if guarding.forces else _needed(document.value, turns)
    beginning[turns.field] = [*said[:first], turns.one]
    put_in = _put_in(front, guarding, turns, beginning, memory)
    if put_in is None:
        return False
    changes = dict(put_in.changes)
    if put_in.before is not None:
        changes[turns.field] = [*put_in.before, *said[first:], *put_in.after]
    document.change(changes)
    return True


def _needed(value: dict[str, Any], turns: Turns) -> dict[str, Any]:
    return {name: value[name] for name in turns.needed if name in value}


def _first_of_others(said: list[Any]) -> int:
    """The number of the first message that is no instruction."""
    number = 0
    for each in said:
        if type(each) is not dict or each.get("role") not in _INSTRUCTIONS:
            break
        number += 1
    return number


def _put_in(
    front: Front, guarding: "Guarding", turns: Turns, beginning: dict[str, Any], memory: Memory
) -> PutIn | None:
    """What the policies put into requests that begin like this one; None where that takes the long way."""
    encoded = _encode(beginning)
    if len(encoded) > LONGEST:
        return _worked_out(front, guarding, turns, beginning)
    key = (guarding.names, front.format.name, front.place, encoded)
    if key in memory:
        return memory[key]
    if len(memory) >= REMEMBERED:
        memory.clear()
    found = memory[key] = _worked_out(front, guarding, turns, beginning)
    return found


def _worked_out(front: Front, guarding: "Guarding", turns: Turns, beginning: dict[str, Any]) -> PutIn | None:
    try:
        request = front.format.read_request(beginning, front.place)
        changes, exact = rewording(front.format, beginning, request, guarding.injected(request))
    except (ShapeError, CannotCarry):
        return None
    if not exact:
        return None
    said = changes.pop(turns.field, None)
    if said is None:
        return PutIn(changes)
    if type(said) is not list or said.count(turns.one) != 1:
        return None
    place = said.index(turns.one)
    return PutIn(changes, said[:place], said[place + 1 :])


def rewording(spoken: Format, value: Mapping[str, Any], before: Neutral, after: Neutral) -> tuple[dict[str, Any], bool]:
    """The fields of a document to be changed so that it says `after` in place of `before`, None taking one out; and
    whether nothing else changes by that: the format would have written these fields as they were. Raises `CannotCarry`.
    """
    old, new = (spoken.write_request(each, PLAIN, Losses()) for each in (before, after))
    changes = {name: new.get(name) for name in (*old, *new) if old.get(name) != new.get(name)}
    return changes, all(value.get(name) == old.get(name) for name in changes)
