"""Takes out of a transcript what must not be kept. Takes some time: for a worker thread.

The request and the answer are read as the guard reads them, so that nothing is missed that it would find: texts that a
stream has in pieces, arguments of calls, files in base64. What cannot be read is not kept.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from trunkline.formats.conversation import Reply, Request
from trunkline.formats.dialect import PLAIN
from trunkline.formats.folding import fold
from trunkline.formats.format import Format, Place
from trunkline.formats.losses import CannotCarry, Losses
from trunkline.gateway.judging import read_reply
from trunkline.guard import glance
from trunkline.guard.screen import Screen
from trunkline.guard.texts import pieces, with_edits
from trunkline.guard.values import Piece
from trunkline.kept.transcript import Said

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


def redacted(said: Said, spoken: Format, place: Place, screens: Sequence[Screen]) -> Said:
    """`said` without what `screens` find; without input and output where that cannot be made sure of."""
    changes: dict[str, Any] = {name: _text(getattr(said, name), screens) for name in ("message", "label", "path")}
    changes["tags"] = _encode(_everything(_decode(said.tags), screens)).decode() if said.tags else ""
    try:
        request, changes["input"] = _input(said.input, spoken, place, screens)
        if said.output:
            changes["output"] = _output(said, request, spoken, screens)
            changes["streamed"] = False
    except (ValueError, msgspec.DecodeError, CannotCarry):  # it has another shape than the format knows
        changes |= {"input": b"", "output": b"", "withheld": True}
    return msgspec.structs.replace(said, redacted=True, **changes)


def _input(body: bytes, spoken: Format, place: Place, screens: Sequence[Screen]) -> tuple[Request, bytes]:
    request = spoken.read_request(_decode(body), place)
    for screen in screens:
        request = with_edits(request, screen.screen(pieces(request)).edits)
    document = spoken.write_request(request, PLAIN, Losses())
    said = glance.PLAIN[spoken.name].conversation
    beside = {name: _everything(it, screens) for name, it in document.items() if name not in said}
    return request, _encode({**document, **beside})  # what is beside it is not sent from here: credentials go, too


def _output(said: Said, request: Request, spoken: Format, screens: Sequence[Screen]) -> bytes:
    reply = _streamed(said, spoken) if said.streamed else read_reply(spoken, said.output)
    for screen in screens:
        reply = with_edits(reply, screen.screen(pieces(reply)).edits)
    return _encode(spoken.write_reply(reply, request))


def _streamed(said: Said, spoken: Format) -> Reply:
    reader = spoken.reader(PLAIN, len(said.output) + 1)
    events = list(reader.feed(said.output))
    return fold([*events, *reader.close()] if said.whole else events, spoken.name)


def _everything(value: Any, screens: Sequence[Screen]) -> Any:
    """Every text in a value of JSON."""
    match value:
        case str():
            return _text(value, screens)
        case dict():
            return {_text(name, screens): _everything(it, screens) for name, it in value.items()}
        case list():
            return [_everything(it, screens) for it in value]
        case _:
            return value


def _text(text: str, screens: Sequence[Screen]) -> str:
    for screen in screens:
        text = screen.screen([Piece("text", text, "user")]).edits.get("text", text)
    return text
