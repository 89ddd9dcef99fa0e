"""Parts of a message's content, and of a tool's output, as a client sends them."""

from collections.abc import Callable
from typing import Any

from trunkline.formats.conversation import AnyPart, Audio, CacheHint, File, Foreign, Image, Part, Refusal, Text
from trunkline.formats.format import ShapeError
from trunkline.formats.media import AUDIO_TYPES, is_base64, split_data_url
from trunkline.formats.openai_responses.annotations import take_citations
from trunkline.formats.openai_responses.names import FOREIGN_PARTS, INPUT_TEXT, NAME, OUTPUT_TEXT
from trunkline.formats.openai_responses.shape import (
    invalid_value,
    missing,
    needed_objects,
    needed_text,
    taken,
)

Fields = dict[str, Any]
_BREAKPOINT = {"mode": "explicit"}


def read_parts(content: object, path: str, usual: str) -> list[AnyPart]:
    """The parts of a list of contents. `usual` is the type that text has there. Raises `ShapeError`."""
    return [_read_part(value, f"{path}[{number}]", usual) for number, value in enumerate(needed_objects(content, path))]


def _read_part(value: Fields, path: str, usual: str) -> AnyPart:
    kind = needed_text(value, "type", path)
    reader = _READERS.get(kind)
    if reader is not None:
        part = reader(value, path)
        if type(part) is Text and kind != usual:
            part.spelling = {"type": kind}
        return part
    if kind in FOREIGN_PARTS:
        return Foreign(format=NAME, kind=kind, value=value)
    raise invalid_value(f"{path}.type", kind, _READERS)


def _read_text(value: Fields, path: str) -> Text:
    part = Text(text=needed_text(value, "text", path))
    if len(value) > 2:
        rest = _rest(value, "type", "text")
        part.citations = take_citations(rest)
        _finish(part, rest)
    return part


def _read_refusal(value: Fields, path: str) -> Refusal:
    part = Refusal(text=needed_text(value, "refusal", path))
    _finish(part, _rest(value, "type", "refusal"))
    return part


def _read_image(value: Fields, path: str) -> Image:
    rest = _rest(value, "type")
    part = Image(detail=taken(rest, "detail"), file_id=taken(rest, "file_id"))
    url = taken(rest, "image_url")
    if not url and not part.file_id:
        needed_text(value, "image_url", path)
        raise invalid_value(f"{path}.image_url", "")
    inline = split_data_url(url) if url else None
    if inline is None:
        part.url = url
    else:
        part.media_type, part.data = inline
        _check_base64(part.data, f"{path}.image_url")
        _spell(part, "url", url, inline)
    _finish(part, rest)
    return part


def _read_file(value: Fields, path: str) -> File:
    rest = _rest(value, "type")
    part = File(url=taken(rest, "file_url"), name=taken(rest, "filename"), file_id=taken(rest, "file_id"))
    data = taken(rest, "file_data")
    if not (part.url or part.file_id or data):
        raise missing(f"{path}.file_data")
    if data:
        inline = split_data_url(data) or ("", data)
        part.media_type, part.data = inline
        _check_base64(part.data, f"{path}.file_data")
        _spell(part, "data", data, inline)
    _finish(part, rest)
    return part


def _read_audio(value: Fields, path: str) -> Audio | Foreign:
    sound = value.get("input_audio")
    if type(sound) is not dict:
        raise missing(f"{path}.input_audio")
    rest = dict(sound)
    data, media_type = taken(rest, "data"), AUDIO_TYPES.get(taken(rest, "format"))
    if rest or media_type is None or not data:
        return Foreign(format=NAME, kind="input_audio", value=value)
    _check_base64(data, f"{path}.input_audio.data")
    part = Audio(data=data, media_type=media_type)
    _finish(part, _rest(value, "type", "input_audio"))
    return part


_READERS: dict[str, Callable[[Fields, str], AnyPart]] = {
    INPUT_TEXT: _read_text,
    OUTPUT_TEXT: _read_text,
    "refusal": _read_refusal,
    "input_image": _read_image,
    "input_file": _read_file,
    "input_audio": _read_audio,
    "text": _read_text,
}


def _rest(value: Fields, *taken_fields: str) -> Fields:
    rest = dict(value)
    for name in taken_fields:
        del rest[name]
    return rest


def _finish(part: Part, rest: Fields) -> None:
    if rest.get("prompt_cache_breakpoint") == _BREAKPOINT:
        del rest["prompt_cache_breakpoint"]
        part.cache = CacheHint()
    if rest:
        part.extras = {NAME: rest}


def _check_base64(data: str, path: str) -> None:
    if not is_base64(data):
        raise ShapeError(f"Invalid value for '{path}': it is not valid Base64.", path, "invalid_value")


def _spell(part: Part, field: str, whole: str, inline: tuple[str, str]) -> None:
    """Keep how a data URL began, where it is not the usual way."""
    begin = whole[: len(whole) - len(inline[1])]
    if begin != f"data:{inline[0]};base64,":
        part.spelling = {field: begin}
