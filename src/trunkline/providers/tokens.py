"""About how many tokens a request is, before anybody has counted: for admitting it, never for charging it.

A request is weighed once, in whatever format it came, and then estimated for the models it may go to: tokenizers differ
little on English and much on what providers put around a conversation (tools above all). The figures are fitted to the
recorded usage of each maker's models; the rest is from the documentation named. What a provider adds by itself (web
searches, cached content, earlier turns that it keeps) cannot be seen from here.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

_LETTERS = bytes([*range(65, 91), *range(97, 123)])
_DIGITS = b"0123456789"
_SPACES = b" \t\r\n"
_SIGNS = bytes(c for c in range(128) if c not in _LETTERS + _DIGITS + _SPACES)
_WIDE = bytes(range(0xE3, 0xEE))  # first bytes, in UTF-8, of Chinese, Japanese and Korean characters
_OTHERS = bytes([*range(0xC2, 0xE3), *range(0xEE, 0xF5)])


class Letters(msgspec.Struct, frozen=True, gc=False):
    """What a text is made of: counts of characters, and of words."""

    words: int = 0
    letters: int = 0
    digits: int = 0
    signs: int = 0
    """Punctuation: much of it in code and JSON."""
    wide: int = 0
    """Chinese, Japanese, Korean."""
    others: int = 0
    """Of any other script."""


class Weight(msgspec.Struct, frozen=True, kw_only=True):
    """What a request holds."""

    text: Letters = Letters()
    """Of the conversation."""
    data: Letters = Letters()
    """Of tools, their arguments and schemas, as JSON."""
    messages: int = 0
    tools: int = 0
    schema: bool = False
    images: int = 0
    sound: int = 0
    """Bytes of audio."""
    files: int = 0
    papers: int = 0
    """Bytes of files, where they are in the request."""
    sealed: int = 0
    """Characters of signed or encrypted reasoning."""


class Tokenizer(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens that a maker's models count for each thing."""

    text: float = 1.0
    """Factor on the tokens of a text that `_tokens` gives."""
    data: float = 0.7
    digit: float = 0.45
    wide: float = 1.0
    request: int = 4
    message: float = 4.0
    tools: int = 60
    """Once, where there are tools."""
    tool: float = 8.0
    schema: int = 0
    image: int = 1000
    """Of about a million pixels."""
    sealed: float = 0.0


USUAL = Tokenizer()
TOKENIZERS: Mapping[str, Tokenizer] = {
    "openai": Tokenizer(message=4, request=3, tools=10, tool=8, image=765),  # platform.openai.com, "Images and vision"
    "gpt-4o-mini": Tokenizer(message=4, request=3, tools=10, tool=8, image=25_500),
    "anthropic": Tokenizer(text=1.15, message=3, data=1.05, tools=390, tool=40, schema=190, image=1400),
    "google": Tokenizer(data=0.7, digit=1.0, message=1, request=1, tools=10, tool=6, image=1100, sealed=0.17),
    "mistral": Tokenizer(text=1.1, digit=1.0, message=3, tools=40, tool=20, image=1500),
    "deepseek": Tokenizer(wide=0.6, message=3, request=3, tools=215, tool=45, schema=25),  # "Token & Token Usage"
    "qwen": Tokenizer(wide=0.65, digit=1.0, message=4, tools=120, tool=20),  # "Billing": tokens and characters
    "xai": Tokenizer(data=0.9, message=5, request=100, tools=130, image=1000, sealed=0.18),
    "cohere": Tokenizer(message=4, request=495, tools=930),
    "meta": Tokenizer(data=0.9, request=30, tools=130, image=740),
    "zai": Tokenizer(text=1.15, data=1.3, request=5, message=4, tools=100, tool=0, image=450),
    "moonshot": Tokenizer(data=0.65, message=5, tools=30, tool=6),
    "amazon": Tokenizer(text=1.1, data=0.5, request=1, message=1, tools=315, tool=60),
    "minimax": Tokenizer(request=20, tools=150),
}
"""By the maker of a model, or what its family names instead (`models.Model.tokenizer`)."""

BYTES_OF_SOUND = 500
"""A token: 32 a second of speech at 128 kbit/s (ai.google.dev, "Audio understanding")."""
BYTES_OF_PAPER = 14
"""A token: as recorded of one-page PDF files; larger ones have more bytes to a token."""
A_PAPER = 1500
"""Tokens of a file that is not in the request: a page, as Anthropic's documentation counts it."""


def estimate(weight: Weight, tokenizer: str) -> int:
    """Tokens of a request, for models that count like `tokenizer`; one that is not known counts as most do."""
    known = TOKENIZERS.get(tokenizer, USUAL)
    tokens = (
        known.request
        + known.message * weight.messages
        + known.text * _tokens(weight.text, known, sign=0.6)
        + known.data * _tokens(weight.data, known, sign=0.35)
        + known.image * weight.images
        + known.sealed * weight.sealed
        + weight.sound / BYTES_OF_SOUND
        + max(weight.papers / BYTES_OF_PAPER, A_PAPER * weight.files if not weight.papers else 0)
    )
    if weight.tools:
        tokens += known.tools + known.tool * weight.tools
    if weight.schema:
        tokens += known.schema
    return int(tokens) + 1


def _tokens(text: Letters, known: Tokenizer, sign: float) -> float:
    """Of English prose and JSON, on the average of all recordings."""
    return (
        0.6 * text.words
        + 0.09 * text.letters
        + known.digit * text.digits
        + sign * text.signs
        + known.wide * text.wide
        + 0.4 * text.others
    )


# Weighing

_TALK = ("messages", "contents", "input", "system", "instructions", "systemInstruction", "system_instruction", "prompt")
_NOT_TEXT = frozenset(
    {"id", "call_id", "tool_call_id", "toolUseId", "tool_use_id", "type", "role", "model", "status", "detail"}
    | {"cache_control", "cachePoint", "media_type", "mimeType", "mime_type", "format", "phase", "index"}
)
_SEALED = frozenset({"signature", "thoughtSignature", "thought_signature", "encrypted_content", "redactedContent"})
_ARGUMENTS = frozenset({"input", "args", "json", "response"})
_MEDIA = {
    "image_url": "image", "input_image": "image", "image": "image",
    "input_audio": "audio", "audio": "audio", "audio_url": "audio",
    "file": "file", "input_file": "file", "document": "file", "document_url": "file", "video": "file",
    "video_url": "file", "file_url": "file",
}  # fmt: skip
"""Part's `type`, or in formats without it the field that holds the part (Google, Bedrock) → what it is."""
_SCHEMAS = (
    ("response_format",),
    ("text", "format"),
    ("output_config", "format"),
    ("output_format",),
    ("outputConfig",),
    ("generationConfig", "responseSchema"),
    ("generationConfig", "responseJsonSchema"),
)
_encode = msgspec.json.Encoder(enc_hook=str).encode


class _Scale:
    """What is found on the way through a request."""

    def __init__(self) -> None:
        self.text: list[str] = []
        self.data: list[bytes] = []
        self.images = self.sound = self.files = self.papers = self.sealed = 0

    def walk(self, value: object) -> None:
        """Everything in a message that is read as text, or stands for a picture, a sound or a file. A loop, because a
        client decides how deep its request is.
        """
        left = [value]
        while left:
            value = left.pop()
            if isinstance(value, str):
                self.text.append(value)
            elif isinstance(value, list):
                left += value
            elif isinstance(value, dict) and not self._media(value):
                left += [item for name, item in value.items() if self._is_talk(name, item)]

    def _is_talk(self, name: str, item: object) -> bool:
        """Whether a field is to be walked too; what is counted otherwise is."""
        if name in _SEALED:
            self.sealed += _longest(item)
        elif name in _ARGUMENTS and isinstance(item, dict):
            self.data.append(_encode(item))
        else:
            return name not in _NOT_TEXT
        return False

    def _media(self, part: dict[str, Any]) -> bool:
        """Whether `part` is a picture, a sound or a file, which is then counted."""
        inline = part.get("inlineData") or part.get("inline_data") or part.get("fileData") or part.get("file_data")
        if isinstance(inline, dict):
            kind = str(inline.get("mimeType") or inline.get("mime_type") or "").partition("/")[0]
        else:
            kind = _MEDIA.get(str(part.get("type") or next(iter(part), "")), "")
        if not kind:
            return False
        size = _longest(part) * 3 // 4
        if kind == "image":
            self.images += 1
        elif kind == "audio":
            self.sound += size
        else:
            self.files += 1
            self.papers += size if size > _NO_BYTES else 0
        return True


_NO_BYTES = 400
"""Characters below which a part's longest text is an address or an id rather than its bytes."""


def _longest(value: object) -> int:
    """Characters of the longest text in a value."""
    longest, left = 0, [value]
    while left:
        value = left.pop()
        if isinstance(value, str):
            longest = max(longest, len(value))
        elif isinstance(value, dict):
            left += value.values()
        elif isinstance(value, list):
            left += value
    return longest


def weigh(request: Mapping[str, Any]) -> Weight:
    """What a decoded request holds, of any format. Linear in its size: some 5 µs a message, and 5 ns a byte."""
    scale = _Scale()
    messages = 0
    for name in _TALK:
        talk = request.get(name)
        if talk:
            messages += len(talk) if isinstance(talk, list) else 1
            scale.walk(talk)
    tools = list(_tools(request))
    schemas = [schema for path in _SCHEMAS if isinstance(schema := _at(request, path), dict) and len(schema) > 1]
    scale.data += map(_encode, [*tools, *schemas])
    return Weight(
        text=letters("\n".join(scale.text)),
        data=letters(b"\n".join(scale.data).decode()),
        messages=messages,
        tools=len(tools),
        schema=bool(schemas),
        images=scale.images,
        sound=scale.sound,
        files=scale.files,
        papers=scale.papers,
        sealed=scale.sealed,
    )


def _tools(request: Mapping[str, Any]) -> Iterator[object]:
    tools = request.get("tools") or _at(request, ("toolConfig", "tools"))
    for tool in tools if isinstance(tools, list) else ():
        found = isinstance(tool, dict) and (tool.get("functionDeclarations") or tool.get("function_declarations"))
        yield from found if isinstance(found, list) else (tool,)


def _at(value: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def letters(text: str) -> Letters:
    """Count what `text` is made of."""
    data = text.encode("utf-8", "replace")

    def count(characters: bytes) -> int:
        return len(data) - len(data.translate(None, characters))

    latin = text.isascii()
    return Letters(
        words=text.count(" ") + text.count("\n") - text.count("  ") - 2 * text.count("    ") + bool(text),
        letters=count(_LETTERS),
        digits=count(_DIGITS),
        signs=count(_SIGNS),
        wide=0 if latin else count(_WIDE),
        others=0 if latin else count(_OTHERS),
    )
