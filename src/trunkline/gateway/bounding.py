"""The most that a request can cost: what it reserves of a budget that must not be overshot.

No token is shorter than a byte, so the bytes of a request are an upper bound of its input; what is not in its bytes
has a bound of its own (pictures), or none. Output is bounded by the cap that is sent along.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec

from trunkline.formats.format import Asked
from trunkline.ledger.prices import Price
from trunkline.limits.budgets import PER_MILLION, upper_bound

UNKNOWN_OUTPUT: Final = 16_384
"""Tokens at which output is capped where neither caller nor model says how much it may be."""
LEAST_OUTPUT: Final = 16
"""Tokens: the least that every provider takes as a cap (OpenAI's Responses API)."""
OVERHEAD: Final = 512
OVERHEAD_OF_TOOLS: Final = 4096
"""Tokens of input that providers put around a conversation, and around one with tools."""
PICTURE: Final = 50_000
"""Tokens of input that a picture may be, whatever its bytes: 8 tiles of `gpt-4o-mini` are 48,169."""

_PICTURES = re.compile(rb'"type"\s*:\s*"(?:image|image_url|input_image)"|"(?:inlineData|inline_data|image)"\s*:\s*\{')
_BOUNDLESS = re.compile(
    rb'"type"\s*:\s*"(?:document|file|input_file|container_upload|video\w*'  # whole files, by the page or the second
    rb'|(?:web_search|web_fetch|file_search|code_interpreter|code_execution|computer|mcp|image_generation)\w*)"'
    rb'|"(?:fileData|file_data|document|video|googleSearch|google_search|googleSearchRetrieval|google_search_retrieval'
    rb"|codeExecution|code_execution|urlContext|url_context|fileSearch|file_search|googleMaps|google_maps"
    rb'|web_search_options)"\s*:\s*\{'
    rb'|"(?:previous_response_id|cachedContent|cached_content|container|conversation)"\s*:\s*["{]'
    rb'|"(?:mcp_servers|plugins)"\s*:\s*\[|"prompt"\s*:\s*\{'
)
"""What providers run, fetch or remember by themselves. As keys only with values of the kind that they have there, so
that a tool's parameter of such a name is not taken for one.
"""
_THINKING = re.compile(rb'"budget_tokens"\s*:\s*([0-9]{1,9})')


Dearest = tuple[int, int, int]
"""Prices of a request, of a million tokens of input, and of output, in nano-dollars."""


class _Message(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """One that is only a text."""

    content: str
    role: Any = None
    name: Any = None


class _Texts(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A chat in which nothing costs but its length, and what its cap says."""

    messages: Annotated[list[_Message], msgspec.Meta(min_length=1)]
    model: Any = None
    stream: Any = None
    stream_options: Any = None
    user: Any = None
    n: Any = None
    seed: Any = None
    stop: Any = None
    stop_sequences: Any = None
    service_tier: Any = None
    max_tokens: Any = None
    max_completion_tokens: Any = None
    reasoning_effort: Any = None
    temperature: Any = None
    top_p: Any = None
    top_k: Any = None
    presence_penalty: Any = None
    frequency_penalty: Any = None


class Contents(msgspec.Struct, frozen=True, gc=False):
    """What decides over the cost of a request, beside its size."""

    endless: str = ""
    """What has no bound on its cost; empty where all has one."""
    pictures: int = 0
    thinks: int = 0
    """Tokens that it may think for."""


TEXTS: Final = Contents()


class Bound(msgspec.Struct, frozen=True, gc=False):
    """Of one request to one model."""

    fixed: int
    """Nano-dollars that all but the output can cost."""
    price: int
    """Nano-dollars of a million tokens of output, the dearest kind."""
    wanted: int
    """Tokens of output, of all choices together."""
    contents: Contents
    choices: int

    @property
    def cost(self) -> int:
        """Nano-dollars that all of it can cost."""
        return upper_bound(self.fixed, self.price, self.wanted)

    @property
    def least(self) -> int:
        """Tokens of output below which the request makes no sense."""
        thinks = self.contents.thinks
        return min(self.wanted, self.choices * (LEAST_OUTPUT if thinks < LEAST_OUTPUT else thinks + 1))


def plain(body: bytes) -> bytes:
    """A request without escapes, behind which a name could hide."""
    return msgspec.json.encode(msgspec.json.decode(body)) if b"\\" in body and b"\\u" in body else body


def boundless(body: bytes) -> str:
    """What in a request, as `plain` gives it, has no bound on its cost; empty where all has one."""
    found = _BOUNDLESS.search(body)
    if found is None:
        return ""
    name, value = (each.strip(' "') for each in found[0].decode("latin-1").split(":", 1))
    return value if name == "type" else name


def only_texts(value: Mapping[str, Any]) -> bool:
    """Whether a request is a chat with nothing in it but texts and numbers, as most are: `contents_of` would find
    `TEXTS`. It takes a fraction of the time, and the bytes need not be written for it.
    """
    try:
        msgspec.convert(value, _Texts)
    except msgspec.ValidationError:
        return False
    return True


def contents_of(body: bytes) -> Contents:
    """The same of any request."""
    body = plain(body)
    thinks = max(map(int, _THINKING.findall(body)), default=0)
    return Contents(boundless(body), len(_PICTURES.findall(body)), thinks)


def bound_of(contents: Contents, asked: Asked, prices: Dearest, most_output: int | None) -> Bound:
    """The most that a request can cost. `most_output`: the model's own bound on one choice, where it is known."""
    per_request, input_price, output_price = prices
    tokens = asked.size + (OVERHEAD_OF_TOOLS if asked.tools else OVERHEAD) + PICTURE * contents.pictures
    wanted = asked.output_cap or asked.choices * (most_output or UNKNOWN_OUTPUT)
    fixed = per_request - (-tokens * input_price // PER_MILLION)
    return Bound(fixed, output_price, wanted, contents, asked.choices)


def dearest(price: Price) -> Dearest:
    """The highest prices, whatever their kind, tier and service."""
    services = [price, *(service for _, service in price.services)]
    prices = [each for service in services for each in (service, *(tier for _, tier in service.tiers))]
    media = [each.media for each in prices if each.media is not None]
    return (
        max(max(each.per_request, each.minimum) for each in prices),
        max(
            *(kind for each in prices for kind in (each.input, each.cached, each.cache_write)),
            *(kind for each in media for kind in (each.cache_write_1h, each.audio_input, each.image_input)),
            *(kind for each in media for kind in (each.audio_cached, each.image_cached)),
        ),
        max(
            *(kind for each in prices for kind in (each.output, each.reasoning)),
            *(kind for each in media for kind in (each.audio_output, each.image_output)),
        ),
    )
