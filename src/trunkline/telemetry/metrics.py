"""Counting what happens, on the event loop's thread, at the cost of a microsecond a request.

Everything is a plain number in a slot: no locks, because one thread records, and no objects of the Prometheus client,
which take 14 times as long and serve only to show the result (`exposition`). A request finds all it has to count in
one *cell*, by one look-up of its labels.

The number of cells is bounded whatever clients send. A model's name becomes a label once the configuration holds it or
a provider has served it; before that, and beyond the limit, it counts as `other`.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from itertools import groupby
from operator import attrgetter
from typing import get_args

import msgspec

from trunkline.ledger.record import UNPRICED, Outcome, Row
from trunkline.telemetry.definitions import BY_NAME, OTHER, Event, counter_of

LIMIT = 2000
"""Label sets of one metric that are told apart."""
MOST_EVENT_LABELS = 100
LONGEST_LABEL = 128

Labels = tuple[str, ...]
Numbers = list[int | float]
"""One value of a counter or gauge; the sum and the count of every bucket of a histogram."""
Snapshot = dict[str, list[tuple[Labels, Numbers]]]
"""By the metric's name."""
Reading = float | Mapping[Labels, float]
"""A value, or one by labels."""

WHOSE = BY_NAME["trunkline_shadow_cost_dollars_total"].known

_encode = msgspec.msgpack.Encoder().encode
_FIRST_FAILURE = 400
GATHERED = 100
"""Values that are counted together, which takes a fifth of the time of each by itself."""
_OUTCOME, _ERROR, _COST, _INPUT, _OUTPUT, _CACHED, _CACHE_WRITE, _REASONING, _FIRST_BYTE, _TOTAL = (
    attrgetter(name)
    for name in (
        "outcome",
        "error",
        "cost",
        "input_tokens",
        "output_tokens",
        "cached_tokens",
        "cache_write_tokens",
        "reasoning_tokens",
        "first_byte_us",
        "total_us",
    )
)


_SERVED = attrgetter("provider", "model")
_is_known: Callable[[float], bool] = (0.0).__le__


class _Histogram:
    """How many values fell into each bucket, and their sum."""

    __slots__ = ("_counts", "_new", "_place", "_total", "add")

    def __init__(self, name: str) -> None:
        metric = BY_NAME[name]
        bounds = tuple(bound * metric.per for bound in metric.buckets)
        self._counts = [0] * (len(bounds) + 1)
        self._total: int | float = 0
        self._place = partial(bisect_left, bounds)  # a value equal to a bucket's bound belongs into that bucket
        self._new: list[float] = []
        self.add: Callable[[float], None] = self._new.append
        """One more value. Whoever adds many sees to it that they are gathered."""

    def take(self, values: Iterable[float]) -> None:
        """Many more."""
        self._new += values
        self.gather()

    def gather(self) -> None:
        """Sort the new values into their buckets."""
        new = self._new
        for place, count in Counter(map(self._place, new)).items():
            self._counts[place] += count
        self._total += sum(new)
        new.clear()

    def numbers(self) -> Numbers:
        self.gather()
        return [self._total, *self._counts]


class _Requests:
    """Requests of one model, provider, status and kind of reply."""

    __slots__ = ("count", "duration", "first", "overhead")

    def __init__(self, duration: _Histogram, first: _Histogram, overhead: _Histogram) -> None:
        self.count = 0
        self.duration = duration
        self.first = first
        self.overhead = overhead

    def gather(self) -> None:
        for histogram in (self.duration, self.first, self.overhead):
            histogram.gather()


class _Attempts:
    """Attempts with one provider and model."""

    __slots__ = (
        "cache_write",
        "cached",
        "cost",
        "duration",
        "errors",
        "first_byte",
        "input",
        "outcomes",
        "output",
        "reasoning",
        "unpriced",
    )

    def __init__(self) -> None:
        self.outcomes: dict[str, int] = dict.fromkeys(get_args(Outcome), 0)
        self.errors: dict[str, int] = {}
        self.input = 0
        self.cached = 0
        self.cache_write = 0
        self.output = 0
        self.reasoning = 0
        self.cost = 0
        self.unpriced = 0
        self.first_byte = _Histogram("trunkline_upstream_first_byte_seconds")
        self.duration = _Histogram("trunkline_upstream_duration_seconds")

    def count(self, rows: list[Row]) -> None:
        for outcome, count in Counter(map(_OUTCOME, rows)).items():
            self.outcomes[outcome] += count
        for error in filter(None, map(_ERROR, rows)):
            _bump(self.errors, error)
        self.input += sum(map(_INPUT, rows))
        self.output += sum(map(_OUTPUT, rows))
        self.cached += sum(map(_CACHED, rows))
        self.cache_write += sum(map(_CACHE_WRITE, rows))
        self.reasoning += sum(map(_REASONING, rows))
        costs = list(map(_COST, rows))
        unpriced = costs.count(UNPRICED)
        self.cost += sum(costs) - unpriced * UNPRICED
        self.unpriced += unpriced
        self.first_byte.take(filter(_is_known, map(_FIRST_BYTE, rows)))
        self.duration.take(filter(_is_known, map(_TOTAL, rows)))

    def tokens(self) -> dict[str, int]:
        return {
            "input": self.input,
            "cached": self.cached,
            "cache_write": self.cache_write,
            "output": self.output,
            "reasoning": self.reasoning,
        }


class _Shadows:
    """Comparisons of one route's answers with those of one other model."""

    __slots__ = ("costs", "durations", "similarity")

    def __init__(self) -> None:
        self.similarity = _Histogram("trunkline_shadow_similarity_ratio")
        self.durations = [_Histogram("trunkline_shadow_duration_seconds") for _ in WHOSE]
        self.costs = [0 for _ in WHOSE]


class Metrics:
    """The metrics of one worker. Everything is called on one thread."""

    def __init__(self, *, limit: int = LIMIT) -> None:
        self._limit = limit
        self._names: set[str] = set()
        self._requests: dict[tuple[str, str, int, bool], _Requests] = {}
        self._durations: dict[tuple[str, bool], _Histogram] = {}
        self._firsts: dict[str, _Histogram] = {}
        self._overheads = {stream: _Histogram("trunkline_overhead_seconds") for stream in (False, True)}
        self._attempts: dict[tuple[str, str], _Attempts] = {}
        self._settled: list[Row] = []
        self._shadows: dict[tuple[str, str], _Shadows] = {}
        self._events = {event: dict.fromkeys(_known(event), 0) for event in get_args(Event)}
        self._readers: dict[str, Callable[[], Reading]] = {}

    # recording

    def know(self, models: Iterable[str]) -> None:
        """Names that may be labels from the start: the configuration's own, and every `provider/model` it holds."""
        self._names.update(_text(model) for model in models)

    def request(
        self, model: str, provider: str, status: int, stream: bool, seconds: float, overhead: float, first: float | None
    ) -> None:
        """Count one request of a client, when it has ended.

        `model` is what it asked for; `provider` who answered, or empty; times are in seconds and not negative; `first`
        is None where no output came, or all of it at once.
        """
        cell = self._requests.get((model, provider, status, stream))
        if cell is None:
            cell = self._request_cell(model, provider, status, stream)
        cell.count += 1
        cell.duration.add(seconds)
        cell.overhead.add(overhead)
        if first is not None:
            cell.first.add(first)
        if not cell.count % GATHERED:
            cell.gather()

    def attempt(self, row: Row) -> None:
        """Count one attempt, when it is settled."""
        rows = self._settled
        rows.append(row)
        if len(rows) >= GATHERED:
            self._gather_attempts()

    def shadow(
        self,
        route: str,
        shadow: str,
        similarity: float | None,
        seconds: tuple[float, float],
        costs: tuple[int, int],
    ) -> None:
        """Count one comparison. `seconds` and `costs` (nano-dollars; negative without a price) are of the answer that
        the client got and of the shadow's.
        """
        key = (self._label(_text(route), served=True), self._label(_text(shadow), served=True))
        cell = self._shadows.get(key)
        if cell is None:
            if len(self._shadows) >= self._limit:
                key = (OTHER, OTHER)
            cell = self._shadows.setdefault(key, _Shadows())
        if similarity is not None:
            cell.similarity.take([similarity])
        for durations, value in zip(cell.durations, seconds, strict=True):
            durations.take([value])
        if min(costs) >= 0:
            cell.costs = [before + cost for before, cost in zip(cell.costs, costs, strict=True)]

    def event(self, name: Event, label: str = "") -> None:
        """Count one thing that happened. `label` is empty exactly for those without one."""
        _bump(self._events[name], label)

    def gauge(self, name: str, read: Callable[[], Reading]) -> None:
        """Have `read` called whenever the metric `name` is asked for, also where that is a counter kept elsewhere."""
        self._readers[BY_NAME[name].name] = read

    # cells

    def _request_cell(self, model: str, provider: str, status: int, stream: bool) -> _Requests:
        model = self._label(_text(model), served=status < _FIRST_FAILURE)
        key = (model, _text(provider), status, stream)
        if key not in self._requests and len(self._requests) >= self._limit:
            key = (OTHER, OTHER, status, stream)
        cell = self._requests.get(key)
        if cell is None:
            model = key[0]
            duration = self._durations.setdefault((model, stream), _Histogram("trunkline_request_duration_seconds"))
            first = self._firsts.setdefault(model, _Histogram("trunkline_time_to_first_token_seconds"))
            cell = self._requests[key] = _Requests(duration, first, self._overheads[stream])
        return cell

    def _gather_attempts(self) -> None:
        """Count the attempts that were settled since the last time."""
        for key, group in groupby(sorted(self._settled, key=_SERVED), key=_SERVED):
            rows = list(group)
            cell = self._attempts.get(key)
            if cell is not None:
                cell.count(rows)
            else:  # it is new, or has no cell of its own until it has served
                for row in rows:
                    self._attempt_cell(row).count([row])
        self._settled.clear()

    def _attempt_cell(self, row: Row) -> _Attempts:
        provider, model = _text(row.provider), _text(row.model)
        name = f"{provider}/{model}"
        key = (provider, model if self._label(name, served=row.outcome == "ok") == name else OTHER)
        if key not in self._attempts and len(self._attempts) >= self._limit:
            key = (OTHER, OTHER)
        cell = self._attempts.get(key)
        if cell is None:
            cell = self._attempts[key] = _Attempts()
        return cell

    def _label(self, name: str, *, served: bool) -> str:
        """`name` if it may be a label, which it may for good once it was served."""
        if name in self._names:
            return name
        if not served or len(self._names) >= self._limit:
            return OTHER
        self._names.add(name)
        return name

    # telling

    def snapshot(self) -> bytes:
        """All values as they are now, for `exposition.merge`."""
        snapshot: Snapshot = {
            "trunkline_requests_total": [
                ((model, provider, str(status), _bool(stream)), [cell.count])
                for (model, provider, status, stream), cell in self._requests.items()
            ],
            "trunkline_request_duration_seconds": [
                ((model, _bool(stream)), histogram.numbers()) for (model, stream), histogram in self._durations.items()
            ],
            "trunkline_time_to_first_token_seconds": [
                ((model,), histogram.numbers()) for model, histogram in self._firsts.items()
            ],
            "trunkline_overhead_seconds": [
                ((_bool(stream),), histogram.numbers()) for stream, histogram in self._overheads.items()
            ],
            **self._of_attempts(),
            **self._of_shadows(),
            "trunkline_workers": [((), [1])],
        }
        for event, counts in self._events.items():
            metric = counter_of(event)
            snapshot[metric.name] = [((label,) if metric.labels else (), [count]) for label, count in counts.items()]
        for name, read in self._readers.items():
            reading = read()
            values = reading if isinstance(reading, Mapping) else {(): reading}
            snapshot[name] = [(labels, [value]) for labels, value in values.items()]
        return _encode(snapshot)

    def _of_attempts(self) -> Snapshot:
        self._gather_attempts()
        cells = self._attempts.items()
        return {
            "trunkline_attempts_total": [
                ((*key, outcome), [count]) for key, cell in cells for outcome, count in cell.outcomes.items()
            ],
            "trunkline_attempt_errors_total": [
                ((*key, code), [count]) for key, cell in cells for code, count in cell.errors.items()
            ],
            "trunkline_tokens_total": [
                ((*key, kind), [count]) for key, cell in cells for kind, count in cell.tokens().items()
            ],
            "trunkline_cost_dollars_total": [(key, [cell.cost]) for key, cell in cells],
            "trunkline_unpriced_attempts_total": [(key, [cell.unpriced]) for key, cell in cells],
            "trunkline_upstream_first_byte_seconds": [(key, cell.first_byte.numbers()) for key, cell in cells],
            "trunkline_upstream_duration_seconds": [(key, cell.duration.numbers()) for key, cell in cells],
        }

    def _of_shadows(self) -> Snapshot:
        cells = self._shadows.items()
        return {
            "trunkline_shadow_similarity_ratio": [(key, cell.similarity.numbers()) for key, cell in cells],
            "trunkline_shadow_duration_seconds": [
                ((*key, whose), durations.numbers())
                for key, cell in cells
                for whose, durations in zip(WHOSE, cell.durations, strict=True)
            ],
            "trunkline_shadow_cost_dollars_total": [
                ((*key, whose), [cost]) for key, cell in cells for whose, cost in zip(WHOSE, cell.costs, strict=True)
            ],
        }


def _known(event: str) -> tuple[str, ...]:
    metric = counter_of(event)
    return metric.known if metric.labels else ("",)


def _bump(counts: dict[str, int], label: str) -> None:
    if label not in counts:
        label = _text(label) if len(counts) < MOST_EVENT_LABELS else OTHER
    counts[label] = counts.get(label, 0) + 1


def _bool(value: bool) -> str:
    return "true" if value else "false"


def _text(label: str) -> str:
    """`label` with a bounded length and as valid Unicode, which the wire between workers needs."""
    return label[:LONGEST_LABEL].encode(errors="replace").decode()
