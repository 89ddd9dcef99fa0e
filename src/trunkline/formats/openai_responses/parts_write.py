"""Parts of a message's content, and of a tool's output, for a provider."""

import base64
from typing import Any
from urllib.parse import urlsplit

from trunkline.formats.conversation import (
    AnyPart,
    Audio,
    File,
    Foreign,
    FormatName,
    Image,
    Part,
    Refusal,
    Text,
    ToolResult,
)
from trunkline.formats.dialect import Dialect
from trunkline.formats.harmless import leave
from trunkline.formats.losses import Losses
from trunkline.formats.media import audio_name, data_url
from trunkline.formats.openai_responses.annotations import write_citation
from trunkline.formats.openai_responses.names import INPUT_TEXT, NAME
from trunkline.formats.paths import cache_path, inner_path

Fields = dict[str, Any]
_SAME_FILES = frozenset({NAME, "openai_chat"})
"""Formats whose ids of files are those of this one's providers."""
_DETAILS = frozenset({"low", "high", "auto", "original"})
_NAMES = {
    "application/pdf": "document.pdf",
    "text/plain": "document.txt",
    "text/markdown": "document.md",
    "text/html": "document.html",
    "text/csv": "document.csv",
    "application/json": "document.json",
}
"""A name for a file that has none: data is not taken without."""


class Parts:
    """Writes the parts of one request."""

    __slots__ = ("_dialect", "_losses", "_source")

    def __init__(self, source: FormatName, dialect: Dialect, losses: Losses) -> None:
        self._source = source
        self._dialect = dialect
        self._losses = losses

    def write(self, part: AnyPart, path: str, text_type: str) -> Fields | None:
        """`part`, at `path` of the client's request, where text has the type `text_type`; None for one that is left
        out. Raises `CannotCarry`.
        """
        if self._source != NAME:
            self.leave(part, path)
        match part:
            case Text():
                return self._text(part, text_type)
            case Image():
                return self._image(part, path)
            case File():
                return self._file(part, path)
            case Refusal():
                return {**part.extras.get(NAME, {}), "type": "refusal", "refusal": part.text}
            case Audio() if self._source == NAME and "audio" not in self._dialect.refuses:
                return self._audio(part)
            case Foreign() if part.format == NAME:
                return part.value
            case Audio():
                self._losses.must_refuse(path, "This model's API takes no sound.")
            case Foreign():
                self._losses.refuse(path, f"'{part.kind}' cannot be carried to this model's API.")
        return None

    def output(self, result: ToolResult, path: str) -> str | list[Fields]:
        """What a tool answered, at `path`: a string where it is nothing but a text."""
        parts = [
            self.write(part, inner_path(self._source, path, result, number), INPUT_TEXT)
            for number, part in enumerate(result.content)
        ]
        written = [part for part in parts if part is not None]
        if result.plain or self._source != NAME:
            if not written:
                return ""
            if len(written) == 1 and written[0]["type"] == INPUT_TEXT:
                text: str = written[0]["text"]
                return text
        return written

    def leave(self, part: Part, path: str) -> None:
        """What only the source's format knows of a part."""
        leave(part, self._source, path, self._losses)
        if part.cache is not None:
            self._losses.drop(cache_path(self._source, path, part))  # prompts are cached without being asked

    def _text(self, part: Text, text_type: str) -> Fields:
        value = {**part.extras.get(NAME, {}), "type": text_type, "text": part.text}
        if self._source == NAME:
            value["type"] = part.spelling.get("type", text_type)
            if part.citations:
                value["annotations"] = [write_citation(citation) for citation in part.citations]
            _hint(part, value)
        return value

    def _image(self, part: Image, path: str) -> Fields:
        if "images" in self._dialect.refuses:
            self._losses.must_refuse(path, "This model takes no images.")
        if part.url and "image_urls" in self._dialect.refuses:
            self._losses.must_refuse(path, "This model's API takes images only as data, not by their address.")
        value: Fields = {**part.extras.get(NAME, {}), "type": "input_image"}
        if self._source == NAME:
            if part.detail:
                value["detail"] = part.detail
            _hint(part, value)
        else:
            value["detail"] = part.detail if part.detail in _DETAILS else "auto"
        if part.data:
            begin = part.spelling.get("url") if self._source == NAME else None
            value["image_url"] = data_url(part.media_type, part.data) if begin is None else begin + part.data
        elif part.url:
            value["image_url"] = self._reachable(part.url, path)
        if part.file_id:
            value["file_id"] = self._known_file(part.file_id, path)
        return value

    def _file(self, part: File, path: str) -> Fields:
        if "files" in self._dialect.refuses:
            self._losses.must_refuse(path, "This model takes no files.")
        value: Fields = {**part.extras.get(NAME, {}), "type": "input_file"}
        if self._source == NAME:
            _hint(part, value)
        elif part.media_type.startswith(("audio/", "video/", "image/")):
            self._losses.must_refuse(path, f"This model's API takes no files of the type '{part.media_type}'.")
        if part.data or part.text:
            value |= self._inline(part)
        elif part.url:
            value["file_url"] = self._reachable(part.url, path)
        if part.name:
            value["filename"] = part.name
        if part.file_id:
            value["file_id"] = self._known_file(part.file_id, path)
        return value

    def _inline(self, part: File) -> Fields:
        """The bytes of a file, which must have a name."""
        if self._source == NAME:
            begin = part.spelling.get("data")
            return {"file_data": data_url(part.media_type, part.data) if begin is None else begin + part.data}
        media_type = part.media_type or ("text/plain" if part.text else "application/pdf")
        data = part.data or base64.b64encode(part.text.encode()).decode()
        return {"file_data": data_url(media_type, data), "filename": _NAMES.get(media_type, "document")}

    def _audio(self, part: Audio) -> Fields:
        sound = {"data": part.data, "format": audio_name(part.media_type)}
        return {**part.extras.get(NAME, {}), "type": "input_audio", "input_audio": sound}

    def _reachable(self, url: str, path: str) -> str:
        if self._source != NAME and urlsplit(url).scheme not in ("http", "https", "data"):
            self._losses.must_refuse(path, "This model's API reads files only from http and https addresses.")
        return url

    def _known_file(self, file_id: str, path: str) -> str:
        if self._source not in _SAME_FILES:
            self._losses.must_refuse(path, "A file uploaded to one provider is not known to another.")
        return file_id


def _hint(part: Part, value: Fields) -> None:
    if part.cache is not None:
        value["prompt_cache_breakpoint"] = {"mode": "explicit"}
