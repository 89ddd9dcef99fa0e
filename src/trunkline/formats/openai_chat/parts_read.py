"""Parts of a message's content into neutral ones: OpenAI's, and those of the servers that speak the format.

Every reader takes out what it has understood; the rest of a part stays in its extras. A part's spelling says which of
several forms it came in: `in` names the part's type where it is not the usual one, `data_url` what stood before the
Base64, and `cache` the field of a cache hint.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from trunkline.formats import media
from trunkline.formats.conversation import (
    AnyPart,
    Audio,
    CacheHint,
    File,
    Foreign,
    Image,
    Reasoning,
    Refusal,
    Text,
)
from trunkline.formats.format import ShapeError
from trunkline.formats.losses import rest
from trunkline.formats.openai_chat.leftovers import park
from trunkline.formats.openai_chat.words import NAME

_HELD = frozenset(
    {
        "audio_embeds",
        "custom",
        "document",
        "image",
        "image_embeds",
        "prompt_embeds",
        "reference",
        "tool_file",
        "tool_reference",
        "video",
    }
)
"""Types that some server knows (Mistral, DashScope, TGI, Groq, vLLM), and the neutral types do not."""
_MAGIC = {
    "UklGR": "audio/wav",
    "SUQz": "audio/mpeg",
    "//": "audio/mpeg",
    "ZkxhQ": "audio/flac",
    "T2dnU": "audio/ogg",
    "JVBERi": "application/pdf",
}
"""How the Base64 of a kind of file begins."""
_LINKED = {"video_url": "video/mp4", "pdf_url": "application/pdf"}
"""What the type of a part with an address says of the file."""
NAMES = {"document_url": "document_name", "file_url": "file_name"}
"""Which field of such a part holds the file's name (Mistral, Perplexity)."""
_SUFFIXES = {".pdf": "application/pdf", ".mp4": "video/mp4", ".webm": "video/webm", ".mov": "video/quicktime"}


def missing(path: str) -> ShapeError:
    """What OpenAI says of a field that is not there."""
    return ShapeError(f"Missing required parameter: '{path}'.", path, "missing_required_parameter")


def read_parts(values: list[dict[str, Any]], path: str) -> list[AnyPart]:
    """The parts of a request's content. Raises `ShapeError` for one that nobody knows."""
    parts: list[AnyPart] = []
    for number, value in enumerate(values):
        kind = value["type"]
        reader = _READERS.get(kind)
        if reader is not None:
            parts.append(reader(value, f"{path}[{number}]"))
        elif kind in _HELD:
            parts.append(Foreign(format=NAME, kind=kind, value=value))
        else:
            known = ", ".join(f"'{name}'" for name in _READERS)
            param = f"{path}[{number}].type"
            raise ShapeError(f"Invalid value: '{kind}'. Supported values are: {known}.", param, "invalid_value")
    return parts


def read_answer(values: list[Any]) -> list[AnyPart]:
    """The parts of a reply's content (Mistral's, where the model reasons); none where they are no parts."""
    parts: list[AnyPart] = []
    for value in values:
        if not isinstance(value, dict):
            return []
        kind = value.get("type")
        if kind == "text" and isinstance(value.get("text"), str):
            parts.append(_text(value, ""))
        elif kind == "thinking" and isinstance(value.get("thinking"), str | list):
            parts.append(_thinking(value, ""))
        elif kind == "reasoning":
            parts.append(_summarized(value, ""))
        else:
            parts.append(Foreign(format=NAME, kind=str(kind), value=value))
    return parts


def _text(value: dict[str, Any], path: str) -> Text:
    if value.get("text") is None:
        raise missing(f"{path}.text")
    part = Text(text=value["text"])
    if len(value) > 2:
        keep(part, rest(value, "type", "text"))
    return part


def _refusal(value: dict[str, Any], path: str) -> Refusal:
    if value.get("refusal") is None:
        raise missing(f"{path}.refusal")
    part = Refusal(text=value["refusal"], spelling={"in": "refusal"})
    keep(part, rest(value, "type", "refusal"))
    return part


def _image(value: dict[str, Any], path: str) -> Image:
    part = Image()
    said = _address_of(value, "image_url", part, path)
    if isinstance(said, dict) and said.get("detail"):
        part.detail = said.pop("detail")
    _keep_said(part, value, "image_url", said)
    return part


def _linked_audio(value: dict[str, Any], path: str) -> Audio:
    part = Audio(spelling={"in": "audio_url"})
    _keep_said(part, value, "audio_url", _address_of(value, "audio_url", part, path))
    return part


def _linked_file(value: dict[str, Any], path: str) -> File:
    kind = value["type"]
    part = File(spelling={"in": kind})
    said = _address_of(value, kind, part, path)
    part.media_type = part.media_type or _media_type(part.url, part.data)
    part.media_type = part.media_type or _LINKED.get(kind, "")
    fields = rest(value, "type", kind)
    name = NAMES.get(kind)
    if name is not None and isinstance(fields.get(name), str) and fields[name]:
        part.name = fields.pop(name)
    park(said, kind, fields, part.spelling)
    keep(part, fields)
    return part


def _sound(value: dict[str, Any], path: str) -> Audio:
    said = value.get("input_audio")
    if said is None:
        raise missing(f"{path}.input_audio")
    part = Audio()
    if isinstance(said, str):  # Mistral
        part.spelling["said"] = "string"
        _locate(part, said, f"{path}.input_audio")
        said = {}
    else:
        said = dict(said)
        _locate(part, said.pop("data"), f"{path}.input_audio.data")
        if name := said.get("format"):
            del said["format"]
            part.media_type = media.AUDIO_TYPES.get(name, f"audio/{name}")
        part.spelling["format"] = name or ""
    part.media_type = part.media_type or _media_type(part.url, part.data)
    _keep_said(part, value, "input_audio", said)
    return part


def _file(value: dict[str, Any], path: str) -> File:
    said = value.get("file")
    part = File()
    if said is None:
        if not isinstance(value.get("file_id"), str):
            raise missing(f"{path}.file")
        part.file_id = value["file_id"]  # Mistral
        part.spelling["said"] = "file_id"
        keep(part, rest(value, "type", "file_id"))
        return part
    said = dict(said)
    if said.get("filename"):
        part.name = said.pop("filename")
    if said.get("file_id"):
        part.file_id = said.pop("file_id")
    if said.get("file_data"):
        _locate(part, said.pop("file_data"), f"{path}.file.file_data")
        part.media_type = part.media_type or _media_type(part.url or part.name, part.data)
    _keep_said(part, value, "file", said)
    return part


def _thinking(value: dict[str, Any], path: str) -> Reasoning:
    said = value.get("thinking")
    if said is None:
        raise missing(f"{path}.thinking")
    fields = rest(value, "type", "thinking")
    spelling = {"in": "thinking"}
    if isinstance(said, str):
        part = Reasoning(text=said)
        spelling["said"] = "string"
    else:
        part = Reasoning(text=text_of_chunks(said))
        if said != [{"type": "text", "text": part.text}]:
            spelling["chunks"] = msgspec.json.encode(said).decode()
    if isinstance(fields.get("closed"), bool):
        spelling["closed"] = str(fields.pop("closed")).lower()
    if fields.get("signature") and isinstance(fields["signature"], str):
        part.signature, part.issuer = fields.pop("signature"), "mistral"
    part.spelling = spelling
    keep(part, fields)
    return part


def _summarized(value: dict[str, Any], path: str) -> Reasoning | Foreign:
    """Databricks' part for reasoning, which it calls a summary."""
    match value:
        case {"summary": [{"type": "summary_text", "text": str(text), **more}], **left}:
            part = Reasoning(text=text, spelling={"in": "thinking", "said": "summary"})
            signature = more.pop("signature", None)
            if isinstance(signature, str) and not more:
                part.signature, part.issuer = signature, "anthropic" if signature else ""
                part.spelling["signature"] = "said"
            elif "signature" in value["summary"][0] or more:
                return Foreign(format=NAME, kind="reasoning", value=value)
            keep(part, {str(name): field for name, field in left.items() if name != "type"})
            return part
    return Foreign(format=NAME, kind="reasoning", value=value)


def text_of_chunks(chunks: list[Any]) -> str:
    """The words of Mistral's chunks."""
    texts = [chunk.get("text") for chunk in chunks if isinstance(chunk, dict)]
    return "".join([text for text in texts if isinstance(text, str)])


def keep(part: AnyPart, fields: dict[str, Any]) -> None:
    """What is left of a part or a call: a cache hint, and what is not understood."""
    hint = take_cache(fields, part.spelling)
    if hint is not None:
        part.cache = hint
    if fields:
        part.extras = {NAME: fields}


def take_cache(fields: dict[str, Any], spelling: dict[str, str]) -> CacheHint | None:
    """The cache hint in `fields`: OpenRouter's `cache_control`, or OpenAI's `prompt_cache_breakpoint`."""
    hint = fields.get("cache_control")
    if hint == {"type": "ephemeral"}:
        del fields["cache_control"]
        return CacheHint()
    if isinstance(hint, dict) and hint == {"type": "ephemeral", "ttl": str(hint.get("ttl"))}:
        del fields["cache_control"]
        return CacheHint(ttl=hint["ttl"])
    if fields.get("prompt_cache_breakpoint") == {"mode": "explicit"}:
        del fields["prompt_cache_breakpoint"]
        spelling["cache"] = "prompt_cache_breakpoint"
        return CacheHint()
    return None


def _address_of(value: dict[str, Any], name: str, part: Image | Audio | File, path: str) -> dict[str, Any]:
    """Read the address in the field `name`, and give back what else the field says."""
    said = value.get(name)
    if said is None:
        raise missing(f"{path}.{name}")
    if isinstance(said, str):  # Mistral
        part.spelling["said"] = "string"
        _locate(part, said, f"{path}.{name}")
        return {}
    said = dict(said)
    _locate(part, said.pop("url"), f"{path}.{name}.url")
    return said


def _locate(part: Image | Audio | File, address: str, path: str) -> None:
    """Take `address` for what it is: a `data:` URL, another URL, or bare Base64."""
    split = media.split_data_url(address)
    if split is not None:
        part.media_type, part.data = split
        before = address[: len(address) - len(part.data)]
        if before != f"data:{part.media_type};base64," or not part.media_type:  # DashScope's clients leave the type out
            part.spelling["data_url"] = before
    elif "://" in address[:12] or address.startswith("data:"):
        part.url = address
        return
    else:
        part.data = address
        part.spelling["data_url"] = ""
    if not media.is_base64(part.data):
        raise ShapeError(f"Invalid value: '{path}' is not valid Base64.", path, "invalid_value")


def _media_type(name: str, data: str) -> str:
    """A guess by how the file is named, or by how it begins."""
    for suffix, media_type in _SUFFIXES.items():
        if name.partition("?")[0].lower().endswith(suffix):
            return media_type
    return next((known for magic, known in _MAGIC.items() if data.startswith(magic)), "")


def _keep_said(part: AnyPart, value: dict[str, Any], name: str, said: dict[str, Any]) -> None:
    """What is left of a part whose content is in the field `name`, of which `said` is left."""
    if said or len(value) > 2:
        fields = rest(value, "type", name)
        park(said, name, fields, part.spelling)
        keep(part, fields)


_READERS: dict[str, Callable[[dict[str, Any], str], AnyPart]] = {
    "text": _text,
    "image_url": _image,
    "input_audio": _sound,
    "file": _file,
    "refusal": _refusal,
    "thinking": _thinking,
    "reasoning": _summarized,
    "document_url": _linked_file,
    "file_url": _linked_file,
    "pdf_url": _linked_file,
    "video_url": _linked_file,
    "audio_url": _linked_audio,
}
