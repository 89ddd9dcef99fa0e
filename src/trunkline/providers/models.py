"""What a model accepts at a provider: the provider's page with the facts of the model's family laid over it.

The data is in `families/`; context windows come from the price catalogue where it has them.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec

from trunkline.formats.conversation import FormatName
from trunkline.formats.dialect import Dialect, Parameter
from trunkline.providers.base import Need, Provider
from trunkline.providers.families import FAMILIES, Family, Rules, Taken

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo

REMEMBERED = 4096
"""Models whose facts are kept. Callers choose names of models, so it must be bounded."""

SIGNERS = frozenset({"anthropic", "google", "openai", "xai"})
"""Makers whose reasoning comes with a signature, or encrypted, and is wanted back so."""

_REGIONS = frozenset({"us", "eu", "apac", "jp", "au", "ca", "sa", "global", "us-gov"})
_VENDORS = frozenset(
    {"ai21", "amazon", "anthropic", "cohere", "google", "meta", "minimax", "mistral", "moonshot", "moonshotai"}
    | {"nvidia", "openai", "qwen", "writer", "zai"}
)
_SIGNS = re.compile(r"[._@ ]")


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one model at one provider."""

    name: str
    """As the provider calls it."""
    maker: str = ""
    """Who made it; empty where that is not known."""
    tokenizer: str = ""
    """Whose way of counting `tokens.estimate` is to take."""
    context: int | None = None
    """Tokens of prompt and answer together. Of two sources that differ, the larger: what is too much for a model its
    provider refuses, too.
    """
    max_output: int | None = None
    takes: frozenset[Taken] | None = None
    """What it takes besides text; None: not known."""
    tools: bool = True
    reasons: bool = True
    refuses_thinking: frozenset[Parameter] = frozenset()
    """What it refuses while it reasons, besides what it always refuses."""


def plain(model: str) -> str:
    """A name as the families are known by: `us.anthropic.claude-sonnet-4-5-20250929-v1:0`, `claude-sonnet-4.5:beta`
    and `anthropic/claude-sonnet-4-5@20250929` all begin with `claude-sonnet-4-5`.
    """
    name = model.lower().removeprefix("ft:").rpartition("/")[2].partition(":")[0]
    for known in (_REGIONS, _VENDORS):
        first, dot, rest = name.partition(".")
        name = rest if dot and first in known else name
    return _SIGNS.sub("-", name).removeprefix("meta-")


@lru_cache(REMEMBERED)
def family_of(model: str) -> Family | None:
    """The family whose name is the longest beginning of the model's; None if there is none."""
    known = beginning(plain(model), _FAMILY_OF)
    return _FAMILY_OF[known] if known is not None else None


_FAMILY_OF = {name: family for family in FAMILIES for name in family.names}


def beginning(name: str, beginnings: Iterable[str]) -> str | None:
    """The longest of `beginnings` after which `name` ends or goes on with something other than a letter or digit."""
    fitting = (b for b in beginnings if name.startswith(b) and not name[len(b) : len(b) + 1].isalnum())
    return max(fitting, key=len, default=None)


@lru_cache(REMEMBERED)
def _dialect(provider: "_ByIdentity", model: str) -> Dialect:
    facts, family = provider.facts, family_of(model)
    rules: dict[str, Any] = {}
    refuses, refuses_thinking = facts.dialect.refuses, facts.dialect.refuses_thinking
    if family is not None:
        at_makers = family.maker in facts.makers
        refuses |= family.refuses | _cannot_take(family)
        refuses_thinking |= family.refuses_thinking
        if at_makers:
            rules |= family.rules
        if not family.reasons:
            rules["thinks"] = ""
        if (
            family.maker in SIGNERS
            and not family.open
            and (at_makers or facts.dialect.reasoning_field == "reasoning_details")
        ):
            rules["issuer"] = family.maker
        if family.max_output is not None and (at_makers or not family.open):
            rules["max_output"] = family.max_output
    known = beginning(plain(model), facts.models)
    own: Rules = facts.models[known] if known is not None else {}
    refuses |= own.get("refuses", frozenset())
    if "refuses" in facts.overrides:
        refuses_thinking = frozenset()
    refused: Any = {"refuses": refuses, "refuses_thinking": refuses_thinking}
    return msgspec.structs.replace(facts.dialect, **{**rules, **own, **refused, **facts.overrides})


class _ByIdentity:
    """A provider's page as a key: there are few, they never change, and comparing them whole would be slow."""

    __slots__ = ("facts",)

    def __init__(self, facts: Provider) -> None:
        self.facts = facts

    def __hash__(self) -> int:
        return id(self.facts)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ByIdentity) and other.facts is self.facts


def facts_for(provider: Provider, model: str) -> Dialect:
    """How `model`, by the provider's own name for it, is to be asked at `provider`."""
    return _dialect(_ByIdentity(provider), model)


@lru_cache(REMEMBERED)
def _needed(provider: _ByIdentity, model: str) -> tuple[FormatName, Need] | None:
    name = plain(model)
    found = [(one, also) for also in provider.facts.also if (one := beginning(name, also.models)) is not None]
    if not found:
        return None
    longest, also = max(found, key=lambda pair: len(pair[0]))
    return also.format, also.models[longest]


def needed_format(provider: Provider, model: str) -> tuple[FormatName, Need] | None:
    """The format in which alone `model` is spoken to, whatever the provider speaks besides, and when; None: any."""
    return _needed(_ByIdentity(provider), model)


def _cannot_take(family: Family) -> frozenset[Parameter]:
    refused: set[Parameter] = set() if family.tools else {"tools"}
    if family.takes is not None and "images" not in family.takes:
        refused.add("images")
    if family.takes is not None and "audio" not in family.takes:
        refused.add("audio")
    return frozenset(refused)


def model_at(provider: Provider, model: str) -> Model:
    """What is known of a model. The first call loads the price catalogue, some half a second: for worker threads."""
    return _model(_ByIdentity(provider), model)


@lru_cache(REMEMBERED)
def _model(provider: _ByIdentity, model: str) -> Model:
    facts, family = provider.facts, family_of(model)
    info = _in_catalogue(facts.catalogue, model) if facts.catalogue else None
    listed = (info.context_window or 0) if info is not None else 0
    if family is None:
        return Model(name=model, context=listed or None)
    limited_here = family.maker in facts.makers or not family.open
    return Model(
        name=model,
        maker=family.maker,
        tokenizer=family.tokenizer or family.maker,
        context=max(listed, (family.context or 0) if limited_here else 0) or None,
        max_output=family.max_output if limited_here else None,
        takes=family.takes,
        tools=family.tools,
        reasons=family.reasons,
        refuses_thinking=family.refuses_thinking,
    )


def _in_catalogue(catalogue: str, model: str) -> "ModelInfo | None":
    from genai_prices.data_snapshot import get_snapshot  # here, because it is large and slow to import

    try:
        return get_snapshot().find_provider_model(model, None, catalogue, None)[1]
    except LookupError:
        return None
