"""Whether a whole answer is one that can be handed on, where a better one may be had from somebody else.

By default any answer is the answer. It is looked at only where its route says what an empty one, a refusal or broken
JSON leads to, or where several models race for the first good answer.
"""

from typing import Final, Literal

import msgspec

from trunkline.formats.conversation import Reasoning, Refusal, Reply, Text, ToolCall
from trunkline.formats.dialect import PLAIN
from trunkline.formats.folding import fold
from trunkline.formats.format import Format
from trunkline.gateway.errors import UpstreamUnusable
from trunkline.routing.plan import Target

Reason = Literal["refused", "empty", "invalid"]
REASONS: Final[tuple[Reason, ...]] = ("refused", "empty", "invalid")

_decode = msgspec.json.Decoder().decode


def read_reply(spoken: Format, body: bytes) -> Reply:
    """A whole answer, in the format in which the client is to get it."""
    return spoken.read_reply(_decode(body), PLAIN)


def read_stream(spoken: Format, held: bytes) -> Reply:
    """The same of a stream that was held back."""
    reader = spoken.reader(PLAIN, len(held) + 1)
    return fold([*reader.feed(held), *reader.close()], spoken.name)


def judged(reply: Reply, picky: frozenset[Reason], target: Target, *, wants_json: bool) -> UpstreamUnusable | None:
    """Why `reply` is not to be handed on, of the reasons in `picky`; None if it is."""
    for reason, is_so, told in (
        ("empty", is_empty(reply), "an answer with nothing in it"),
        ("refused", _is_refused(reply), "a refusal"),
        ("invalid", wants_json and _is_broken_json(reply), "something that is not the JSON it was asked for"),
    ):
        if is_so and reason in picky:
            return UpstreamUnusable(f"{target} gave {told}.", reason)
    return None


def is_empty(reply: Reply) -> bool:
    """No choice has a word, a call or a refusal. What was cut off while the model was thinking is not empty."""
    return all(
        not any(_says_something(part) for part in choice.parts)
        and (choice.stop is None or choice.stop.reason in ("stop", "tool_calls"))
        for choice in reply.choices
    )


def _says_something(part: object) -> bool:
    match part:
        case Text():
            return bool(part.text.strip())
        case Reasoning():
            return False
        case _:
            return True


def _is_refused(reply: Reply) -> bool:
    return bool(reply.choices) and all(
        (choice.stop is not None and choice.stop.reason in ("filtered", "refused"))
        or any(isinstance(part, Refusal) for part in choice.parts)
        for choice in reply.choices
    )


def _is_broken_json(reply: Reply) -> bool:
    """JSON was due, and some choice that has text and calls nothing is none."""
    for choice in reply.choices:
        texts = [part.text for part in choice.parts if isinstance(part, Text)]
        if texts and not any(isinstance(part, ToolCall) for part in choice.parts):
            try:
                _decode("".join(texts))
            except msgspec.DecodeError:
                return True
    return False
