"""What planning asks of a request's document, whichever API it came by: pictures, tools, parameters, its beginning.

The formats say the same few things in a handful of ways, and all of them are looked for at once: this is not to
understand a request but to choose who will. What is not recognised is not there.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from hashlib import blake2b
from itertools import islice
from typing import Any, Final, Literal

from trunkline.formats.dialect import Parameter

Medium = Literal["images", "audio", "files"]
Document = Mapping[str, Any]

_MEDIA: Final[Mapping[str, Medium]] = {
    "image_url": "images", "input_image": "images", "image": "images",
    "input_audio": "audio", "audio": "audio", "audio_url": "audio",
    "file": "files", "input_file": "files", "document": "files", "document_url": "files", "file_url": "files",
    "video": "files", "video_url": "files",
}  # fmt: skip
"""A part's `type`, or in formats without it the field that holds the part."""
_TALK: Final = ("messages", "input", "contents")
_SYSTEM: Final = ("system", "instructions", "systemInstruction", "system_instruction")
_RESULTS: Final = ("toolResult", "functionResponse", "function_response")
"""Where some formats put a tool's result; in others it is the part itself."""
_SYSTEM_ROLES: Final = ("system", "developer")  # no set: what a request has there may be anything
_ASIDE: Final = ("generationConfig", "generation_config", "inferenceConfig")
"""Where some formats keep their parameters."""

_PARAMETERS: Final[Mapping[str, Parameter]] = {
    "tool_choice": "tool_choice", "function_call": "tool_choice",
    "parallel_tool_calls": "parallel_tool_calls",
    "temperature": "temperature",
    "top_p": "top_p", "topP": "top_p",
    "top_k": "top_k", "topK": "top_k",
    "presence_penalty": "presence_penalty", "presencePenalty": "presence_penalty",
    "frequency_penalty": "frequency_penalty", "frequencyPenalty": "frequency_penalty",
    "seed": "seed",
    "stop": "stop", "stop_sequences": "stop", "stopSequences": "stop",
    "logit_bias": "logit_bias",
    "logprobs": "logprobs", "top_logprobs": "logprobs", "responseLogprobs": "logprobs",
    "n": "choices", "candidateCount": "choices",
    "reasoning_effort": "thinking", "reasoning": "thinking", "thinking": "thinking", "thinkingConfig": "thinking",
    "verbosity": "verbosity",
    "service_tier": "service_tier",
}  # fmt: skip
CAPABILITIES: Final[frozenset[Parameter]] = frozenset(
    {"images", "audio", "files", "tools", "output_json", "output_schema"}
)
"""What makes a request impossible for a model that does not take it. Other parameters can be left out."""
_TOOLS: Final = frozenset({"tools", "functions", "toolConfig"})
_FORM_PATHS: Final = (
    ("response_format",),
    ("output_format",),
    ("text", "format"),
    ("output_config", "format"),
    ("outputConfig", "textFormat"),
)
_FORMS: Final = frozenset({*(path[0] for path in _FORM_PATHS), *_ASIDE})
_NOTHING: Final[tuple[object, ...]] = (None, [], {}, "")
_MOST_OF_A_TEXT: Final = 10_000
"""Characters of the user's words that expressions and the language are told of."""
_MOST_OF_A_BEGINNING: Final = 20_000
"""Characters of each of the first messages by which a conversation is known again."""


def talk(document: Document) -> list[Any]:
    """The messages. A text alone is one."""
    for name in _TALK:
        found = document.get(name)
        if isinstance(found, list):
            return found
        if isinstance(found, str):
            return [found]
    prompt = document.get("prompt")
    return [prompt] if isinstance(prompt, str) else []


def plain_words(document: Document) -> tuple[int, int] | None:
    """How many messages there are, and how many characters in them, where they are nothing but plain ASCII texts."""
    count = characters = 0
    for message in talk(document):
        words = message.get("content") if type(message) is dict else message
        if type(words) is not str or not words.isascii():
            return None
        count += 1
        characters += len(words)
    for name in _SYSTEM:
        if name in document:
            words = document[name]
            if type(words) is not str or not words.isascii():
                return None
            characters += len(words)
    return (count, characters) if _TOOLS.isdisjoint(document) and _FORMS.isdisjoint(document) else None


def media(document: Document) -> Counter[Medium]:
    """How many pictures, recordings and files there are."""
    return Counter(_all_media(document))


def _all_media(document: Document) -> list[Medium]:
    found: list[Medium] = []
    for message in talk(document):
        if type(message) is dict and type(message.get("content")) is not str:
            for part in _parts(_content(message)):
                medium = _medium(part)
                if medium is not None:
                    found.append(medium)
    return found


def _parts(content: Any) -> Iterator[dict[str, Any]]:
    """The parts of a message, those of tools' results included."""
    for part in content if isinstance(content, list) else ():
        if isinstance(part, dict):
            yield part
            result = next((part[name] for name in _RESULTS if name in part), part)
            inner = (result.get("content") or result.get("parts")) if isinstance(result, dict) else None
            if isinstance(inner, list):
                yield from (each for each in inner if isinstance(each, dict))


def _content(message: dict[str, Any]) -> Any:
    """A message's text or list of parts. In the Responses format a message may be a part itself."""
    for name in ("content", "parts", "output"):
        own = message.get(name)
        if isinstance(own, str | list):
            return own
    return [message]


def _medium(part: dict[str, Any]) -> Medium | None:
    kind = part.get("type")
    if isinstance(kind, str):
        return _MEDIA.get(kind)
    inline = part.get("inlineData") or part.get("inline_data") or part.get("fileData") or part.get("file_data")
    if isinstance(inline, dict):
        return _MEDIA.get(str(inline.get("mimeType") or inline.get("mime_type") or "").partition("/")[0], "files")
    return next((medium for name in part if (medium := _MEDIA.get(name)) is not None), None)


def count_tools(document: Document) -> int:
    """How many functions the model may call."""
    config = document.get("toolConfig")
    own = document.get("tools") or document.get("functions") or (config.get("tools") if isinstance(config, dict) else 0)
    count = 0
    for tool in own if isinstance(own, list) else [own] if isinstance(own, dict) else ():
        several = isinstance(tool, dict) and (tool.get("functionDeclarations") or tool.get("function_declarations"))
        count += len(several) if isinstance(several, list) else 1
    return count


def structured(document: Document) -> Literal["output_schema", "output_json"] | None:
    """Whether the answer must be JSON, by a schema or any."""
    for form in _forms(document):
        kind = form.get("type")
        if kind in ("json_schema", "grammar"):
            return "output_schema"
        if kind == "json_object":
            return "output_json"
    for aside in (document.get(name) for name in _ASIDE):
        if isinstance(aside, dict):
            if aside.get("responseSchema") or aside.get("responseJsonSchema"):
                return "output_schema"
            if aside.get("responseMimeType") == "application/json":
                return "output_json"
    return None


def _forms(document: Document) -> Iterator[dict[str, Any]]:
    """Where formats say what an answer must look like."""
    for path in _FORM_PATHS:
        form: Any = document
        for name in path:
            form = form.get(name) if isinstance(form, dict) else None
        if isinstance(form, dict):
            yield form


def capabilities(document: Document) -> frozenset[Parameter]:
    """What makes the request impossible for a model that does not take it."""
    found: set[Parameter] = set(_all_media(document))
    if not _TOOLS.isdisjoint(document) and count_tools(document):
        found.add("tools")
    if not _FORMS.isdisjoint(document):
        form = structured(document)
        if form is not None:
            found.add(form)
    return frozenset(found)


def parameters(document: Document) -> frozenset[Parameter]:
    """What the request asks of a model and its API, besides an answer."""
    found = set(capabilities(document))
    for fields in (document, *(document.get(name) for name in _ASIDE)):
        if isinstance(fields, dict):
            for name in _PARAMETERS.keys() & fields.keys():
                value = fields[name]
                if value not in _NOTHING and not (name in ("n", "candidateCount") and value == 1):
                    found.add(_PARAMETERS[name])
    return frozenset(found)


def output_cap(document: Document) -> int | None:
    """The most tokens of an answer, where the request says."""
    for fields in (document, *(document.get(name) for name in _ASIDE)):
        if isinstance(fields, dict):
            for name in ("max_tokens", "max_completion_tokens", "max_output_tokens", "maxOutputTokens", "maxTokens"):
                value = fields.get(name)
                if isinstance(value, int) and not isinstance(value, bool) and value > 0:
                    return value
    return None


def metadata(document: Document) -> dict[str, str]:
    """The request's `metadata`, as far as it is texts."""
    found = document.get("metadata") or document.get("requestMetadata")
    if not isinstance(found, dict):
        return {}
    return {name: value for name, value in found.items() if isinstance(value, str)}


def last_words(document: Document) -> str:
    """The beginning of what the user said last."""
    for message in reversed(talk(document)):
        if isinstance(message, str):
            return message[:_MOST_OF_A_TEXT]
        if isinstance(message, dict) and message.get("role", "user") == "user":
            text = text_of(message)
            if text:
                return text
    return ""


def instructions(document: Document) -> str:
    """What the application says: apart from the messages, or in the first of them."""
    for name in _SYSTEM:
        if name in document:
            apart = document[name]
            return "\n".join(map(text_of, apart)) if isinstance(apart, list) else text_of(apart)
    first = next(iter(talk(document)), None)
    return text_of(first) if isinstance(first, dict) and first.get("role") in _SYSTEM_ROLES else ""


def text_of(message: object, most: int = _MOST_OF_A_TEXT) -> str:
    """The words of a message, up to so many characters."""
    if isinstance(message, str):
        return message[:most]
    if not isinstance(message, dict):
        return ""
    own = _content(message)
    if isinstance(own, str):
        return own[:most]
    texts = (part if isinstance(part, str) else part.get("text") for part in own if isinstance(part, str | dict))
    return "\n".join(text[:most] for text in islice((t for t in texts if isinstance(t, str)), 100))[:most]


def beginning(document: Document) -> bytes:
    """A digest of what a conversation begins with: its instructions and its first message. It stays the same while the
    conversation goes on.
    """
    digest = blake2b(digest_size=16)
    for name in _SYSTEM:
        if name in document:
            digest.update(_words(document[name]))
    for message in talk(document)[:8]:
        digest.update(b"\0" + _words(message))
        if not isinstance(message, dict) or message.get("role") not in _SYSTEM_ROLES:
            break
    return digest.digest()


def _words(value: object) -> bytes:
    words = value.get("content") if type(value) is dict else value
    if type(words) is str:
        return words[:_MOST_OF_A_BEGINNING].encode("utf-8", "surrogatepass")
    if isinstance(value, list):
        return b"\0".join(_words(each) for each in value[:100])
    return text_of(value, _MOST_OF_A_BEGINNING).encode("utf-8", "surrogatepass")
