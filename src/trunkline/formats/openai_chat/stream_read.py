"""A stream of chunks into neutral events.

Each chunk is one event. What is understood is taken out of the chunk, and the rest of it is the event's extras.
"""

from typing import Any

import msgspec

from trunkline.formats.conversation import Citation, Delta, Event, FormatName, Text
from trunkline.formats.dialect import Dialect
from trunkline.formats.format import StreamError
from trunkline.formats.openai_chat.beside import sources_of
from trunkline.formats.openai_chat.delta_read import Begun, Pieces, read_delta
from trunkline.formats.openai_chat.frame import failure_in, read_odd, read_usage
from trunkline.formats.openai_chat.logprobs import take_logprobs
from trunkline.formats.openai_chat.reply_read import take_stop
from trunkline.formats.openai_chat.scanner import DONE
from trunkline.formats.openai_chat.surrogates import Mender
from trunkline.formats.openai_chat.words import NAME
from trunkline.formats.sse import Splitter, data_of

Fields = dict[str, Any]
_decode = msgspec.json.Decoder().decode


class Reader:
    """Reads the stream of a provider with one dialect."""

    name: FormatName = NAME
    __slots__ = ("_choices", "_cited", "_dialect", "_done", "_mender", "_seed", "_splitter", "_started", "_stopped")

    def __init__(self, dialect: Dialect, limit: int) -> None:
        self._dialect = dialect
        self._splitter = Splitter(limit)
        self._choices: dict[int, Begun] = {}
        self._mender = Mender()
        self._seed = ""
        self._started = False
        self._done = False
        self._stopped: set[int] = set()
        self._cited: set[str] = set()
        """Addresses of the sources that have been told: Perplexity says them with every chunk."""

    def feed(self, data: bytes) -> list[Event]:
        """The events that `data` completes; comments are none. Raises `StreamError`."""
        try:
            events = self._splitter.feed(data)
        except ValueError as error:
            raise StreamError(str(error)) from None
        return [read for event in events if (read := self._read_event(event)) is not None]

    def close(self) -> list[Event]:
        """What was left without the last blank line, if that is a whole event."""
        rest = self._splitter.rest().rstrip(b"\r\n")
        payload = data_of(rest + b"\n\n") if rest else None
        if not payload:
            return []
        if not payload.startswith(DONE):
            try:
                self._decode(payload)
            except ValueError:
                return []
        return self.feed(b"\n\n")

    def complete(self) -> bool:
        """Whether the stream so far was whole."""
        if self._done:
            return True
        return self._dialect.ending == "finish" and bool(self._choices) and self._stopped >= self._choices.keys()

    def _read_event(self, event: bytes) -> Event | None:
        payload = data_of(event)
        if not payload or self._done:
            return None
        if payload.startswith(DONE):
            self._done = True
            return Event(ends=True, extras={self.name: {}})
        try:
            chunk = self._decode(payload)
        except ValueError as error:
            raise StreamError(f"an event of the stream is not a JSON chunk: {error}") from None
        kind = event[6:].splitlines()[0].strip().decode(errors="replace") if event.startswith(b"event:") else ""
        failure = failure_in(chunk, named=kind == "error") if chunk.get("choices") is None else None
        read = self.read_chunk(chunk)
        read.kind = kind
        if read.error is None:
            read.error = failure
        return read

    def _decode(self, payload: bytes) -> Fields:
        try:
            chunk = _decode(payload)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return self._mender.mended(read_odd(payload))
        except RecursionError:
            raise ValueError("it is nested too deeply") from None
        if type(chunk) is not dict:
            raise ValueError("it is not an object")
        return chunk

    def read_chunk(self, chunk: Fields) -> Event:
        """One chunk, of which what is understood is taken out."""
        event = Event(starts=not self._started, extras={self.name: chunk})
        self._started = True
        for name in ("id", "model", "service_tier"):
            value = chunk.get(name)
            if type(value) is str and value:
                setattr(event, name, value)
                del chunk[name]
        if type(chunk.get("created")) is int and chunk["created"]:
            event.created = chunk.pop("created")
        self._seed = self._seed or event.id or (f"{event.model}/{event.created}" if event.created else "")
        if chunk.get("usage"):
            event.usage = read_usage(chunk["usage"], reasoning_apart=self._dialect.output_excludes_reasoning)
            if event.usage is not None:
                event.reported = chunk.pop("usage")
        elif "x_groq" in chunk and isinstance(chunk["x_groq"], dict):
            event.usage = read_usage(chunk["x_groq"].get("usage"))
            event.spelling = {"usage": "x_groq"}
        if chunk.get("error"):
            event.error = chunk.pop("error")
        choices = chunk.get("choices")
        if type(choices) is list:
            for number, choice in enumerate(choices):
                if type(choice) is dict:
                    self._read_choice(choice, number, event)
        if sources := sources_of(chunk):
            self._cite(sources, event)
        return event

    def _cite(self, sources: list[Citation], event: Event) -> None:
        """Give the sources of the answer to the texts that have begun."""
        new = [source for source in sources if source.url not in self._cited]
        for index, state in self._choices.items() if new else ():
            if (part := state.parts.get("text")) is not None:
                event.deltas.append(Delta(choice=index, part=part, piece=Text(citations=list(new))))
                self._cited.update(source.url for source in new)

    def _read_choice(self, choice: Fields, number: int, event: Event) -> None:
        index = choice.get("index")
        if type(index) is not int:
            index = number
        state = self._choices.get(index)
        if state is None:
            state = self._choices[index] = Begun()
        before = len(event.deltas)
        self.read_pieces(choice, Pieces(state, index, event.deltas, self._seed))
        if choice.get("logprobs"):
            _read_logprobs(choice, state, index, event.deltas, before)
        if choice.get("finish_reason"):
            stop = take_stop(choice)
            if stop is not None:
                event.stops[index] = stop
                self._stopped.add(index)

    def read_pieces(self, choice: Fields, to: Pieces) -> None:
        """What a choice of a chunk adds."""
        delta = choice.get("delta")
        if type(delta) is dict and delta:
            read_delta(delta, to)


def _read_logprobs(choice: Fields, state: Begun, index: int, deltas: list[Delta], before: int) -> None:
    logprobs = take_logprobs(choice)
    if logprobs is None:
        return
    text = next((delta for delta in deltas[before:] if isinstance(delta.piece, Text)), None)
    if text is None:
        text = Delta(choice=index, part=state.parts.get("text", state.count))
        deltas.append(text)
    text.logprobs = logprobs


def reader(dialect: Dialect, limit: int) -> Reader:
    """Reads a stream; `limit` bounds one event, in bytes."""
    return Reader(dialect, limit)
