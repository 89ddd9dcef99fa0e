"""Parts of another format's request as blocks that the API takes; what it cannot take is told or refused."""

import base64
import binascii
from typing import Any

from trunkline.formats.anthropic_messages.blocks_write import object_of, replayed, thoughts, write_cache
from trunkline.formats.anthropic_messages.tools_write import TOOL_NAME
from trunkline.formats.anthropic_messages.words import IMAGE_TYPES, ISSUER
from trunkline.formats.conversation import (
    AnyPart,
    Audio,
    Extras,
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
from trunkline.formats.harmless import PART
from trunkline.formats.losses import Losses
from trunkline.formats.media import split_data_url
from trunkline.formats.paths import field_path, inner_path
from trunkline.formats.turns import SHOWN_BELOW, Speaker

PDF = "application/pdf"
_SUFFIXES = {
    ".pdf": PDF,
    ".csv": "text/csv",
    ".html": "text/html",
    ".json": "application/json",
    ".md": "text/markdown",
    ".txt": "text/plain",
}
_TEXT_TYPES = ("text/", "application/json", "application/xml", "application/yaml", "application/x-yaml")


NO_OUTPUT = "(no output)"
"""Stands for the words of a tool that failed without any: the API wants some."""


class PartWriter:
    """Writes the parts of a request, turn by turn."""

    def __init__(self, source: FormatName, dialect: Dialect, losses: Losses) -> None:
        self.source: FormatName = source
        self.losses = losses
        self._dialect = dialect
        self._of_user = False
        self._calls = False

    def begin(self, role: Speaker, *, calls: bool) -> None:
        """Whose turn comes, and whether there are calls in it."""
        self._of_user = role == "user"
        self._calls = calls

    def write(self, part: AnyPart, path: str) -> list[dict[str, Any]]:
        """The blocks for the part at `path`: mostly one; none for what says nothing or is left behind."""
        if type(part) is Reasoning:
            return self._reasoning(part, path)
        block = self._whole(part, path)
        return [] if block is None else [block]

    def _whole(self, part: AnyPart, path: str) -> dict[str, Any] | None:
        block = self._block(part, path)
        self._dress(block, part, path)
        return block

    def _dress(self, block: dict[str, Any] | None, part: AnyPart, path: str) -> None:
        """Put the hint of a part on its block, and leave behind the part's extras."""
        extras = part.extras
        if extras:
            if self.source == "bedrock_converse" and type(part) is File and block is not None:
                extras = _cited(part, block)
            self.losses.leave(extras, self.source, path, PART)
        if part.cache is not None and block is not None:
            block["cache_control"] = write_cache(part.cache)

    def _block(self, part: AnyPart, path: str) -> dict[str, Any] | None:
        match part:
            case Text():
                return self._text(part, path)
            case Image():
                return self._image(part, path)
            case File():
                return self._file(part, path)
            case Audio():
                return self._audio(part, path)
            case Refusal():
                return {"type": "text", "text": part.text} if part.text.strip() else None
            case Foreign():
                return self._foreign(part, path)
        return None

    def _foreign(self, part: Foreign, path: str) -> dict[str, Any] | None:
        """What only its own format knows, unless Converse has taken it over from this one."""
        found = part.value.get("searchResult")
        if part.format == "bedrock_converse" and isinstance(found, dict):
            content = [{"type": "text", **piece} for piece in found.get("content") or ()]
            return {"type": "search_result", **found, "content": content}
        self.losses.refuse(path, f"'{path}' ({part.kind}) exists with its own provider only.")
        return None

    def _text(self, part: Text, path: str) -> dict[str, Any] | None:
        if part.citations:
            self.losses.drop(field_path(self.source, path, "citations"))  # what they cite is not in this conversation
        return {"type": "text", "text": part.text} if part.text.strip() else None

    def _image(self, part: Image, path: str) -> dict[str, Any] | None:
        losses = self.losses
        if part.detail not in ("", "auto"):
            losses.drop(field_path(self.source, path, "detail"))
        if not self._of_user:
            losses.refuse(path, f"'{path}': only a user can show this model an image.")
            return None
        if "images" in self._dialect.refuses:
            losses.refuse(path, f"'{path}': this model sees no images.")
            return None
        if part.file_id:
            losses.must_refuse(path, f"'{path}' is a file that another provider keeps.")
        media_type, data = _bytes_of(part)
        if data:
            media_type = media_type.lower().replace("image/jpg", "image/jpeg")
            if media_type not in IMAGE_TYPES:
                kinds = ", ".join(sorted(IMAGE_TYPES))
                losses.refuse(path, f"'{path}' is {media_type or 'of no known type'}: images can be {kinds}.")
                return None
            return {"type": "image", "source": {"type": "base64", "media_type": media_type, "data": data}}
        self._check_url(part.url, path)
        return {"type": "image", "source": {"type": "url", "url": part.url}}

    def _file(self, part: File, path: str) -> dict[str, Any] | None:
        losses = self.losses
        if part.media_type.startswith("image/"):
            picture = Image(url=part.url, data=part.data, media_type=part.media_type, file_id=part.file_id)
            return self._image(picture, path)
        if not self._of_user:
            losses.refuse(path, f"'{path}': only a user can show this model a file.")
            return None
        if "files" in self._dialect.refuses:
            losses.refuse(path, f"'{path}': this model reads no files.")
            return None
        if part.file_id:
            losses.must_refuse(path, f"'{path}' is a file that another provider keeps.")
        source = self._file_source(part, path)
        if source is None:
            return None
        block: dict[str, Any] = {"type": "document", "source": source}
        if part.name:
            block["title"] = part.name
        return block

    def _file_source(self, part: File, path: str) -> dict[str, Any] | None:
        media_type, data = _bytes_of(part)
        if not data and (part.text or not part.url):
            return self._plain_text(part.text, path)
        media_type = media_type or media_type_of(data, part.name)
        if data and media_type == PDF:
            return {"type": "base64", "media_type": PDF, "data": data}
        if data and media_type.startswith(_TEXT_TYPES):
            return self._plain_text(self._decoded(data, path), path)
        if part.url and not data and part.media_type in ("", PDF):
            self._check_url(part.url, path)
            return {"type": "url", "url": part.url}
        kind = media_type or part.media_type or "of no known type"
        self.losses.refuse(path, f"'{path}' is {kind}: files can be PDF or text.")
        return None

    def _plain_text(self, text: str, path: str) -> dict[str, Any] | None:
        if not text.strip():
            self.losses.drop(path)  # an empty file says nothing, and is not taken
            return None
        return {"type": "text", "media_type": "text/plain", "data": text}

    def _decoded(self, data: str, path: str) -> str:
        try:
            return base64.b64decode(data).decode()
        except (binascii.Error, ValueError):
            self.losses.must_refuse(path, f"'{path}' is not text in UTF-8.")
            raise

    def _check_url(self, url: str, path: str) -> None:
        if not url.startswith(("https://", "http://")):
            self.losses.must_refuse(path, f"'{path}' must be an http(s) or data URL.")
        if "image_urls" in self._dialect.refuses:
            self.losses.must_refuse(path, f"'{path}' must hold the bytes: this model's API fetches nothing.")

    def _audio(self, part: Audio, path: str) -> dict[str, Any] | None:
        if not self._of_user and part.transcript.strip():
            self.losses.drop(f"{path}.audio")
            return {"type": "text", "text": part.transcript}
        self.losses.refuse(path, f"'{path}': this model hears nothing.")
        return None

    def call(self, part: ToolCall, path: str, call_id: str) -> dict[str, Any]:
        """A call, told by the id."""
        if part.signature:
            self.losses.drop(field_path(self.source, path, "signature"))
        arguments = object_of(part.arguments)
        if arguments is None:
            self.losses.must_refuse(path, f"'{path}': the arguments of a call must be a JSON object.")
        if not TOOL_NAME.fullmatch(part.name):
            self.losses.must_refuse(path, f"'{path}': the name of a tool may have letters, digits, '_' and '-' only.")
        block = {"type": "tool_use", "id": call_id, "name": part.name, "input": arguments}
        self._dress(block, part, path)
        return block

    def result(self, part: ToolResult, path: str, call_id: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """The result of a call, told by its id; and what must stand beside it, for one that failed has words only."""
        block: dict[str, Any] = {"type": "tool_result", "tool_use_id": call_id}
        content, beside = self._content(part, path), []
        if part.failed:
            block["is_error"] = True
            if type(content) is list:
                beside = [piece for piece in content if piece["type"] != "text"]
                content = [piece for piece in content if piece["type"] == "text"]
            if not content or (type(content) is str and not content.strip()):
                content = SHOWN_BELOW if beside else NO_OUTPUT
        for piece in content if type(content) is list else ():
            if "cache_control" in piece:
                block["cache_control"] = piece.pop("cache_control")  # one mark reaches as far
        if content or (part.plain and type(content) is str):
            block["content"] = content
        self._dress(block, part, path)
        return block, beside

    def _content(self, part: ToolResult, path: str) -> str | list[dict[str, Any]]:
        pieces = part.content
        if part.plain and len(pieces) == 1 and type(pieces[0]) is Text:
            return pieces[0].text
        inner = [self._whole(piece, inner_path(self.source, path, part, number)) for number, piece in enumerate(pieces)]
        return [piece for piece in inner if piece is not None]

    def _reasoning(self, part: Reasoning, path: str) -> list[dict[str, Any]]:
        """Only what this very family has signed comes back, or the words where a provider wants them."""
        if (part.signature or part.encrypted) and part.issuer == (self._dialect.issuer or ISSUER):
            return replayed(part)
        words = thoughts(part)
        wanted = self._dialect.replays_reasoning
        if words and (wanted == "always" or (wanted == "tool_turns" and self._calls)):
            return [{"type": "thinking", "thinking": words, "signature": ""}]
        if words or part.signature or part.encrypted:
            self.losses.drop(path)
        return []


def _cited(part: File, block: dict[str, Any]) -> Extras:
    """Say whether a document is to be cited, as Converse does in the same words; gives back the other extras."""
    extras = dict(part.extras.get("bedrock_converse", {}))
    citations = extras.pop("citations", None)
    if citations:
        block["citations"] = citations
    return {"bedrock_converse": extras}


def _bytes_of(part: Image | File) -> tuple[str, str]:
    """Media type and Base64, in the alphabet that the API takes (Google's has two letters of its own)."""
    media_type, data = (part.media_type, part.data) if part.data else split_data_url(part.url) or ("", "")
    if "-" in data or "_" in data:
        data = data.replace("-", "+").replace("_", "/") + "=" * (-len(data) % 4)
    return media_type, data


def media_type_of(data: str, name: str) -> str:
    """What a file is that does not say so: by its first bytes or its name."""
    if data.startswith("JVBERi0"):  # %PDF-
        return PDF
    return _SUFFIXES.get(name[name.rfind(".") :].lower(), "")
