"""Law d: every answer, written in every other format, validates there, and that format's SDK hears the same in it."""

import json
import zlib
from collections.abc import Iterator
from typing import Any

import msgspec
from tests.recorded.ears import Ears
from tests.recorded.exchanges import Exchange
from tests.recorded.laws.answers import LIMIT
from tests.recorded.laws.board import Failure
from tests.recorded.laws.expected import ONE_CHOICE, WORDS_ONLY, countable, counts, stop_words
from tests.recorded.plain.formats import PLAIN_READERS
from tests.recorded.plain.frames import events
from tests.recorded.plain.said import Answer, Call, Heard
from tests.recorded.published.descriptions import event_check, reply_check

from trunkline.formats.conversation import Event, Request
from trunkline.formats.dialect import PLAIN
from trunkline.formats.format import Format, Place
from trunkline.formats.losses import Losses

Problem = tuple[str, str, str]
"""Check, cause, detail."""
SHORTEST: dict[str, dict[str, Any]] = {
    "openai_chat": {"model": "m", "messages": [{"role": "user", "content": "?"}]},
    "openai_completions": {"model": "m", "prompt": "?"},
    "openai_responses": {"model": "m", "input": "?"},
    "anthropic_messages": {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "?"}]},
    "google_generate": {"contents": [{"role": "user", "parts": [{"text": "?"}]}]},
    "bedrock_converse": {"messages": [{"role": "user", "content": [{"text": "?"}]}]},
}
"""A request in each format, for a client whose own cannot be known."""
LONG = 6_000
"""Bytes of a stream from which on one SDK in `FEW` hears it, and a plain reader for the others: SDKs are slow."""
FEW = 4


def heard(exchange: Exchange, formats: dict[str, Format], ears: Ears) -> Iterator[tuple[str, list[Failure]]]:
    """What every other format's client makes of the recorded answer, target by target."""
    plain = PLAIN_READERS[exchange.format]
    answers: list[tuple[Answer, dict[str, Any] | None]] = [(plain.reply(one), one) for one in exchange.replies]
    if exchange.stream:
        answers.append((plain.stream(exchange.stream), None))
    read: list[Event] = []
    if exchange.stream:
        reader = formats[exchange.format].reader(exchange.dialect, LIMIT)
        read = [*reader.feed(exchange.stream), *reader.close()]
    for expected, reply in answers:
        if expected.failed or not expected.choices:
            continue
        for target in formats.values():
            if target.name == exchange.format or (
                target.name in WORDS_ONLY and any(choice.calls for choice in expected.choices.values())
            ):
                continue
            trial = _Trial(exchange, formats[exchange.format], target, ears, read)
            yield (
                target.name,
                [Failure("d", exchange.name, target.name, *problem) for problem in trial.problems(expected, reply)],
            )


class _Trial:
    """One answer for one target."""

    def __init__(self, exchange: Exchange, source: Format, target: Format, ears: Ears, read: list[Event]) -> None:
        self._exchange, self._source, self._target, self._ears = exchange, source, target, ears
        self._events = read
        self._parses_what_is_cut = False

    def problems(self, expected: Answer, reply: dict[str, Any] | None) -> Iterator[Problem]:
        """What is wrong with what was written and with what is heard."""
        try:
            invalid = self._write_stream() if reply is None else self._write_reply(reply)
        except Exception as error:
            yield "write", f"raises {type(error).__name__}", str(error)
            return
        if invalid:
            yield "schema", _without_numbers(invalid)[:160], invalid[:300]
        self._parses_what_is_cut = reply is None and self._target.name == "anthropic_messages"
        try:
            said = self._hear(streamed=reply is None)
        except Exception as error:
            yield "sdk", f"raises {type(error).__name__}", str(error)[:300]
            return
        yield from self._compare(expected, said)

    def _hear(self, *, streamed: bool) -> Answer:
        """What the target's SDK understands of what the server has."""
        client, body = self._ears.clients[self._target.name], self._ears.server.body
        if not streamed:
            return client.whole()
        if len(body) < LONG or zlib.crc32(f"{self._exchange.name} {self._target.name}".encode()) % FEW == 0:
            return client.stream()
        return PLAIN_READERS[self._target.name].stream(body)

    def _write_reply(self, reply: dict[str, Any]) -> str | None:
        read = self._source.read_reply(json.loads(json.dumps(reply)), self._exchange.dialect)
        server = self._ears.server
        server.body = msgspec.json.encode(self._target.write_reply(read, self._request(stream=False)))
        server.media_type = "application/json"
        return reply_check(self._target.name)(json.loads(server.body))

    def _write_stream(self) -> str | None:
        writer = self._target.writer(self._request(stream=True))
        server = self._ears.server
        server.body = b"".join([*map(writer.feed, self._events), writer.end()])
        server.media_type = self._target.stream_type.decode()
        check = event_check(self._target.name)
        for frame in events(server.body, self._target.name):
            value = {frame.name: frame.payload} if self._target.name == "bedrock_converse" else frame.payload
            if (found := check(value)) is not None:
                return f"{frame.name or 'event'}: {found}"
        return None

    def _request(self, *, stream: bool) -> Request:
        """What a client of the target has asked: the recorded request in its words, as far as it has any."""
        place = Place(model="a-model", stream=stream)
        document = json.loads(json.dumps(SHORTEST[self._target.name]))
        if self._exchange.request is not None and self._target.name not in WORDS_ONLY:
            try:
                asked = self._source.read_request(json.loads(json.dumps(self._exchange.request)), self._exchange.place)
                document = self._target.write_request(asked, PLAIN, Losses(drop_all=True))
            except Exception:  # laws a and c tell
                pass
        request = self._target.read_request(document, place)
        request.stream = stream
        request.stream_usage = stream or None
        return request

    def _compare(self, expected: Answer, said: Answer) -> Iterator[Problem]:
        wanted = expected.choices
        if self._target.name in ONE_CHOICE:
            wanted = {0: wanted[min(wanted)]}
        if set(said.choices) != set(wanted) and any(wanted[index] != Heard() for index in wanted):
            yield "choices", "other choices are heard", f"{sorted(said.choices)}, not {sorted(wanted)}"
        for index, right in wanted.items():
            yield from self._compare_choice(right, said.choice(index))
        reported = counts(self._exchange.format, expected.usage, self._exchange.dialect)
        usage = counts(self._target.name, said.usage, PLAIN)
        if reported is not None and countable(usage, self._target.name) != countable(reported, self._target.name):
            yield "usage", "another usage is heard", f"{usage}, not {reported}"

    def _compare_choice(self, right: Heard, said: Heard) -> Iterator[Problem]:
        if said.text not in (right.text, right.text + right.spoken):
            yield "text", "another text is heard", f"{said.text[:150]!r}, not {right.text[:150]!r}"
        same = _same_cut_call if self._parses_what_is_cut else _same_call
        if len(said.calls) != len(right.calls) or not all(map(same, said.calls, right.calls)):
            yield "calls", "other calls are heard", f"{str(said.calls)[:200]}, not {str(right.calls)[:200]}"
        if said.ids and ("" in said.ids or len(set(said.ids)) < len(said.calls)):
            yield "calls", "calls cannot be told apart", str(said.ids)
        words = stop_words(self._exchange.format, right, self._target.name)
        if words is not None and said.stop not in words:
            yield "stop", f"{right.stop} is heard as {said.stop}", f"not {words}"
        if self._target.name not in WORDS_ONLY and "".join(said.reasoning.split()) != "".join(right.reasoning.split()):
            detail = f"{said.reasoning[:100]!r}, not {right.reasoning[:100]!r}"
            yield "reasoning", "another reasoning is heard", detail


def _same_call(said: Call, right: Call) -> bool:
    """Arguments that were cut are no JSON: formats that want an object hold their text somewhere in one."""
    if said.name != right.name:
        return False
    cut = isinstance(right.arguments, str) and isinstance(said.arguments, dict)
    return right.arguments in said.arguments.values() if cut else bool(said.arguments == right.arguments)


def _same_cut_call(said: Call, right: Call) -> bool:
    """Anthropic's SDK parses the arguments of a stream as they come: as far as they go, where they are cut."""
    if isinstance(right.arguments, str) and isinstance(said.arguments, dict):
        return said.name == right.name and all(str(value) in right.arguments for value in said.arguments.values())
    return _same_call(said, right)


def _without_numbers(path: str) -> str:
    return "".join(character for character in path if not character.isdigit())
