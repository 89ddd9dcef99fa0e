"""`inlineData` and `fileData` as pictures, sounds and files."""

from typing import Any

from trunkline.formats.conversation import AnyPart, Audio, File, Image
from trunkline.formats.google_generate.names import (
    NAME,
    kept_below,
    missing,
    sort_out,
    spelling_of,
    table,
    wrong_type,
    wrong_value,
)
from trunkline.formats.media import is_base64

_BLOB = table("mimeType", "data", "displayName")
_FILE = table("mimeType", "fileUri", "displayName")
_DETAILS = {"MEDIA_RESOLUTION_LOW": "low", "MEDIA_RESOLUTION_HIGH": "high"}


def read_blob(data: dict[str, Any], path: str, *, checked: bool) -> Image | Audio | File:
    """Bytes. `checked`: they must be Base64. Raises `ShapeError`."""
    known, rest = sort_out(data, _BLOB)
    content = _word(known, "data", path)
    if not content:
        raise missing(f"{path}.data")
    spelling = spelling_of(data, _BLOB)
    usual = _usual_base64(content, spelling)
    if checked and not is_base64(usual):
        raise wrong_value(f"{path}.data", "it is not Base64.")
    part = _media(_media_type(known, spelling, path), data=usual)
    return _with_rest(part, "inlineData", _word(known, "displayName", path), spelling, rest)


def read_file(data: dict[str, Any], path: str) -> Image | Audio | File:
    """An address, or an id that only Google can resolve. Raises `ShapeError`."""
    known, rest = sort_out(data, _FILE)
    uri = _word(known, "fileUri", path)
    if not uri:
        raise missing(f"{path}.fileUri")
    spelling = spelling_of(data, _FILE)
    where = {"file_id": uri} if is_googles(uri) else {"url": uri}
    part = _media(_media_type(known, spelling, path), **where)
    return _with_rest(part, "fileData", _word(known, "displayName", path), spelling, rest)


def _with_rest(
    part: Image | Audio | File, kind: str, name: str, spelling: dict[str, str], rest: dict[str, Any]
) -> Image | Audio | File:
    """`part` with what else its data says. Only files have a name that others know."""
    if isinstance(part, File):
        part.name = name
    elif name:
        rest[spelling.get("displayName", "displayName")] = name
    part.spelling, part.extras = spelling, kept_below(kind, rest)
    return part


def is_googles(uri: str) -> bool:
    """Whether `uri` names a file in Google's keeping, for which others would need its keys."""
    return uri.startswith(("gs://", "files/")) or "//generativelanguage.googleapis.com/" in uri


def add_beside(part: AnyPart, rest: dict[str, Any]) -> None:
    """Give `part` the fields that stood beside its data. A picture's detail has a place of its own."""
    if isinstance(part, Image):
        for name in ("mediaResolution", "media_resolution"):
            level = rest.get(name)
            if isinstance(level, dict) and len(level) == 1 and level.get("level") in _DETAILS:
                part.detail = _DETAILS[level["level"]]
                part.spelling = {**part.spelling, "mediaResolution": name}
                del rest[name]
    if rest:
        part.extras = {NAME: {**part.extras.get(NAME, {}), **rest}}


def _word(known: dict[str, Any], field: str, path: str) -> str:
    value = known.get(field, "")
    if not isinstance(value, str):
        raise wrong_type(f"{path}.{field}", "str", value)
    return value


def _media_type(known: dict[str, Any], spelling: dict[str, str], path: str) -> str:
    if "mimeType" not in known:
        spelling["mimeType"] = "absent"
    return _word(known, "mimeType", path)


def _media(media_type: str, *, data: str = "", url: str = "", file_id: str = "") -> Image | Audio | File:
    kind = media_type.partition("/")[0]
    if kind == "image":
        return Image(media_type=media_type, data=data, url=url, file_id=file_id)
    if kind == "audio" and not file_id:
        return Audio(media_type=media_type, data=data, url=url)
    return File(media_type=media_type, data=data, url=url, file_id=file_id)


def _usual_base64(data: str, spelling: dict[str, str]) -> str:
    """Base64 in the standard alphabet and padded. Google takes the URL-safe one too, and its SDK sends that."""
    if "-" in data or "_" in data:
        spelling["data"] = "urlsafe"
        data = data.replace("-", "+").replace("_", "/")
    if len(data) % 4 and not data.endswith("=") and "\n" not in data:
        spelling["data"] = f"{spelling.get('data', '')} unpadded".strip()
        data += "=" * (-len(data) % 4)
    return data
