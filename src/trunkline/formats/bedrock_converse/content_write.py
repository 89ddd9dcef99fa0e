"""A part of another format's request as a block of content."""

import base64
import re
from typing import TypeVar

import msgspec

from trunkline.formats.bedrock_converse.parts_write import Block, decoded, file_block, media, reasoning
from trunkline.formats.bedrock_converse.terms import DOCUMENTS, IMAGES, SOUNDS, VIDEOS, format_word
from trunkline.formats.conversation import (
    AnyPart,
    Audio,
    File,
    Foreign,
    FormatName,
    Image,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
)
from trunkline.formats.dialect import Dialect
from trunkline.formats.harmless import leave
from trunkline.formats.losses import Losses
from trunkline.formats.media import is_base64
from trunkline.formats.paths import field_path, inner_path
from trunkline.formats.turns import SHOWN_BELOW

TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
PROPERTY_NAME = re.compile(r"[a-zA-Z0-9_.-]{1,64}")
"""Of an argument: Claude takes no other."""
_NOT_IN_NAMES = re.compile(r"[^a-zA-Z0-9\s()\[\]-]")
_SPACES = re.compile(r"\s+")
_LONGEST_NAME = 200
_TEXTUAL = re.compile(r"text/|application/(.*\+)?(json|xml|yaml|x-yaml|toml|javascript|sql|x-sh)\b")
NO_OUTPUT = "(no output)"
"""Stands for the empty answer of a tool: the API refuses empty text."""
S3 = "s3://"


class ContentWriter:
    """Writes the parts of one request. Documents must have names of their own, so it knows those that it gave."""

    def __init__(self, source: FormatName, dialect: Dialect, losses: Losses) -> None:
        self._source = source
        self._dialect = dialect
        self._losses = losses
        self._names: set[str] = set()

    def user(self, part: AnyPart, path: str) -> Block | None:
        """A block of a user's turn; None for what says nothing."""
        if isinstance(part, Text | Image | Audio | File):
            return self._shown(part, path)
        self._cannot(part, path)
        return None

    def assistant(self, part: AnyPart, path: str, *, calls: bool) -> Block | None:
        """A block of an assistant's turn, calls aside; `calls`: whether it has any. None for what is left out."""
        match part:
            case Text():
                if part.citations:
                    self._losses.drop(field_path(self._source, path, "citations"))
                return self._shown(part, path)
            case Refusal():
                leave(part, self._source, path, self._losses)
                return {"text": part.text} if part.text.strip() else None
            case Reasoning():
                return self._reasoning(part, path, calls)
            case Audio() if part.transcript:
                leave(part, self._source, path, self._losses)
                return {"text": part.transcript}
        self._cannot(part, path)
        return None

    def system(self, part: AnyPart, path: str) -> Block | None:
        """A block of the instructions, which are words only."""
        if isinstance(part, Text):
            return self._shown(part, path)
        self._cannot(part, path)
        return None

    def _cannot(self, part: AnyPart, path: str) -> None:
        kind = part.kind if isinstance(part, Foreign) else type(part).__name__.lower()
        self._losses.refuse(path, f"'{path}': this model's API takes no '{kind}' there.")

    def _shown(self, part: Text | Image | Audio | File, path: str) -> Block | None:
        leave(part, self._source, path, self._losses)
        match part:
            case Text():
                if not part.text.strip():  # the API refuses it
                    if part.text:
                        self._losses.drop(path)
                    return None
                return {"text": part.text}
            case Image():
                return self._image(part, path)
            case Audio():
                return self._audio(part, path)
        return self._file(part, path)

    def _image(self, part: Image, path: str) -> Block | None:
        if not self._available(part, path, "images"):
            return None
        if part.detail not in ("", "auto"):
            self._losses.drop(field_path(self._source, path, "detail"))
        if not format_word(part.media_type, IMAGES):
            self._no_type(part.media_type, path, IMAGES)
        return {"image": media(_bare(part), IMAGES)}

    def _audio(self, part: Audio, path: str) -> Block | None:
        if not self._available(part, path, "audio"):
            return None
        if not format_word(part.media_type, SOUNDS):
            self._no_type(part.media_type, path, SOUNDS)
        return {"audio": media(_bare(part), SOUNDS)}

    def _file(self, part: File, path: str) -> Block | None:
        family = part.media_type.partition("/")[0]
        if family == "image":
            return self._image(
                Image(data=part.data, url=part.url, file_id=part.file_id, media_type=part.media_type), path
            )
        if family == "audio":
            return self._audio(Audio(data=part.data, url=part.url, media_type=part.media_type), path)
        if not self._available(part, path, "files"):
            return None
        data = part.data or (base64.b64encode(part.text.encode()).decode() if part.text else "")
        word, table = self._document_word(part), VIDEOS if family == "video" else DOCUMENTS
        if not word:
            self._no_type(part.media_type, path, table)
        name = "" if family == "video" else self._document_name(part.name)
        kind, value = file_block(_bare(File(data=data, url=part.url, name=name, media_type=table[word])))
        return {kind: value}

    def _document_word(self, part: File) -> str:
        if part.media_type.startswith("video/"):
            return format_word(part.media_type, VIDEOS)
        if part.text and not part.data:
            return format_word(part.media_type, DOCUMENTS) or "txt"
        word = format_word(part.media_type, DOCUMENTS)
        if not word and part.media_type in ("", "application/octet-stream"):
            ending = part.name.rpartition(".")[2].lower()
            return ending if ending in DOCUMENTS else ""
        return word or ("txt" if _TEXTUAL.match(part.media_type) else "")

    def _document_name(self, name: str) -> str:
        """The name as the API takes it: few characters, and none twice."""
        stem = name.rpartition(".")[0] or name
        plain = _SPACES.sub(" ", _NOT_IN_NAMES.sub("-", stem)).strip()[: _LONGEST_NAME - 6] or "document"
        number, unique = 1, plain
        while unique in self._names:
            number += 1
            unique = f"{plain} ({number})"
        self._names.add(unique)
        return unique

    def _available(self, part: Image | Audio | File, path: str, kind: str) -> bool:
        """Whether the bytes are at hand and the model takes such things."""
        if kind in self._dialect.refuses:
            self._losses.refuse(path, f"'{path}': this model takes no {kind}.")
            return False
        words = part.text if isinstance(part, File) else ""
        if not part.data and not words and not part.url.startswith(S3):
            why = "takes no addresses but those in S3" if part.url else "does not know this file"
            self._losses.must_refuse(path, f"'{path}': this model's API {why}; send the bytes.")
        if part.data and not is_base64(part.data):
            self._losses.must_refuse(path, f"'{path}' is not Base64.")
        return True

    def _no_type(self, media_type: str, path: str, table: dict[str, str]) -> None:
        known = ", ".join(dict.fromkeys(table.values()))
        self._losses.must_refuse(path, f"'{path}' is {media_type or 'of no type'}; this model's API takes {known}.")

    def call(self, part: ToolCall, path: str, call_id: str) -> Block:
        """A call, told by the id."""
        leave(part, self._source, path, self._losses)
        if part.signature:
            self._losses.drop(field_path(self._source, path, "signature"))
        name_path = field_path(self._source, path, "name")
        if not TOOL_NAME.fullmatch(part.name):
            why = "may have letters, digits, '_' and '-' only, and at most 64"
            self._losses.must_refuse(name_path, f"'{name_path}' {why}.")
        value = decoded(part.arguments) if part.arguments.strip() else ({},)
        if value is None or type(value[0]) is not dict:
            arguments_path = field_path(self._source, path, "arguments")
            self._losses.must_refuse(arguments_path, f"'{arguments_path}' is no JSON object.")
        arguments = value[0] if value is not None else {}
        return {"toolUse": {"toolUseId": call_id, "name": part.name, "input": arguments}}

    def result(self, part: ToolResult, path: str, call_id: str) -> tuple[Block, list[Block]]:
        """The result of a call, told by its id; and what must stand beside it: Claude takes one that failed in words
        only.
        """
        leave(part, self._source, path, self._losses)
        content = self._content(part, path)
        beside: list[Block] = []
        if part.failed:
            beside = [block for block in content if "text" not in block]
            content = [block for block in content if "text" in block]
        words = SHOWN_BELOW if beside else NO_OUTPUT
        result: Block = {"toolUseId": call_id, "content": content or [{"text": words}]}
        if part.failed:
            result["status"] = "error"
        return {"toolResult": result}, beside

    def _content(self, part: ToolResult, path: str) -> list[Block]:
        content: list[Block] = []
        for number, piece in enumerate(part.content):
            where = inner_path(self._source, path, part, number)
            block = None
            match piece:
                case Text() | Image():
                    block = self._shown(piece, where)
                case File() if not piece.media_type.startswith("audio/"):
                    block = self._shown(piece, where)
                case _:
                    self._cannot(piece, where)
            if block is not None:
                content.append(block)
        return content

    def _reasoning(self, part: Reasoning, path: str, calls: bool) -> Block | None:
        """What the model thought, for a model that takes it back: its own family's proof, or plain words."""
        proof = part.signature or part.encrypted
        sayable = part.signature or is_base64(part.encrypted)
        replays = self._dialect.replays_reasoning
        if sayable and part.issuer and part.issuer == self._dialect.issuer:
            value = reasoning(msgspec.structs.replace(part, extras={}))
        elif not proof and part.text and (replays == "always" or (replays == "tool_turns" and calls)):
            value = {"reasoningText": {"text": part.text}}
        else:
            self._losses.drop(path)
            return None
        leave(part, self._source, path, self._losses)
        return {"reasoningContent": value}


M = TypeVar("M", Image, Audio, File)


def _bare(part: M) -> M:
    """Without what another format alone knows, and without white space in its Base64."""
    return msgspec.structs.replace(part, data="".join(part.data.split()), extras={}, spelling={})
