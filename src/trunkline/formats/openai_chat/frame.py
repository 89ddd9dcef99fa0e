"""The frame that replies and chunks of Chat Completions and of legacy Completions share: finish reasons, usage, error.

Read from bytes that pass, with as little decoding as will do.
"""

import contextlib
import json
from typing import Any

import msgspec

from trunkline.formats.billing import Details, beyond_belief, reported_cost, told, units
from trunkline.formats.conversation import MOST_TOKENS, Usage


class PromptDetails(msgspec.Struct, gc=False):
    cached_tokens: int | None = 0
    cache_write_tokens: int | None = 0
    cache_creation_input_tokens: int | None = None
    """The same, as DashScope says it."""
    audio_tokens: int | None = 0
    image_tokens: int | None = 0


class CompletionDetails(msgspec.Struct, gc=False):
    reasoning_tokens: int | None = 0
    audio_tokens: int | None = 0
    image_tokens: int | None = 0


_NO_PROMPT, _NO_COMPLETION = PromptDetails(), CompletionDetails()


class FrameUsage(msgspec.Struct, gc=False):
    """The usage object, of which only what is counted is read."""

    prompt_tokens: int | None = 0
    completion_tokens: int | None = 0
    total_tokens: int | None = None
    prompt_tokens_details: PromptDetails | None = None
    completion_tokens_details: CompletionDetails | None = None
    prompt_cache_hit_tokens: int | None = None
    """Cached tokens, as DeepSeek says it."""
    num_cached_tokens: int | None = None
    """… Mistral …"""
    cached_tokens: int | None = None
    """… Moonshot, and Together behind Hugging Face."""
    cache_creation_input_tokens: int | None = None
    """Tokens written to a cache, as gateways in front of Anthropic say it."""

    cost: Any = None
    """In dollars: a number, or an object with a `total_cost`; see `billing.reported_cost`, also of the next three."""
    cost_in_usd_ticks: Any = None
    is_byok: Any = None
    cost_details: Any = None
    server_tool_use: Any = None
    """What the provider's own tools did, as Anthropic and OpenRouter say it."""
    num_search_queries: Any = None
    """… as Perplexity says it …"""
    citation_tokens: Any = None

    def read(self, reasoning_apart: bool = False) -> Usage:
        """`reasoning_apart`: the provider counts reasoning apart from its output, and perhaps in the total only."""
        prompt = self.prompt_tokens_details or _NO_PROMPT
        completion = self.completion_tokens_details or _NO_COMPLETION
        cached, written = prompt.cached_tokens, prompt.cache_write_tokens
        if not cached:
            cached = self.prompt_cache_hit_tokens or self.num_cached_tokens or self.cached_tokens
        read, made = count(self.prompt_tokens), count(self.completion_tokens)
        output = made
        reasoning = count(completion.reasoning_tokens)
        if reasoning and self.total_tokens == read + output + reasoning:
            output += reasoning  # xAI, whatever is known of it
        elif reasoning_apart and count(self.total_tokens) > read + output:
            reasoning = reasoning or count(self.total_tokens) - read - output
            output = count(self.total_tokens) - read
        if reasoning > output:
            reasoning = output  # OpenRouter reports more now and then
        written = count(written or prompt.cache_creation_input_tokens or self.cache_creation_input_tokens)
        if (
            made == self.completion_tokens
            and read == self.prompt_tokens
            and self.cost is None
            and self.cost_in_usd_ticks is None
            and self.server_tool_use is None
            and self.num_search_queries is None
            and self.citation_tokens is None
            and not (prompt.audio_tokens or prompt.image_tokens or completion.audio_tokens or completion.image_tokens)
        ):
            return Usage(read, count(cached), written, output, reasoning)  # nearly all of them
        return Usage(read, count(cached), written, output, reasoning, self._details(prompt, completion))

    def _details(self, prompt: PromptDetails, completion: CompletionDetails) -> Details | None:
        counts = (self.prompt_tokens, self.completion_tokens, prompt.cached_tokens, completion.reasoning_tokens)
        tools = self.server_tool_use if isinstance(self.server_tool_use, dict) else {}
        searches = tools.get("web_search_requests", self.num_search_queries)
        return told(
            Details(
                audio_input=count(prompt.audio_tokens),
                audio_output=count(completion.audio_tokens),
                image_input=count(prompt.image_tokens),
                image_output=count(completion.image_tokens),
                units=units({"web_search": searches, "citation_token": self.citation_tokens}),
                cost=reported_cost(msgspec.structs.asdict(self)),
                impossible=beyond_belief(*counts),
            )
        )


def _lenient(value: object) -> FrameUsage | None:
    """The usage in a decoded object, without fields of an unexpected type; None where nothing is left of it."""
    if type(value) is not dict:
        return None
    with contextlib.suppress(msgspec.ValidationError):
        return msgspec.convert(value, FrameUsage, strict=False)
    kept = {name: field for name, said in value.items() if _is_usual(name, field := _counted(said))}
    return msgspec.convert(kept, FrameUsage, strict=False) if kept else None


def _counted(field: object) -> object:
    """A field of usage, of which only numbers are left where it is an object."""
    if not isinstance(field, dict):
        return field
    return {name: number for name, number in field.items() if isinstance(number, int | float)}


def _is_usual(name: str, field: object) -> bool:
    try:
        msgspec.convert({name: field}, FrameUsage, strict=False)
    except msgspec.ValidationError:
        return False
    return True


def failure_in(value: dict[str, Any], *, named: bool = False) -> object:
    """What a server without `error` says of its failure, where there are no choices; None where it says none.

    vLLM sent `{"object": "error", "message", "code"}` until 0.10, Mistral does; MiniMax says it in `base_resp`. What is
    `named` so, as an event, is one whatever it holds.
    """
    base = value.get("base_resp")
    if isinstance(base, dict) and base.get("status_code"):
        return {"message": base.get("status_msg"), "code": base["status_code"]}
    return value if named or value.get("object") == "error" else None


def count(tokens: int | None) -> int:
    """What a provider reports, which may be null and must not be absurd."""
    return min(tokens, MOST_TOKENS) if tokens is not None and tokens > 0 else 0


def read_usage(value: object, *, reasoning_apart: bool = False) -> Usage | None:
    """The usage in a decoded object; None where it is none."""
    usage = _lenient(value)
    return usage.read(reasoning_apart) if usage is not None else None


def write_usage(usage: Usage) -> dict[str, Any]:
    """The usage object that says `usage`."""
    return {
        "prompt_tokens": usage.input,
        "completion_tokens": usage.output,
        "total_tokens": usage.input + usage.output,
        "prompt_tokens_details": {"cached_tokens": usage.cached, "cache_write_tokens": usage.cache_write},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning},
    }


class FrameChoice(msgspec.Struct, gc=False):
    index: int = 0
    finish_reason: str | None = None


class GroqFrame(msgspec.Struct, gc=False):
    usage: FrameUsage | None = None
    """Where usage was not asked for, Groq tells it here all the same."""


class Frame(msgspec.Struct, gc=False):
    choices: list[FrameChoice] | None = None
    usage: FrameUsage | None = None
    error: Any = None
    x_groq: GroqFrame | None = None
    service_tier: Any = None

    @property
    def tier(self) -> str:
        """The service tier; empty where nothing is said."""
        return self.service_tier if isinstance(self.service_tier, str) else ""


_frame = msgspec.json.Decoder(Frame).decode


def read_frame(data: bytes) -> Frame:
    """The frame of a reply or a chunk. Raises `ValueError` for what is no JSON object."""
    try:
        return _frame(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _read_odd_frame(data)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _read_odd_frame(data: bytes) -> Frame:
    """A frame with something unusual. It passes, for the client may know it, and counts as far as it can."""
    value = read_odd(data)
    choices = value.get("choices")
    return Frame(
        choices=[_odd_choice(choice) for choice in choices] if isinstance(choices, list) else None,
        usage=_lenient(value.get("usage")),
        error=value.get("error"),
        service_tier=value.get("service_tier"),
    )


def read_odd(data: bytes) -> dict[str, Any]:
    """An object that the fast decoder refuses. Raises `ValueError` where it is none.

    Half a surrogate pair is JSON, and some servers cut their output between the two.
    """
    try:
        value = json.loads(data.decode(), parse_constant=_refuse)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if type(value) is not dict:
        raise ValueError("it is not an object")
    return value


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _odd_choice(value: object) -> FrameChoice:
    facts = value if isinstance(value, dict) else {}
    index, finish = facts.get("index"), facts.get("finish_reason")
    return FrameChoice(index if isinstance(index, int) else 0, finish if isinstance(finish, str) else None)
