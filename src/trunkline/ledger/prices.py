"""What an attempt costs: prices as integers, so that charging one is a few multiplications and one rounding.

A price is in nano-dollars for a million tokens of each kind, and for so many of each unit that is no token. Where they
come from is told in `ledger/catalogue.py`. Nothing here is a float.
"""

import msgspec

from trunkline.formats.billing import Details, Unit
from trunkline.formats.conversation import Usage

MILLION = 1_000_000
PER: dict[Unit, int] = {
    "web_search": 1000,
    "social_search": 1000,
    "file_search": 1000,
    "code_execution": 1000,
    "citation_token": MILLION,
    "rerank": 1000,
    "image": 1000,
    "character": MILLION,
    "millisecond": 3_600_000,
    "output_millisecond": 3_600_000,
    "page": 1000,
    "annotated_page": 1000,
    "pixel": 1_000_000_000,
    "message": 1000,
}
"""For how many of a unit its price is: as many as price lists quote, so that no price has to be divided."""
WHOLE = 9_000_000_000
"""A multiple of every number in `PER` and of a million: in parts as small, sums of parts of nano-dollars are exact."""
STANDARD = frozenset({"", "default", "standard", "auto", "on_demand"})
"""What providers call the service tier that has the prices everybody means."""


class Media(msgspec.Struct, frozen=True, gc=False):
    """Nano-dollars per million tokens of sound and pictures, and of what stays in a cache for an hour."""

    cache_write_1h: int
    audio_input: int
    audio_cached: int
    audio_output: int
    image_input: int
    image_cached: int
    image_output: int


class Price(msgspec.Struct, frozen=True, gc=False):
    """Nano-dollars per million tokens of each kind, and per request."""

    input: int
    output: int
    cached: int
    cache_write: int
    reasoning: int
    per_request: int = 0
    tiers: tuple[tuple[int, "Price"], ...] = ()
    """(input tokens above which it applies, the price for all tokens then), rising."""
    media: Media | None = None
    """Where any of these costs something else than the kind it is a part of."""
    units: tuple[tuple[Unit, int], ...] = ()
    """Nano-dollars for `PER[unit]` of a unit."""
    minimum: int = 0
    """Nano-dollars that a request costs at least."""
    services: tuple[tuple[str, "Price"], ...] = ()
    """The prices of other service tiers than the standard one: `batch`, `flex`, `priority`, `fast`."""
    origin: str = ""
    """Where it comes from, and since when it holds: what a row of the ledger says of it."""

    def cost(self, usage: Usage, service: str = "") -> int:
        """Nano-dollars, rounded once, half up. `service`: the service tier, as the provider calls it; one without
        prices of its own costs what the standard one does.
        """
        price = self if not service or service in STANDARD else self.of(service)
        for start, tier in price.tiers:
            if usage.input > start:
                price = tier
        millionths = usage.input * price.input + usage.output * price.output
        if usage.cached or usage.cache_write or usage.reasoning:  # parts of the two, at prices of their own
            cached = min(usage.cached, usage.input)
            written = min(usage.cache_write, usage.input - cached)
            reasoning = min(usage.reasoning, usage.output)
            millionths += (
                cached * (price.cached - price.input)
                + written * (price.cache_write - price.input)
                + reasoning * (price.reasoning - price.output)
            )
        if usage.details is None:
            cost = price.per_request + (millionths + MILLION // 2) // MILLION
        else:
            cost = price.with_details(millionths, usage, usage.details)
        if cost < price.minimum:
            return price.minimum
        return cost

    def of_tokens(self, read: int, made: int) -> int:
        """Nano-dollars of so much input and output that is nothing else: `cost`, in a third of the time."""
        price = self
        if self.tiers:
            for start, tier in self.tiers:
                if read > start:
                    price = tier
        cost = price.per_request + (read * price.input + made * price.output + MILLION // 2) // MILLION
        return max(cost, price.minimum)

    def of(self, service: str) -> "Price":
        """The price at a service tier."""
        return next((price for name, price in self.services if name == service), self)

    def lacks(self, details: Details) -> tuple[Unit, ...]:
        """The units of which there were some and that have no price."""
        priced = {unit for unit, _ in self.units}
        return tuple(unit for unit, _ in details.units if unit not in priced)

    def with_details(self, millionths: int, usage: Usage, details: Details) -> int:
        """The same, with what is told besides the counts; `millionths` is what those cost by the token."""
        if self.media is not None:
            millionths += _of_media(self, self.media, usage, details)
        parts = millionths * (WHOLE // MILLION)
        if details.units and self.units:
            rates = dict(self.units)
            parts += sum(count * rates.get(unit, 0) * (WHOLE // PER[unit]) for unit, count in details.units)
        return self.per_request + (parts + WHOLE // 2) // WHOLE


def _of_media(price: Price, media: Media, usage: Usage, details: Details) -> int:
    """What tokens with prices of their own cost more (or less) than is counted for them, in millionths. None of them is
    more than the whole that it is a part of.
    """
    cached = min(usage.cached, usage.input)
    lasting = min(details.cache_write_1h, usage.cache_write, usage.input - cached)
    audio_cached = min(details.audio_cached, cached)
    image_cached = min(details.image_cached, cached - audio_cached)
    fresh = usage.input - cached - min(usage.cache_write, usage.input - cached)
    audio = min(max(details.audio_input - audio_cached, 0), fresh)
    image = min(max(details.image_input - image_cached, 0), fresh - audio)
    spoken = usage.output - min(usage.reasoning, usage.output)
    audio_output = min(details.audio_output, spoken)
    image_output = min(details.image_output, spoken - audio_output)
    return (
        lasting * (media.cache_write_1h - price.cache_write)
        + audio * (media.audio_input - price.input)
        + image * (media.image_input - price.input)
        + audio_cached * (media.audio_cached - price.cached)
        + image_cached * (media.image_cached - price.cached)
        + audio_output * (media.audio_output - price.output)
        + image_output * (media.image_output - price.output)
    )


class Rates(msgspec.Struct, frozen=True, kw_only=True):
    """Nano-dollars per million tokens as somebody lists them; None: nothing is said."""

    input: int | None = None
    output: int | None = None
    cached: int | None = None
    cache_write: int | None = None
    cache_write_1h: int | None = None
    reasoning: int | None = None
    audio_input: int | None = None
    audio_cached: int | None = None
    audio_output: int | None = None
    image_input: int | None = None
    image_cached: int | None = None
    image_output: int | None = None

    def over(self, base: "Rates") -> "Rates":
        """These where they say something, else `base`."""
        return msgspec.structs.replace(base, **self.said())

    def said(self) -> dict[str, int]:
        """What they say something of."""
        named = ((name, getattr(self, name)) for name in RATES)
        return {name: value for name, value in named if value is not None}

    def price(self) -> Price:
        """A price in which what is not listed costs what the kind that it is a part of costs."""
        read, made = self.input or 0, self.output or 0
        cached = read if self.cached is None else self.cached
        written = read if self.cache_write is None else self.cache_write

        def again(fresh: int | None) -> int:
            return cached if fresh is None or self.cached is not None else fresh

        own = (
            (self.cache_write_1h, written),
            (self.audio_input, read),
            (self.audio_cached, again(self.audio_input)),
            (self.audio_output, made),
            (self.image_input, read),
            (self.image_cached, again(self.image_input)),
            (self.image_output, made),
        )
        media = Media(*(usual if listed is None else listed for listed, usual in own))
        differs = any(listed is not None for listed, _ in own)
        reasoning = made if self.reasoning is None else self.reasoning
        return Price(read, made, cached, written, reasoning, media=media if differs else None)


RATES = Rates.__struct_fields__


def rates_of(price: Price) -> Rates:
    """The same as a list, in which what costs the same as the kind that it is a part of is left out."""
    listed = {name: getattr(price, name) for name in ("input", "output", "cached", "cache_write", "reasoning")}
    if price.media is not None:
        listed |= msgspec.structs.asdict(price.media)
    usual = Rates(input=price.input, output=price.output).price()
    return Rates(**{name: rate for name, rate in listed.items() if rate != _usual(name, price, usual)})


def _usual(name: str, price: Price, plain: Price) -> int | None:
    """What a kind costs where a list does not say: as much as what it is a part of. Input and output always say."""
    if name in ("input", "output"):
        return None
    if name in ("cached", "cache_write", "reasoning"):
        return int(getattr(plain, name))
    whole = {"cache_write_1h": price.cache_write, "audio_cached": price.cached, "image_cached": price.cached}
    return whole.get(name, price.input if name.endswith("input") else price.output)
