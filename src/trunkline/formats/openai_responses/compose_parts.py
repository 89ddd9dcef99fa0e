"""The pieces of a response that is being written: a message and its words, a call, reasoning.

Each opens its item or its part with the first that it has to say, adds what comes, and closes with the whole.
"""

from typing import Any

import msgspec

from trunkline.formats.conversation import Citation, Foreign, Image, Logprob, Reasoning, ToolCall
from trunkline.formats.folding import add
from trunkline.formats.openai_responses.annotations import compose_citation, compose_logprob
from trunkline.formats.openai_responses.items_own import custom_input
from trunkline.formats.openai_responses.names import NAME, OUTPUT_TEXT, minted_id
from trunkline.formats.openai_responses.output import write_item
from trunkline.formats.openai_responses.reasoning import compose_encrypted

Fields = dict[str, Any]


class Stage:
    """Where the pieces are put together: the events so far, and the items by their place in the output."""

    __slots__ = ("_streams", "call_ids", "events", "items", "seed", "sequence")

    def __init__(self, *, streams: bool) -> None:
        """`streams`: somebody wants the events."""
        self._streams = streams
        self.events: list[Fields] = []
        self.items: list[Fields] = []
        self.sequence = 0
        self.seed = ""
        """What ids are made of."""
        self.call_ids: set[str] = set()

    def emit(self, kind: str, **fields: object) -> None:
        """One event more."""
        if self._streams:
            self.events.append({"type": kind, "sequence_number": self.sequence, **fields})
            self.sequence += 1

    def open(self, item: Fields) -> int:
        """Begin an item; its place in the output."""
        index = len(self.items)
        self.items.append(item)
        self.emit("response.output_item.added", output_index=index, item=item)
        return index

    def close(self, index: int, item: Fields) -> None:
        """End the item at `index`."""
        self.items[index] = item
        self.emit("response.output_item.done", output_index=index, item=item)

    def whole(self, item: Fields) -> None:
        """An item that comes all at once."""
        self.close(self.open(item), item)

    def minted(self, prefix: str) -> str:
        """An id for the next item."""
        return minted_id(prefix, self.seed, len(self.items))


class Message:
    """An item of the assistant's words."""

    __slots__ = ("content", "fields", "index", "stage")

    def __init__(self, stage: Stage, head: Fields) -> None:
        self.stage = stage
        self.content: list[Fields] = []
        self.fields: Fields = {"id": stage.minted("msg"), **head, "type": "message", "role": "assistant"}
        self.index = stage.open({**self.fields, "status": "in_progress", "content": []})

    def close(self, status: str) -> None:
        self.stage.close(self.index, {**self.fields, "status": status, "content": self.content})


class Words:
    """A text or a refusal in a message."""

    __slots__ = ("_at", "_citations", "_field", "_kind", "_logprobs", "_place", "_said", "message")

    def __init__(self, message: Message, *, refusal: bool) -> None:
        self.message = message
        self._kind, self._field = ("refusal", "refusal") if refusal else (OUTPUT_TEXT, "text")
        self._said: list[str] = []
        self._citations: list[Citation] = []
        self._logprobs: list[Logprob] = []
        self._place = len(message.content)
        message.content.append({})
        self._at: Fields = {
            "item_id": message.fields["id"],
            "output_index": message.index,
            "content_index": self._place,
        }
        message.stage.emit("response.content_part.added", **self._at, part=self._part("", []))

    def _part(self, said: str, annotations: list[Fields]) -> Fields:
        if self._kind == "refusal":
            return {"type": "refusal", "refusal": said}
        logprobs = [compose_logprob(logprob) for logprob in self._logprobs]
        return {"type": OUTPUT_TEXT, "text": said, "annotations": annotations, "logprobs": logprobs}

    def add(self, said: str, citations: list[Citation], logprobs: list[Logprob] | None) -> None:
        self._citations += citations
        fresh: Fields = {}
        if self._kind == OUTPUT_TEXT:
            self._logprobs += logprobs or ()
            fresh["logprobs"] = [compose_logprob(logprob) for logprob in logprobs or ()]
        if said:
            self._said.append(said)
            self.message.stage.emit(f"response.{self._kind}.delta", **self._at, delta=said, **fresh)

    def close(self) -> None:
        stage, said = self.message.stage, "".join(self._said)
        annotations = [compose_citation(citation, len(said)) for citation in self._citations]
        for number, annotation in enumerate(annotations):
            stage.emit(
                "response.output_text.annotation.added", **self._at, annotation_index=number, annotation=annotation
            )
        part = self._part(said, annotations)
        fresh = {} if self._kind == "refusal" else {"logprobs": part["logprobs"]}
        stage.emit(f"response.{self._kind}.done", **self._at, **{self._field: said}, **fresh)
        stage.emit("response.content_part.done", **self._at, part=part)
        self.message.content[self._place] = part


class Call:
    """A call of a tool. It opens when its name is known."""

    __slots__ = ("_arguments", "_custom", "_fields", "_index", "_number", "_stage", "call")

    def __init__(self, stage: Stage, number: int, custom: frozenset[str]) -> None:
        self.call = ToolCall()
        self._stage = stage
        self._number = number
        self._custom = custom
        self._arguments: list[str] = []
        self._index = -1
        self._fields: Fields = {}

    def add(self, piece: ToolCall) -> None:
        if piece.arguments:
            self._arguments.append(piece.arguments)
        if piece.name or piece.id or piece.signature or piece.extras:
            add(self.call, msgspec.structs.replace(piece, arguments=""))
        if self._index >= 0:
            self._delta(piece.arguments)
        elif self.call.name:
            self._open()

    def _open(self) -> None:
        call, stage = self.call, self._stage
        if call.signature:
            self._sign()
        custom = call.name in self._custom
        self._fields = {
            "id": stage.minted("ctc" if custom else "fc"),
            **call.extras.get(NAME, {}),
            "type": "custom_tool_call" if custom else "function_call",
            "call_id": self._call_id(),
            "name": call.name,
        }
        empty = {"input": ""} if custom else {"arguments": ""}
        self._index = stage.open({**self._fields, "status": "in_progress", **empty})
        for arguments in self._arguments:
            self._delta(arguments)

    def _sign(self) -> None:
        """What the call's issuer wants back with it, in an item that clients return."""
        call = self.call
        self._stage.whole(compose_thought(Reasoning(signature=call.signature, issuer=call.issuer), self._stage))
        call.signature = ""

    def _call_id(self) -> str:
        stage, call_id = self._stage, self.call.id
        if not call_id or call_id in stage.call_ids:
            call_id = minted_id("call", stage.seed, self._number)
        stage.call_ids.add(call_id)
        return call_id

    def _delta(self, arguments: str) -> None:
        if arguments and self._fields["type"] == "function_call":
            self._emit("response.function_call_arguments.delta", delta=arguments)

    def _emit(self, kind: str, **fields: object) -> None:
        self._stage.emit(kind, item_id=self._fields["id"], output_index=self._index, **fields)

    def close(self, status: str) -> None:
        if self._index < 0:
            if not self._arguments and not self.call.id:
                return
            self.call.name = "unnamed"
            self._open()
        stage, said = self._stage, "".join(self._arguments)
        if self._fields["type"] == "custom_tool_call":
            text = custom_input(said)
            self._emit("response.custom_tool_call_input.delta", delta=text)
            self._emit("response.custom_tool_call_input.done", input=text)
            stage.close(self._index, {**self._fields, "status": status, "input": text})
        else:
            if not said:
                said = "{}"
                self._delta(said)
            self._emit("response.function_call_arguments.done", name=self._fields["name"], arguments=said)
            stage.close(self._index, {**self._fields, "status": status, "arguments": said})
        if self.call.signature:  # it came after the call had opened
            self._sign()


class Thought:
    """Reasoning. Its text is a summary where the client has asked for one."""

    __slots__ = ("_as_summary", "_fields", "_index", "_part", "_stage", "_summary", "_text", "part")

    def __init__(self, stage: Stage, *, as_summary: bool) -> None:
        self.part = Reasoning()
        self._stage = stage
        self._as_summary = as_summary
        self._index = -1
        self._fields: Fields = {}
        self._text: list[str] = []
        self._summary: list[str] = []
        self._part: list[str] | None = None
        """The part of the summary that is open."""

    def add(self, piece: Reasoning) -> None:
        add(self.part, msgspec.structs.replace(piece, text="", summary=[]))
        if piece.text:
            self._open()
            self._write(piece.text, as_summary=self._as_summary)
        for number, text in enumerate(piece.summary):
            self._open()
            if number or not piece.continues:
                self._end_summary()
            self._write(text, as_summary=True)

    def _open(self) -> None:
        if self._index >= 0:
            return
        self._fields = {
            "id": self.part.id or self._stage.minted("rs"),
            **self.part.extras.get(NAME, {}),
            "type": "reasoning",
        }
        self._index = self._stage.open({**self._fields, "summary": []})

    def _emit(self, kind: str, **fields: object) -> None:
        self._stage.emit(kind, item_id=self._fields["id"], output_index=self._index, **fields)

    def _write(self, text: str, *, as_summary: bool) -> None:
        number = len(self._summary)
        if as_summary:
            if self._part is None:
                self._part = []
                part = {"type": "summary_text", "text": ""}
                self._emit("response.reasoning_summary_part.added", summary_index=number, part=part)
            self._part.append(text)
            self._emit("response.reasoning_summary_text.delta", summary_index=number, delta=text)
            return
        if not self._text:
            self._emit("response.content_part.added", content_index=0, part=_reasoning_text(""))
        self._text.append(text)
        self._emit("response.reasoning_text.delta", content_index=0, delta=text)

    def _end_summary(self) -> None:
        """The part of the summary that is open is whole."""
        if self._part is None:
            return
        number, text = len(self._summary), "".join(self._part)
        part = {"type": "summary_text", "text": text}
        self._emit("response.reasoning_summary_text.done", summary_index=number, text=text)
        self._emit("response.reasoning_summary_part.done", summary_index=number, part=part)
        self._summary.append(text)
        self._part = None

    def close(self) -> None:
        encrypted = compose_encrypted(self.part)
        if self._index < 0:
            if not encrypted:
                return
            self._open()
        self._end_summary()
        item: Fields = {**self._fields, "summary": [{"type": "summary_text", "text": text} for text in self._summary]}
        if self._text:
            said = "".join(self._text)
            self._emit("response.reasoning_text.done", content_index=0, text=said)
            self._emit("response.content_part.done", content_index=0, part=_reasoning_text(said))
            item["content"] = [_reasoning_text(said)]
        if encrypted:
            item["encrypted_content"] = encrypted
        self._stage.close(self._index, item)


def _reasoning_text(text: str) -> Fields:
    return {"type": "reasoning_text", "text": text}


def compose_thought(part: Reasoning, stage: Stage) -> Fields:
    """An item of nothing but what an issuer wants back."""
    return {"id": stage.minted("rs"), "type": "reasoning", "summary": [], "encrypted_content": compose_encrypted(part)}


def compose_whole(part: Image | Foreign, stage: Stage) -> Fields | None:
    """The item of something that does not come in pieces; None for what only another format knows."""
    own: Fields = part.extras.get(NAME, {})
    if isinstance(part, Foreign):
        return part.value if part.format == NAME and part.value else None
    if not part.data:
        return None
    if not own:
        kind = part.media_type.partition("/")[2] or "png"
        own = {"id": stage.minted("ig"), "status": "completed", "output_format": kind}
    return write_item(part, own)
