"""From results to tables: pure, so that a saved result can be printed again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from bench.measures import ALL, Better, Measure
from bench.peers.registry import FLOOR, OURS
from bench.results import DISTURBED, Results, Sample
from bench.stats import Spread

SATURATED = 0.85  # share of its core below which a gateway was not the bottleneck
NO_RATIO = {"stalls"}
STRANGERS = "other programs took more than a tenth of a core in every round: the figure suffers"


@dataclass(frozen=True)
class Cell:
    """One figure of one peer: its median, its range where rounds differ, and what must be known about it."""

    value: str
    range: str = ""
    target_met: bool | None = None

    def line(self) -> str:
        """All on one line."""
        verdict = {True: " ✓", False: " ✗", None: ""}[self.target_met]
        return f"{self.value}{verdict}" + (f" ({self.range})" if self.range else "")


@dataclass
class Table:
    """A table as text, ready for any renderer."""

    title: str
    columns: list[str]
    rows: list[tuple[str, list[Cell]]] = field(default_factory=list)


@dataclass
class Notes:
    """Footnotes, numbered as they come; the same text gets the same number."""

    texts: list[str] = field(default_factory=list)

    def mark(self, text: str) -> str:
        """The mark to set where the text applies."""
        if text not in self.texts:
            self.texts.append(text)
        return f"[{self.texts.index(text) + 1}]"


@dataclass(frozen=True)
class Report:
    """Everything that is shown."""

    tables: list[Table]
    notes: list[str]


def build(results: Results) -> Report:
    """The table of figures, and those of ratios as far as there is anything to compare."""
    notes = Notes()
    tables = [_figures(results, notes), _against_floor(results, notes), _ours_against(results, notes)]
    return Report([table for table in tables if table.rows], notes.texts)


def _measured(results: Results) -> Iterator[Measure]:
    """The measures that at least one peer has a figure or a reason for."""
    for measure in ALL:
        if any(results.spread(peer, measure.key) or results.why_missing(peer, measure.key) for peer in results.peers):
            yield measure


def _figures(results: Results, notes: Notes) -> Table:
    peers = [*results.peers, *results.absent]
    table = Table("Figures: median (lowest–highest)", ["", "unit", *peers, "target"])
    for measure in _measured(results):
        cells = [Cell(measure.unit), *(_cell(results, peer, measure, notes) for peer in peers), _target(measure)]
        table.rows.append((measure.title, cells))
    return table


def _target(measure: Measure) -> Cell:
    if measure.target is None:
        return Cell("")
    sign = "≥" if measure.better is Better.MORE else "≤"
    return Cell(f"{sign} {measure.target:,g}")


def _cell(results: Results, peer: str, measure: Measure, notes: Notes) -> Cell:
    found = results.spread(peer, measure.key)
    reason = results.absent.get(peer) or results.why_missing(peer, measure.key)
    if found is None:
        return Cell(f"— {notes.mark(reason or 'not measured in this run')}")
    value = _number(found.median, measure.digits) + _warnings(results.of(peer, measure.key), measure, notes)
    if reason:
        value += " " + notes.mark(f"not in every round: {reason}")
    met = measure.met(found.median) if peer == OURS else None
    return Cell(value, _range(found, measure.digits), met)


def _warnings(samples: list[Sample], measure: Measure, notes: Notes) -> str:
    found = []
    shares = [sample.detail["core"] for sample in samples if "core" in sample.detail]
    if measure.better is Better.MORE and shares and max(shares) < SATURATED:
        found.append("the gateway's core was not busy: load or upstream was the limit, it can do more")
    if any(sample.strangers > DISTURBED for sample in samples):
        found.append(STRANGERS)
    if any(sample.detail.get("failed") for sample in samples):
        found.append("some requests failed, fewer than one in a hundred")
    if any(sample.detail["rate"] < 0.9 * sample.detail["offered"] for sample in samples if "offered" in sample.detail):
        found.append("fewer chunks came through than the upstream offered")
    return "".join(f" {notes.mark(text)}" for text in found)


def _against_floor(results: Results, notes: Notes) -> Table:
    peers = [peer for peer in results.peers if peer != FLOOR]
    table = Table(f"Times {FLOOR}'s figure, of the same round", ["", *peers])
    for measure in _measured(results):
        pairs = [(peer, FLOOR) for peer in peers]
        _add_ratios(table, results, measure, pairs, notes)
    return table


def _ours_against(results: Results, notes: Notes) -> Table:
    peers = [peer for peer in results.peers if peer not in (FLOOR, OURS)]
    table = Table(f"How many times better {OURS} is, of the same round", ["", *peers])
    for measure in _measured(results):
        more = measure.better is Better.MORE
        pairs = [(OURS, peer) if more else (peer, OURS) for peer in peers]
        _add_ratios(table, results, measure, pairs, notes)
    return table


def _add_ratios(table: Table, results: Results, measure: Measure, pairs: list[tuple[str, str]], notes: Notes) -> None:
    """A row with the ratio of each pair, if there is any."""
    ratios = [results.ratio(one, other, measure.key) for one, other in pairs]
    if measure.key in NO_RATIO or not any(ratios):
        return
    cells = []
    for found, pair in zip(ratios, pairs, strict=True):
        samples = [sample for peer in pair for sample in results.of(peer, measure.key)]
        mark = f" {notes.mark(STRANGERS)}" if any(sample.strangers > DISTURBED for sample in samples) else ""
        cells.append(Cell(f"{significant(found.median)} ×{mark}" if found else "—"))
    table.rows.append((measure.title, cells))


def significant(value: float) -> str:
    """Two significant digits below ten, whole numbers above."""
    if value >= 10:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 1 else f"{value:.2g}"


def _number(value: float, digits: int) -> str:
    return f"{value:,.{digits}f}"


def _range(found: Spread, digits: int) -> str:
    low, high = _number(found.low, digits), _number(found.high, digits)
    return "" if low == high else f"{low}–{high}"
