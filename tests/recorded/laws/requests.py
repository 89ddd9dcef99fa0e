"""Law a: a request is read and written back as it was, and a change of one neutral field changes exactly that."""

import json
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import msgspec
from tests.recorded.exchanges import Exchange
from tests.recorded.laws.board import Failure, Share
from tests.recorded.laws.diff import Difference, differences, leaf

from trunkline.formats.conversation import Foreign, ForeignTool, Node, Request, Text, Tool, ToolCall
from trunkline.formats.dialect import PLAIN, Dialect
from trunkline.formats.document import Document
from trunkline.formats.format import Format, ShapeError
from trunkline.formats.losses import CannotCarry, Losses

DEPTH = 200
ASKS_NO_USAGE = Dialect(stream_usage=False)
"""So that passing through adds nothing to a stream's options."""
_CAPS = frozenset({"max_tokens", "max_completion_tokens", "max_output_tokens", "maxOutputTokens", "maxTokens"})


def failures(exchange: Exchange, spoken: Format) -> Iterator[Failure]:
    """Where the recorded request breaks the law."""
    assert exchange.request is not None
    body = json.dumps(exchange.request).encode()
    checks: dict[str, Callable[[], str]] = {
        "pass": lambda: _passed(exchange, spoken, body),
        "translate": lambda: _translated(exchange, spoken, body),
    }
    if exchange.status < 400:
        for change in CHANGES:
            checks[change.name] = lambda change=change: _changed(exchange, spoken, body, change)  # type: ignore[misc]
    for name, check in checks.items():
        try:
            cause, _, detail = check().partition("\n")
        except ShapeError as error:
            if exchange.status >= 400:
                continue  # its provider has refused it, too
            cause, detail = f"unreadable: {error.code}", f"{error} {error.param}"
        except CannotCarry as error:
            cause, detail = "its own writer refuses it", f"{error} {error.param}"
        except Exception as error:
            cause, detail = f"raises {type(error).__name__}", str(error)
        if cause:
            yield Failure("a", exchange.name, spoken.name, name, cause, detail)


def _passed(exchange: Exchange, spoken: Format, body: bytes) -> str:
    document = Document(body, DEPTH)
    asked, losses = spoken.look(document.value, exchange.place, len(body)), Losses()
    sent = json.loads(spoken.edit(document, asked, asked.model, ASKS_NO_USAGE, losses))
    assert exchange.request is not None
    if asked.stream != bool(exchange.place.stream or exchange.request.get("stream")):
        return "asked.stream is not what was asked"
    another = json.loads(spoken.edit(document, asked, "another-model", ASKS_NO_USAGE, losses))
    if any(found.path != "model" for found in differences(sent, another)):
        return "another model changes more than that"
    if losses.dropped:
        return f"drops something\n{losses.dropped}"
    return _told(differences(exchange.request, sent))


def _translated(exchange: Exchange, spoken: Format, body: bytes) -> str:
    losses = Losses()
    written = spoken.write_request(spoken.read_request(json.loads(body), exchange.place), PLAIN, losses)
    if losses.dropped:
        return f"drops something\n{losses.dropped}"
    return _told(differences(exchange.request, _plain(written)))


def _told(found: list[Difference]) -> str:
    if not found:
        return ""
    return f"differs at {leaf(found[0].path) or 'the whole'}\n" + "; ".join(map(str, found[:3]))


def _plain(written: dict[str, Any]) -> Any:
    """As it goes over the wire."""
    return msgspec.json.decode(msgspec.json.encode(written))


# Changes


class Change(NamedTuple):
    """One neutral field, and what its change must be in the document."""

    name: str
    make: Callable[[Request], Any]
    """Changes a request; gives the value that must be found, None where there is nothing to change."""
    leaves: frozenset[str]
    """Names that the changed place may have; empty: any."""


def _change_text(request: Request) -> str | None:
    messages = [*([request.instructions] if request.instructions else []), *request.messages]
    texts = [part for message in messages for part in message.parts if isinstance(part, Text)]
    if not texts:
        return None
    texts[-1].text += " And now?"
    return texts[-1].text


def _change_tool(request: Request) -> str | None:
    tool = next((tool for tool in request.tools if isinstance(tool, Tool)), None)
    if tool is None:
        return None
    tool.description = "Something else altogether."
    return tool.description


def _change_temperature(request: Request) -> float:
    request.temperature = 0.125 if request.temperature != 0.125 else 0.25
    return request.temperature


def _change_cap(request: Request) -> int:
    request.max_output = 77 if request.max_output != 77 else 78
    return request.max_output


def _change_call(request: Request) -> str | None:
    calls = [part for message in request.messages for part in message.parts if isinstance(part, ToolCall)]
    if not calls:
        return None
    calls[-1].name += "_2"
    return calls[-1].name


CHANGES = [
    Change("text", _change_text, frozenset()),
    Change("tool", _change_tool, frozenset({"description"})),
    Change("temperature", _change_temperature, frozenset({"temperature"})),
    Change("cap", _change_cap, _CAPS),
    Change("call", _change_call, frozenset({"name"})),
]


def _changed(exchange: Exchange, spoken: Format, body: bytes, change: Change) -> str:
    request = spoken.read_request(json.loads(body), exchange.place)
    before = _plain(spoken.write_request(request, PLAIN, Losses()))
    changed = spoken.read_request(json.loads(body), exchange.place)
    value = change.make(changed)
    if value is None:
        return ""
    found = differences(before, _plain(spoken.write_request(changed, PLAIN, Losses())))
    if not found:
        return "the change is lost"
    if len(found) > 1:
        return "more than the one field changes\n" + "; ".join(map(str, found[:4]))
    only = found[0]
    if only.before is None and isinstance(only.after, dict) and len(only.after) == 1:  # null became an object
        only = differences({}, only.after, only.path)[0]
    if only.after != value or (change.leaves and leaf(only.path) not in change.leaves):
        return f"another field changes\n{only}"
    return ""


# What only extras hold


def weigh(exchange: Exchange, spoken: Format, share: Share) -> None:
    """Add the bytes of the recorded request, and of what the neutral types have no place for in it."""
    assert exchange.request is not None
    try:
        request = spoken.read_request(json.loads(json.dumps(exchange.request)), exchange.place)
    except Exception:  # the law has told
        return
    share.all += len(msgspec.json.encode(exchange.request))
    _weigh(request, share)


def _weigh(node: Any, share: Share) -> None:
    if isinstance(node, list):
        for one in node:
            _weigh(one, share)
    elif isinstance(node, Foreign | ForeignTool):
        share.foreign += len(msgspec.json.encode(node.value))
    elif isinstance(node, Node):
        share.extras += sum(len(msgspec.json.encode(fields)) - 2 for fields in node.extras.values() if fields)
        for name in node.__struct_fields__:
            if name not in ("extras", "spelling"):
                _weigh(getattr(node, name), share)
