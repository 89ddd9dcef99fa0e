"""A provider's own account of its usage beside the ledger's: read, brought into one shape, compared.

Known shapes, told apart by their fields: OpenAI's `organization/usage/completions` and `organization/costs`,
Anthropic's `organizations/usage_report/messages` and `organizations/cost_report`, all as JSON pages or lines of pages;
and CSV, whose columns are found by their usual names or named by whoever has the file.
"""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final, Literal

import msgspec

from trunkline.store.listing import DailyLine

Figure = Literal["requests", "input", "cached", "output", "cost"]
FIGURES: Final[tuple[Figure, ...]] = ("requests", "input", "cached", "output", "cost")
Aspect = Literal["day", "model", "key"]
ASPECTS: Final[tuple[Aspect, ...]] = ("day", "model", "key")
Place = tuple[str, ...]
"""What tells lines apart: some of a day, a model and a key."""

_NANO: Final = 1_000_000_000


class Unreadable(ValueError):
    """The file is none of the known shapes."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """What the provider says of one day, model and key. None and empty: it does not say."""

    day: date
    model: str = ""
    key: str = ""
    requests: int | None = None
    input: int | None = None
    """Includes the cached ones, as in the ledger."""
    cached: int | None = None
    output: int | None = None
    cost: int | None = None
    """Nano-dollars."""


class Difference(msgspec.Struct, frozen=True):
    """One figure, told by the provider and by the ledger."""

    place: Place
    figure: Figure
    theirs: int
    ours: int


# Reading


def read(text: str, columns: Mapping[str, str] | None = None) -> list[Entry]:
    """The entries of a file. `columns`: of a CSV, which column is `day`, `model`, `key` or a figure. Raises
    `Unreadable`.
    """
    try:
        if text.lstrip()[:1] in ("{", "["):
            return list(_read_pages(text))
        return list(_read_csv(text.removeprefix("\ufeff"), columns or {}))
    except Unreadable:
        raise
    except csv.Error as error:
        raise Unreadable(f"it is no table: {error}") from None
    except KeyError as error:
        raise Unreadable(f"it is none of the known answers of an API: {error} is missing in it") from None
    except (TypeError, AttributeError, ValueError, ArithmeticError):
        raise Unreadable("it is none of the known answers of an API: something in it is of another kind") from None


def _read_pages(text: str) -> Iterator[Entry]:
    try:
        pages = json.loads(text, parse_float=Decimal)
    except ValueError:
        try:
            pages = [json.loads(line, parse_float=Decimal) for line in text.splitlines() if line.strip()]
        except ValueError as error:
            raise Unreadable(f"it is not JSON: {error}") from None
    for page in pages if isinstance(pages, list) else [pages]:
        for bucket in page.get("data", [page]):
            begin = bucket.get("start_time", bucket.get("starting_at"))
            if begin is None or "results" not in bucket:
                raise Unreadable("no results with a start_time or starting_at are in it")
            for result in bucket["results"]:
                yield _entry(_day(begin), result)


def _entry(day: date, result: Mapping[str, Any]) -> Entry:
    model, key = result.get("model") or "", result.get("api_key_id") or ""
    if "amount" in result:
        return Entry(day=day, model=model, key=key, cost=_cost(result))
    if "uncached_input_tokens" in result:  # Anthropic's, beside which stands what the cache has read and written
        cached = int(result.get("cache_read_input_tokens") or 0)
        written = sum(int(count) for count in (result.get("cache_creation") or {}).values())
        whole = int(result["uncached_input_tokens"]) + cached + written
        return Entry(day=day, model=model, key=key, input=whole, cached=cached, output=int(result["output_tokens"]))
    requests, again = result.get("num_model_requests"), result.get("input_cached_tokens")
    return Entry(
        day=day,
        model=model,
        key=key,
        requests=None if requests is None else int(requests),
        input=int(result["input_tokens"]),
        cached=None if again is None else int(again),
        output=int(result["output_tokens"]),
    )


def _cost(result: Mapping[str, Any]) -> int:
    """OpenAI's is an object in dollars; Anthropic's a decimal in cents."""
    amount = result["amount"]
    if isinstance(amount, Mapping):
        return _nano(amount["value"], str(amount.get("currency") or "usd"))
    return _nano(Decimal(str(amount)) / 100, str(result.get("currency") or "usd"))


def _nano(amount: object, currency: str = "usd") -> int:
    if currency.lower() != "usd":
        raise Unreadable(f"its amounts are in {currency}, and the ledger's in US dollars")
    return round(Decimal(str(amount).lstrip("$").replace(",", "")) * _NANO)


_USUAL: Final[Mapping[str, tuple[str, ...]]] = {
    "day": ("day", "date", "usage_date_utc", "usage_date", "start_time_iso", "start_time", "timestamp", "created_at"),
    "model": ("model", "model_version", "snapshot_id", "model_permaslug"),
    "key": ("key", "api_key", "api_key_name", "api_key_id"),
    "requests": ("requests", "num_model_requests", "n_requests", "num_requests"),
    "input": ("input_tokens", "prompt_tokens", "n_context_tokens_total", "tokens_prompt"),
    "cached": ("cached_tokens", "input_cached_tokens", "usage_input_tokens_cache_read", "tokens_cached"),
    "output": ("output_tokens", "completion_tokens", "n_generated_tokens_total", "tokens_completion"),
    "cost": ("cost", "cost_usd", "amount_value", "amount", "cost_total"),
}
"""What columns of exports are called, by what they mean."""
_BESIDE: Final = "usage_input_tokens_no_cache"
"""In the export of Anthropic's console, the input without what the cache has read and written, in these columns."""
_WRITTEN: Final = ("usage_input_tokens_cache_write_5m", "usage_input_tokens_cache_write_1h")


def _read_csv(text: str, columns: Mapping[str, str]) -> Iterator[Entry]:
    table = csv.DictReader(io.StringIO(text))
    there = {name.strip().lower(): name for name in table.fieldnames or ()}
    wrong = [name for name in columns.values() if name.strip().lower() not in there]
    if wrong:
        raise Unreadable(f"it has no column {wrong[0]!r}; it has {', '.join(there.values())}")
    named = {what: there[name.strip().lower()] for what, name in columns.items()}
    for what, usual in {**_USUAL, "output": (*_USUAL["output"], "usage_output_tokens")}.items():
        known = next((there[name] for name in usual if name in there), None)
        if what not in named and known is not None:
            named[what] = known
    if "day" not in named or not named.keys() & {*FIGURES}:
        raise Unreadable(f"its columns do not say which is the day, and which a figure: {', '.join(there.values())}")
    for line in table:
        try:
            yield _of_line(line, named, there)
        except Unreadable as error:
            raise Unreadable(f"line {table.line_num}: {error}") from None


def _of_line(line: Mapping[str, str | None], named: Mapping[str, str], there: Mapping[str, str]) -> Entry:
    cells = {what: (line[name] or "").strip() for what, name in named.items()}
    figures: dict[str, int | None] = {name: _figure(name, cells.get(name, "")) for name in FIGURES}
    if figures["input"] is None and _BESIDE in there:
        fresh = sum(_figure(name, line[there[name]] or "") or 0 for name in (_BESIDE, *_WRITTEN) if name in there)
        figures["input"] = fresh + (figures["cached"] or 0)
    return Entry(day=_day(cells["day"]), model=cells.get("model", ""), key=cells.get("key", ""), **figures)


def _figure(name: str, cell: str) -> int | None:
    if not cell:
        return None
    try:
        return _nano(cell) if name == "cost" else int(Decimal(cell.replace(",", "")))
    except (ValueError, ArithmeticError):
        raise Unreadable(f"{cell!r} is no number, and should be {name}") from None


def _day(moment: object) -> date:
    """The UTC day of a Unix time or of a date in ISO form."""
    text = str(moment)
    try:
        if text.isdecimal():
            return datetime.fromtimestamp(int(text), UTC).date()
        when = datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        raise Unreadable(f"{text!r} is no date") from None
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).astimezone(UTC).date()


# Comparing


def aspects_of(entries: Iterable[Entry]) -> tuple[Aspect, ...]:
    """By what the entries can be told apart: the day, and what every one of them names."""
    known = list(entries)
    return tuple(name for name in ASPECTS if name == "day" or all(getattr(entry, name) for entry in known))


def compare(
    entries: Iterable[Entry], lines: Iterable[DailyLine], by: tuple[Aspect, ...], tolerance: Decimal = Decimal(0)
) -> list[Difference]:
    """Where the two differ by more than a share of the larger, in the order of the places. Only figures that the
    provider tells are compared.
    """
    theirs, ours = _theirs(entries, by), _ours(lines, by)
    told = [figure for figure in FIGURES if any(figure in sums for sums in theirs.values())]
    found = []
    for place in sorted(theirs.keys() | ours.keys()):
        for figure in told:
            they, we = theirs.get(place, {}).get(figure, 0), ours.get(place, {}).get(figure, 0)
            if abs(they - we) > tolerance * max(abs(they), abs(we)):
                found.append(Difference(place, figure, they, we))
    return found


def _theirs(entries: Iterable[Entry], by: tuple[Aspect, ...]) -> dict[Place, dict[Figure, int]]:
    sums: dict[Place, dict[Figure, int]] = {}
    for entry in entries:
        there = sums.setdefault(tuple(str(getattr(entry, name)) for name in by), {})
        for figure in FIGURES:
            value = getattr(entry, figure)
            if value is not None:
                there[figure] = there.get(figure, 0) + value
    return sums


def _ours(lines: Iterable[DailyLine], by: tuple[Aspect, ...]) -> dict[Place, dict[Figure, int]]:
    sums: dict[Place, dict[Figure, int]] = {}
    for line in lines:
        there = sums.setdefault(tuple(str(getattr(line, name)) for name in by), dict.fromkeys(FIGURES, 0))
        counts = (line.attempts, line.input_tokens, line.cached_tokens, line.output_tokens, line.cost)
        for figure, value in zip(FIGURES, counts, strict=True):
            there[figure] += value
    return sums
