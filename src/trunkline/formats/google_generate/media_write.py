"""Pictures, sounds and files of other formats as Google's `inlineData` and `fileData`."""

import base64
from typing import Any
from urllib.parse import urlsplit

import msgspec

from trunkline.formats.conversation import Audio, File, FormatName, Image
from trunkline.formats.dialect import Dialect
from trunkline.formats.format import ShapeError
from trunkline.formats.google_generate.media_read import is_googles
from trunkline.formats.google_generate.parts_write import write_media
from trunkline.formats.losses import Losses
from trunkline.formats.media import is_base64, split_data_url
from trunkline.formats.paths import field_path

_ENDINGS = {
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "gif": "image/gif",
    "heic": "image/heic",
    "heif": "image/heif",
    "pdf": "application/pdf",
    "txt": "text/plain",
    "md": "text/markdown",
    "html": "text/html",
    "css": "text/css",
    "csv": "text/csv",
    "xml": "text/xml",
    "json": "application/json",
    "js": "text/javascript",
    "py": "text/x-python",
    "wav": "audio/wav",
    "mp3": "audio/mp3",
    "flac": "audio/flac",
    "ogg": "audio/ogg",
    "aac": "audio/aac",
    "aiff": "audio/aiff",
    "mp4": "video/mp4",
    "mov": "video/quicktime",
    "webm": "video/webm",
    "mpeg": "video/mpeg",
}
"""Ending of a file's name → its media type, for those that the models take."""
_BEGINNINGS = {
    "iVBORw0KGgo": "image/png",
    "/9j/": "image/jpeg",
    "R0lGOD": "image/gif",
    "UklGR": "image/webp",
    "JVBERi": "application/pdf",
}
"""First characters of a file's Base64 → its media type."""
_YOUTUBE = frozenset({"youtube.com", "www.youtube.com", "m.youtube.com", "youtu.be"})
_FLAGS = {Image: "images", Audio: "audio", File: "files"}


class MediaWriter:
    """Writes the media of one request."""

    def __init__(self, source: FormatName, dialect: Dialect, losses: Losses) -> None:
        self._source = source
        self._refuses = dialect.refuses
        self._losses = losses

    def write(self, part: Image | Audio | File, path: str) -> dict[str, Any]:
        """The part. Raises `CannotCarry`, and `ShapeError` for Base64 that is none."""
        flag = _FLAGS[type(part)]
        if flag in self._refuses:
            self._losses.must_refuse(path, f"This model does not take {flag}.")
        if part.url.startswith("data:"):
            part = _split(part, path)
        if isinstance(part, Audio) and not (part.data or part.url):
            return self._spoken(part, path)
        if isinstance(part, File):
            if part.name:
                self._losses.drop(field_path(self._source, path, "file_name"))
            if part.text and not part.data:
                data = base64.b64encode(part.text.encode()).decode()
                part = msgspec.structs.replace(part, data=data, media_type=part.media_type or "text/plain")
        if part.data:
            if not is_base64(part.data):
                raise ShapeError(f"Invalid value for '{path}': it is not Base64.", path, "invalid_value")
        else:
            self._check_address(part, path)
        if not part.media_type:
            part = msgspec.structs.replace(part, media_type=_guessed(part))
            if part.data and not part.media_type:
                self._losses.must_refuse(path, f"'{path}' must say its media type for this model.")
        kind, value = write_media(part, own=False)
        return {kind: value}

    def _spoken(self, part: Audio, path: str) -> dict[str, Any]:
        """A sound of an earlier answer, of which only its id and its words are there."""
        if not part.transcript:
            self._losses.must_refuse(path, f"'{path}' is kept by another provider, which this one cannot ask for it.")
        return {"text": part.transcript}

    def _check_address(self, part: Image | Audio | File, path: str) -> None:
        if part.url:
            if (
                "image_urls" in self._refuses
                and urlsplit(part.url).hostname not in _YOUTUBE
                and not is_googles(part.url)
            ):
                self._losses.must_refuse(path, "This model does not fetch addresses.")
        elif isinstance(part, Audio) or not is_googles(part.file_id):
            self._losses.must_refuse(path, f"'{path}' is a file at another provider, which this one cannot ask for it.")


def _split(part: Image | Audio | File, path: str) -> Image | Audio | File:
    split = split_data_url(part.url)
    if split is None:
        raise ShapeError(f"Invalid value for '{path}': it is not a Base64 data URL.", path, "invalid_value")
    return msgspec.structs.replace(part, url="", media_type=split[0], data=split[1])


def _guessed(part: Image | Audio | File) -> str:
    """A media type where none was said; empty where nothing tells."""
    if part.data:
        found = next((kind for start, kind in _BEGINNINGS.items() if part.data.startswith(start)), "")
        if found:
            return found
    address = part.url or ("" if isinstance(part, Audio) else part.file_id)
    name = part.name if isinstance(part, File) and part.name else urlsplit(address).path
    return _ENDINGS.get(name.rpartition(".")[2].lower(), "")
