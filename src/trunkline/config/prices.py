"""What an operator may say of a model's price, under `prices` and a provider's `price`."""

import re
from collections.abc import Mapping
from datetime import time
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, PlainSerializer, PlainValidator, WithJsonSchema

from trunkline.config import kinds, values
from trunkline.config.section import Section, setting

CURRENCY: Final = "[A-Z]{3}"


def _time_of_day(value: object) -> time:
    if not isinstance(value, str) or not re.fullmatch("([01][0-9]|2[0-3]):[0-5][0-9]", value):
        raise values.due('a time of the day, in quotes, such as "16:30"', value)
    return time.fromisoformat(value)


def _currency(value: object) -> str:
    code = values.text(value)
    if not re.fullmatch(CURRENCY, code):
        raise values.due("a currency's code such as EUR", value)
    return code


def _above_zero(nanos: int) -> int:
    if not nanos:
        raise values.wrong("a currency is worth something", "with 0, whatever is priced in it would be free")
    return nanos


TimeOfDay = Annotated[
    time,
    PlainValidator(_time_of_day),
    PlainSerializer(lambda value: value.isoformat("minutes"), when_used="json"),
    WithJsonSchema({"title": "time of the day", "type": "string", "pattern": "^[0-2][0-9]:[0-5][0-9]$"}),
]
Currency = Annotated[
    str,
    PlainValidator(_currency),
    WithJsonSchema({"title": "currency", "type": "string", "pattern": f"^{CURRENCY}$"}),
]
Worth = Annotated[kinds.Price, AfterValidator(_above_zero)]
"""Nano-dollars for one unit of a currency."""
Service = Literal["batch", "flex", "priority", "fast"]


class TokenPrices(Section):
    """What a million tokens cost, by kind; what is not named costs what the kind that it is a part of costs."""

    input: kinds.Price | None = setting(None, "A million tokens of input.")
    output: kinds.Price | None = setting(None, "A million tokens of output.")
    cached: kinds.Price | None = setting(None, "A million tokens of input that the provider had cached.")
    cache_write: kinds.Price | None = setting(None, "A million tokens of input that the provider caches.")
    cache_write_1h: kinds.Price | None = setting(None, "… that it caches for an hour.")
    reasoning: kinds.Price | None = setting(None, "A million tokens of reasoning.")
    audio_input: kinds.Price | None = setting(None, "A million tokens of sound in the input.")
    audio_cached: kinds.Price | None = setting(None, "… that the provider had cached.")
    audio_output: kinds.Price | None = setting(None, "A million tokens of sound in the output.")
    image_input: kinds.Price | None = setting(None, "A million tokens of pictures in the input.")
    image_cached: kinds.Price | None = setting(None, "… that the provider had cached.")
    image_output: kinds.Price | None = setting(None, "A million tokens of pictures in the output.")


class LongPrompts(TokenPrices):
    """Prices of all tokens of a request whose input is long."""

    above: kinds.Count = setting(..., "Tokens of input; the prices are for a request that has more.", ge=1)


class PartOfTheDay(TokenPrices):
    """Prices for a part of each day. It is the attempt's begin that counts."""

    begin: TimeOfDay = setting(..., "When it begins, UTC.")
    end: TimeOfDay = setting(..., "When it ends, UTC; it may be on the next day.")


class UnitPrices(Section):
    """What one of each costs, where it is counted."""

    web_search: kinds.Price | None = setting(None, "A search of the web by the provider's own tool.")
    file_search: kinds.Price | None = setting(None, "A search of stored files by the provider's own tool.")
    code_execution: kinds.Price | None = setting(None, "A run of the provider's own code interpreter.")
    image: kinds.Price | None = setting(None, "A picture.")
    second: kinds.Price | None = setting(None, "A second of sound.")
    character: kinds.Price | None = setting(None, "A character of text to speak.")
    page: kinds.Price | None = setting(None, "A page of a document.")
    rerank: kinds.Price | None = setting(None, "A search whose results are ranked.")


class Price(TokenPrices):
    """What a model costs, in US dollars or `currency`; what is not named here is as in the price catalogue.

    Read, they are integers: nano-dollars per million tokens, and per request. Where `input` or `output` is named, what
    the catalogue says of long prompts and of other service tiers is not used.
    """

    per_request: kinds.Price | None = setting(None, "One request, besides its tokens.")
    minimum: kinds.Price | None = setting(None, "What a request costs at least.")
    units: UnitPrices | None = setting(None, "What is not charged by the token.")
    tiers: Annotated[tuple[LongPrompts, ...], kinds.MaybeList] = setting((), "Other prices for long prompts.")
    services: Annotated[Mapping[Service, TokenPrices], kinds.MaybeMapping] = setting(
        {}, "Other prices at the service tiers `batch`, `flex`, `priority` and `fast`, where a reply says it had one."
    )
    hours: Annotated[tuple[PartOfTheDay, ...], kinds.MaybeList, Field(max_length=24)] = setting(
        (), "Other prices for parts of the day; the last that holds counts."
    )
    currency: Currency = setting("USD", "What they are in: one of `currencies`.")
    since: kinds.Moment | None = setting(
        None, "The day (UTC) from which they hold; before it, the catalogue's do. Rows say it beside the cost."
    )
