"""The neutral types that every format reads into and writes from: what a conversation is, whoever's words it came in.

A `Request` holds messages of parts, a `Reply` choices of parts, and a stream is a list of `Event`s that add to such
parts. What a format says that has no place here stays in `extras` of the node it came with, under the format's name,
and the same format writes it back; every other format must tell what it leaves behind (`formats/losses.py`).

Two rules make reading and writing in one format an identity. A reader takes out of an object only what it has
understood in full; the rest, also `null`, stays in `extras`. A writer lays `extras` first and what it knows over it.
Where a format has several ways to say the same thing, `spelling` names the one that was used.
"""

from typing import Any, Literal, TypeAlias

import msgspec

from trunkline.formats.billing import Details

MOST_TOKENS = 1_000_000_000
"""More tokens than any request can have. What a client asks or a provider reports beyond is counted as this many."""

FormatName: TypeAlias = Literal[
    "openai_chat", "openai_completions", "openai_responses", "anthropic_messages", "google_generate", "bedrock_converse"
]
Role: TypeAlias = Literal["system", "developer", "user", "assistant", "tool"]
Extras: TypeAlias = dict[str, dict[str, Any]]
"""Format → field → value as it came."""


class Usage(msgspec.Struct, frozen=True, gc=False):
    """Tokens of one attempt, in disjoint-by-subtraction form.

    `input` includes the cached and the cache-written tokens, `output` includes the reasoning ones, whatever the
    provider's own arithmetic is.
    """

    input: int = 0
    cached: int = 0
    cache_write: int = 0
    output: int = 0
    reasoning: int = 0
    details: Details | None = None
    """What is told besides, where anything is."""


class Node(msgspec.Struct, kw_only=True):
    """What every piece of a conversation has."""

    extras: Extras = {}
    spelling: dict[str, str] = {}
    """Which of several ways the source used, by the field's name here. Only the source's own format looks at it."""


# Parts of a message


class CacheHint(msgspec.Struct, frozen=True):
    """The prompt up to here is worth caching."""

    ttl: str = ""
    """`5m`, `1h`; empty for the provider's default."""


Unit: TypeAlias = Literal["characters", "pages", "blocks", "result"]


class Passage(msgspec.Struct, frozen=True):
    """A passage of what was sent: of a document, or of a search result (its blocks). `end` is behind the last."""

    unit: Unit
    source: int
    """Number of the document, or of the result, from 0."""
    start: int
    end: int


class Citation(Node):
    """Where a piece of text comes from."""

    url: str = ""
    title: str = ""
    cited: str = ""
    """The words of the source."""
    start: int | None = None
    """First character of the text it stands behind, counted in the part's text."""
    end: int | None = None
    passage: Passage | None = None


class Part(Node):
    """Part of a message."""

    cache: CacheHint | None = None


class Text(Part, tag="text"):
    """Words."""

    text: str = ""
    citations: list[Citation] = []


class Image(Part, tag="image"):
    """A picture: by address, by bytes or by a file's id at the provider."""

    url: str = ""
    data: str = ""
    """Base64."""
    media_type: str = ""
    file_id: str = ""
    detail: str = ""
    """`low`, `high`, `auto`, …"""


class Audio(Part, tag="audio"):
    """Sound."""

    data: str = ""
    """Base64."""
    media_type: str = ""
    """`audio/wav`, `audio/mpeg`, …"""
    url: str = ""
    id: str = ""
    transcript: str = ""


class File(Part, tag="file"):
    """A document or any other file (also video): by address, by bytes, by text or by a file's id at the provider."""

    url: str = ""
    data: str = ""
    """Base64."""
    text: str = ""
    media_type: str = ""
    name: str = ""
    file_id: str = ""


class ToolCall(Part, tag="tool_call"):
    """The model wants a tool to be run."""

    id: str = ""
    """Empty where the side that made it gives none."""
    name: str = ""
    arguments: str = ""
    """A JSON text, as the model wrote it: it may be cut, or no JSON."""
    signature: str = ""
    """What the provider wants back with the call on the next turn (Google's `thoughtSignature`)."""
    issuer: str = ""
    """Whose `signature` it is: see `Reasoning.issuer`."""


class ToolResult(Part, tag="tool_result"):
    """What a tool answered."""

    call: str = ""
    """`ToolCall.id`."""
    name: str = ""
    """Name of the tool, where the format carries it."""
    content: list["AnyPart"] = []
    plain: bool = False
    """It came as one string rather than as parts."""
    failed: bool | None = None


class Reasoning(Part, tag="reasoning"):
    """What the model thought."""

    text: str = ""
    summary: list[str] = []
    """Summaries, where the provider shows only these."""
    continues: bool = False
    """Only of a piece of a stream: its first summary goes on where the last one that came has stopped."""
    signature: str = ""
    """What proves to its issuer that `text` is unchanged."""
    encrypted: str = ""
    """The reasoning itself, readable by its issuer only."""
    id: str = ""
    issuer: str = ""
    """Family of models that made `signature` and `encrypted`, and alone accepts them back: `anthropic`, `google`,
    `openai`, `xai`, …; empty where there is neither.
    """


class Refusal(Part, tag="refusal"):
    """The model says that it will not."""

    text: str = ""


class Foreign(Part, tag="foreign"):
    """A part that only its own format knows: a server's tool, a container, …"""

    format: str = ""
    kind: str = ""
    value: dict[str, Any] = {}


AnyPart: TypeAlias = Text | Image | Audio | File | ToolCall | ToolResult | Reasoning | Refusal | Foreign


class Message(Node):
    """One message, in the grouping of the format it came in (see `formats/turns.py` for others')."""

    role: Role
    parts: list[AnyPart] = []
    plain: bool = False
    """Its content came as one string rather than as parts."""
    name: str = ""
    id: str = ""
    at: str = ""
    """Its path in the document it came in, such as `messages[3]`, for telling what is wrong."""


# Requests


class Tool(Node):
    """A function that the client can run."""

    name: str
    description: str = ""
    parameters: dict[str, Any] | None = None
    """JSON Schema of its arguments."""
    strict: bool | None = None
    cache: CacheHint | None = None
    at: str = ""


class ForeignTool(Node):
    """A tool that only its own format knows (run by the provider, mostly)."""

    format: str
    kind: str
    value: dict[str, Any]
    at: str = ""


ChoiceMode: TypeAlias = Literal["auto", "none", "required"]


class ToolChoice(Node):
    """Whether tools must be called, and which may."""

    mode: ChoiceMode
    """`required` with one name: that very tool."""
    names: list[str] = []
    """The only ones that may be called; empty: all."""


class OutputFormat(Node):
    """What the text of the answer must be."""

    kind: Literal["text", "json", "schema"]
    name: str = ""
    description: str = ""
    schema: dict[str, Any] | None = None
    strict: bool | None = None


Effort: TypeAlias = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]
ThinkingMode: TypeAlias = Literal["on", "off", "adaptive", ""]


class Thinking(Node):
    """How much the model shall reason, and what is shown of it."""

    mode: ThinkingMode = ""
    """`adaptive`: the model decides; empty: not said."""
    effort: Effort | None = None
    budget: int | None = None
    """Tokens."""
    shown: bool | None = None
    """Whether the reasoning (or a summary of it) is to be in the answer; None: not said."""
    summary: str = ""
    """`auto`, `concise`, `detailed`, where asked for."""


class Request(Node):
    """What a client asks."""

    format: FormatName
    model: str = ""
    instructions: Message | None = None
    """What stands apart from the messages (Anthropic's `system`, Google's `systemInstruction`, `instructions`)."""
    messages: list[Message] = []
    tools: list[Tool | ForeignTool] = []
    tool_choice: ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    output: OutputFormat | None = None
    thinking: Thinking | None = None
    verbosity: str = ""
    max_output: int | None = None
    temperature: float | int | None = None
    """A number keeps its type, so that `1` is written back as `1`."""
    top_p: float | int | None = None
    top_k: float | int | None = None
    presence_penalty: float | int | None = None
    frequency_penalty: float | int | None = None
    seed: int | None = None
    stop: list[str] = []
    choices: int | None = None
    logit_bias: dict[str, float | int] | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    stream: bool = False
    stream_usage: bool | None = None
    user: str = ""
    metadata: dict[str, str] | None = None
    service_tier: str = ""
    cache_key: str = ""
    """Requests with the same key share a prompt's beginning."""
    cache: CacheHint | None = None
    """The whole prompt is worth caching."""
    store: bool | None = None


# Replies


class Logprob(Node):
    """How likely a token was."""

    token: str
    logprob: float | int
    bytes: list[int] | None = None
    top: list["Logprob"] = []


StopReason: TypeAlias = Literal[
    "stop",  # the model was done
    "stop_sequence",
    "length",  # the cap on output, or the model's own
    "context",  # the context window is full
    "tool_calls",
    "filtered",  # by the provider
    "refused",  # by the model
    "paused",  # a server's tool has run long: send the turn again to go on
    "failed",  # the provider could not finish
]


class Stop(Node):
    """Why a choice ended."""

    reason: StopReason
    said: str = ""
    """The provider's own word for it."""
    sequence: str = ""
    """The stop sequence that was met, where it is told."""
    explanation: str = ""


class Choice(Node):
    """One answer."""

    index: int = 0
    parts: list[AnyPart] = []
    stop: Stop | None = None
    logprobs: list[Logprob] | None = None


class Reply(Node):
    """What a model answered."""

    format: FormatName
    id: str = ""
    model: str = ""
    created: int | None = None
    """Unix time, seconds."""
    choices: list[Choice] = []
    usage: Usage | None = None
    reported: dict[str, Any] | None = None
    """The usage object as it came. Its own format writes it back as long as it still says `usage`."""
    service_tier: str = ""


# Streams


class Delta(Node):
    """A piece of a part. Deltas with the same `choice` and `part` build one part, in the order of their coming."""

    choice: int
    part: int
    """Number of the part in its choice, in the order in which parts began."""
    piece: AnyPart | None = None
    """What is added: texts, arguments, signatures are appended, other fields are set where they are not empty."""
    begins: bool = False
    """The source says so: formats without block boundaries never do."""
    ends: bool = False
    logprobs: list[Logprob] | None = None


class Event(Node):
    """What one event of a stream said. Everything but `extras` may be empty."""

    id: str = ""
    model: str = ""
    created: int | None = None
    service_tier: str = ""
    kind: str = ""
    """The source's own name of the event, where it has one; only its own format looks at it."""
    starts: bool = False
    """The reply begins."""
    deltas: list[Delta] = []
    stops: dict[int, Stop] = {}
    """Choices that end."""
    usage: Usage | None = None
    """Cumulative: the last one counts."""
    reported: dict[str, Any] | None = None
    error: Any = None
    """The provider failed in the middle; the value it sent."""
    ends: bool = False
    """Nothing follows."""
