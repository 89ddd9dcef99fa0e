"""Law b: a reply or a stream is read and written back as it was, however its bytes are cut, and says the same whole,
folded, or looked at as it passes.
"""

import contextlib
import itertools
import json
import random
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
from tests.recorded.exchanges import Exchange
from tests.recorded.laws.board import Failure
from tests.recorded.laws.diff import differences, leaf
from tests.recorded.laws.expected import counts
from tests.recorded.plain.formats import PLAIN_READERS
from tests.recorded.plain.frames import Frame, events
from tests.recorded.plain.said import Answer, Call, arguments

from trunkline.formats.conversation import Event, Reasoning, Refusal, Reply, Request, Text, ToolCall, Usage
from trunkline.formats.folding import carries_output, fold
from trunkline.formats.format import Asked, Format, StreamError

LIMIT = 64 * 1024 * 1024
EXHAUSTIVE = 700
"""Bytes up to which a stream is cut at every place."""
SAMPLE = 4
"""Ways in which a larger one is cut, in up to `PIECES` pieces each, besides one in which every byte comes alone."""
PIECES = 40
BYTEWISE = 20_000


Wholes = dict[str, list[dict[str, Any]]]
"""Whole replies by what was asked for, whether as a stream or not."""


def wholes(recorded: list[Exchange]) -> Wholes:
    """The whole replies of a provider, for streams of the same request to be compared with."""
    found: Wholes = {}
    for exchange in recorded:
        found.setdefault(_asked_for(exchange), []).extend(exchange.replies)
    return found


_ANSWER = {"openai_chat": "choices", "openai_completions": "choices", "openai_responses": "output"}
"""The field without which there is no answer."""


def is_nothing(document: dict[str, Any], format_name: str) -> bool:
    """Whether it is neither an answer nor an error: nobody reads it, clients are told that it is invalid."""
    field = _ANSWER.get(format_name)
    return field is not None and field not in document and not PLAIN_READERS[format_name].reply(document).failed


def _asked_for(exchange: Exchange) -> str:
    said = {name: value for name, value in (exchange.request or {}).items() if name not in ("stream", "stream_options")}
    return json.dumps([exchange.format, exchange.place.model, said or exchange.name], sort_keys=True)


def failures(exchange: Exchange, spoken: Format, whole: Wholes) -> Iterator[Failure]:
    """Where the recorded answer breaks the law."""
    checks: dict[str, Callable[[], str]] = {}
    if exchange.stream:
        follow = _Followed(exchange, spoken, whole.get(_asked_for(exchange), []))
        for name in ("stream", "fold", "twice", "usage", "split", "scanner"):
            checks[name] = getattr(follow, name)
    for number, reply in enumerate(exchange.replies):
        if is_nothing(reply, spoken.name):
            continue
        answered = _Replied(exchange, spoken, reply)
        for name in ("refused",) if answered.failed else ("reply", "says", "usage", "looked"):
            checks[f"{name} {number}" if number else name] = getattr(answered, name)
    for name, check in checks.items():
        try:
            cause, _, detail = check().partition("\n")
        except Exception as error:
            cause, detail = f"raises {type(error).__name__}", str(error)
        if cause:
            yield Failure("b", exchange.name, spoken.name, name, cause, detail)


def client_request(exchange: Exchange, spoken: Format, *, stream: bool) -> Request:
    """What the client is taken to have asked: the recorded request where it can be read, with usage in streams."""
    request = Request(format=spoken.name, model="a-model")
    if exchange.request is not None:
        with contextlib.suppress(ValueError):  # law a tells
            request = spoken.read_request(json.loads(json.dumps(exchange.request)), exchange.place)
    request.stream = stream
    request.stream_usage = stream or None
    return request


class _Replied:
    """A whole reply."""

    def __init__(self, exchange: Exchange, spoken: Format, document: dict[str, Any]) -> None:
        self._exchange, self._spoken, self._document = exchange, spoken, document
        self._plain = PLAIN_READERS[spoken.name].reply(document)

    def _read(self) -> Reply:
        return self._spoken.read_reply(json.loads(json.dumps(self._document)), self._exchange.dialect)

    @property
    def failed(self) -> bool:
        """Whether it is an error, and no answer, in spite of its status."""
        return self._plain.failed and not self._plain.choices

    def refused(self) -> str:
        """An error is not read as an answer, and a glance sees that it is one."""
        with contextlib.suppress(ValueError):
            self._read()
            return "an error is read as an answer"
        facts = self._spoken.look_reply(json.dumps(self._document).encode())
        return "" if facts.error else "a glance sees no error"

    def reply(self) -> str:
        """Written back as it was."""
        request = client_request(self._exchange, self._spoken, stream=False)
        written = msgspec.json.decode(msgspec.json.encode(self._spoken.write_reply(self._read(), request)))
        found = differences(self._document, written)
        return f"differs at {leaf(found[0].path)}\n" + "; ".join(map(str, found[:3])) if found else ""

    def says(self) -> str:
        """What was read is what a plain reader finds."""
        return _compare(heard_in(self._read()), self._plain)

    def usage(self) -> str:
        """Counted as the expectations say."""
        return _compare_usage(self._read(), self._plain, self._exchange)

    def looked(self) -> str:
        """A glance sees the same."""
        read, facts = self._read(), self._spoken.look_reply(json.dumps(self._document).encode())
        said = read.choices[0].stop.said if read.choices and read.choices[0].stop else ""
        if bool(facts.error) != self._plain.failed:
            return f"a glance sees another error\n{facts.error}"
        if _with_dialect(facts.usage, self._exchange) != _with_dialect(read.usage, self._exchange):
            return f"a glance sees other usage\n{facts.usage} {read.usage}"
        if facts.finish != said:
            return f"a glance sees another finish\n{facts.finish!r} {said!r}"
        return "" if facts.choices == len(read.choices) else f"a glance sees {facts.choices} choices"


def _with_dialect(usage: Any, exchange: Exchange) -> Any:
    """`look_reply` knows no dialect: where that counts otherwise, only the input is compared."""
    return usage and (usage.input if exchange.dialect.output_excludes_reasoning else usage)


def _tokens(usage: Usage | None) -> Usage | None:
    """The counts of tokens alone."""
    return msgspec.structs.replace(usage, details=None) if usage is not None else None


class _Followed:
    """A stream."""

    def __init__(self, exchange: Exchange, spoken: Format, whole: list[dict[str, Any]]) -> None:
        self._exchange, self._spoken, self._data, self._whole = exchange, spoken, exchange.stream, whole
        self._plain = PLAIN_READERS[spoken.name].stream(exchange.stream)
        reader = spoken.reader(exchange.dialect, LIMIT)
        self._events = [*reader.feed(self._data), *reader.close()]
        self._complete = reader.complete()

    def stream(self) -> str:
        """Written back as it was."""
        request = client_request(self._exchange, self._spoken, stream=True)
        writer = self._spoken.writer(request)
        written = b"".join([*map(writer.feed, self._events), writer.end()])
        frames = events(self._data, self._spoken.name)
        before = [frame.payload for frame in frames]
        after = [frame.payload for frame in events(written, self._spoken.name)]
        if self._plain.failed:
            before = before[: next((number for number, frame in enumerate(frames) if _is_error(frame)), len(frames))]
            after = after[: len(before)]
            if not any(event.error for event in self._events):
                return "an error event is not seen"
        found = differences(before, after)
        return f"differs at {leaf(found[0].path)}\n" + "; ".join(map(str, found[:3])) if found else ""

    def fold(self) -> str:
        """All events together say what a plain reader finds, and the whole reply that the stream itself may hold."""
        folded = fold(self._events, self._spoken.name)
        apart = "" if self._plain.failed else _compare(heard_in(folded), self._plain)
        last = self._events[-1] if self._events else None
        if apart or self._spoken.name != "openai_responses" or last is None or self._plain.failed:
            return apart
        said = [frame.payload for frame in events(self._data, self._spoken.name)]
        ends = [payload for payload in said if "response" in payload]
        if "output" not in ends[-1]["response"] or "response" not in said[0]:  # left out, or only what was missed
            return ""
        whole = self._spoken.read_reply(ends[-1]["response"], self._exchange.dialect)
        return _compare(heard_in(folded), heard_in(whole))

    def twice(self) -> str:
        """A whole reply that the same request was given once is, if it says the same, of the same parts."""
        for document in self._whole:
            plain = PLAIN_READERS[self._spoken.name].reply(document)
            if plain.choices and plain.choices == self._plain.choices:
                read = self._spoken.read_reply(json.loads(json.dumps(document)), self._exchange.dialect)
                pair = _parts(fold(self._events, self._spoken.name)), _parts(read)
                if pair[0] != pair[1]:
                    return (
                        f"folded, it is of other parts than the whole reply\n{str(pair[0])[:200]} {str(pair[1])[:200]}"
                    )
        return ""

    def usage(self) -> str:
        """Counted as the expectations say."""
        return _compare_usage(fold(self._events, self._spoken.name), self._plain, self._exchange)

    def split(self) -> str:
        """However it is cut, the same is read."""
        for pieces in cuts(self._data, self._exchange.name):
            reader = self._spoken.reader(self._exchange.dialect, LIMIT)
            read: list[Event] = []
            for piece in pieces:
                read += reader.feed(piece)
            read += reader.close()
            if read != self._events or reader.complete() != self._complete:
                return f"other events when cut\nin {len(pieces)} pieces, the first of {len(pieces[0])} bytes"
        return ""

    def scanner(self) -> str:
        """Who only looks sees the same, and hands on the same bytes."""
        asked = Asked("", True, {}, True, max(1, len(self._plain.choices)), None, 0)
        scanner = self._spoken.scanner(asked, self._exchange.dialect, LIMIT)
        try:
            handed = scanner.feed(self._data) + scanner.close()
        except StreamError as error:
            return f"a scanner refuses it\n{error}"
        stops = [stop.said for event in self._events for stop in event.stops.values()]
        usage = [event.usage for event in self._events if event.usage is not None]
        failed = any(event.error for event in self._events)
        if bool(scanner.error) != failed:
            return f"a scanner sees another error\n{scanner.error}"
        rest = self._data[len(handed) :] if scanner.done else b""
        if not failed and (handed + rest).rstrip(b"\r\n") != self._data.rstrip(b"\r\n"):
            return f"a scanner changes bytes\n{len(handed)} of {len(self._data)}"
        if rest and events(rest, self._spoken.name):
            return f"a scanner leaves events out\n{rest[:100]!r}"
        facts = {
            "started": (scanner.started, any(map(carries_output, self._events))),
            "finish": (scanner.finish, next(filter(None, stops), "")),
            "usage": (scanner.usage, usage[-1] if usage else None),
            "complete": (scanner.complete(), self._complete),
        }
        unlike = {name: pair for name, pair in facts.items() if pair[0] != pair[1] and not failed}
        return f"a scanner sees other {', '.join(unlike)}\n{unlike}" if unlike else ""


def _is_error(frame: Frame) -> bool:
    payload = frame.payload
    return frame.name.endswith("Exception") or (
        isinstance(payload, dict)
        and bool(
            payload.get("error")
            or payload.get("type") in ("error", "response.failed")
            or payload.get("object") == "error"
        )
    )


def cuts(data: bytes, seed: str) -> Iterator[list[bytes]]:
    """Ways to cut a stream: all in two where it is small, else some in many; and every byte alone."""
    if len(data) <= EXHAUSTIVE:
        for place in range(1, len(data)):
            yield [data[:place], data[place:]]
    else:
        dice = random.Random(seed)
        for _ in range(SAMPLE):
            places = sorted(dice.sample(range(1, len(data)), min(PIECES, len(data) - 1)))
            yield [data[start:end] for start, end in itertools.pairwise([0, *places, len(data)])]
    if len(data) <= BYTEWISE:
        yield [data[place : place + 1] for place in range(len(data))]


# Comparing with the plain readers


def heard_in(reply: Reply) -> Answer:
    """What the neutral reply says, for comparing."""
    answer = Answer()
    for choice in reply.choices:
        heard = answer.choice(choice.index)
        heard.stop = choice.stop.said if choice.stop else ""
        for part in choice.parts:
            match part:
                case Text() | Refusal():
                    heard.text += part.text
                case Reasoning():
                    heard.reasoning += part.text or "".join(part.summary)
                case ToolCall():
                    heard.calls.append(Call(part.name, arguments(part.arguments)))
                case _:
                    pass
    return answer


def _parts(reply: Reply) -> list[Any]:
    """What parts a reply is of, and why it ended: without ids, and neighbours of a kind put together."""
    found: list[Any] = []
    for choice in reply.choices:
        found.append(choice.stop and (choice.stop.reason, choice.stop.said))
        for part in choice.parts:
            said = arguments(part.arguments) if isinstance(part, ToolCall) else getattr(part, "text", "")
            if isinstance(part, Text) and not said:
                continue
            if isinstance(part, Text | Reasoning) and isinstance(found[-1], list) and found[-1][0] is type(part):
                found[-1][1] += said
            else:
                found.append([type(part), said])
    return found


def _compare(read: Answer, plain: Answer) -> str:
    for index, expected in plain.choices.items():
        heard = read.choice(index)
        for name in ("text", "calls", "reasoning", "stop"):
            seen, right = getattr(heard, name), getattr(expected, name)
            if seen != right:
                return f"another {name} is read\nchoice {index}: {str(seen)[:150]!r}, not {str(right)[:150]!r}"
    return "" if len(read.choices) == len(plain.choices) else "other choices are read"


def _compare_usage(read: Reply, plain: Answer, exchange: Exchange) -> str:
    if plain.failed:
        return ""
    right = counts(exchange.format, plain.usage, exchange.dialect)
    told = _tokens(read.usage)
    return "" if told == right else f"another usage is read\n{told}, not {right}"
