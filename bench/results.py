"""What was measured: every sample, and why any figure is missing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from statistics import median

from bench.stats import Spread, ratio, spread

DISTURBED = 0.1
"""The share of a core that strangers may take before a sample counts only if there is no better one."""


@dataclass(frozen=True)
class Sample:
    """One measurement of one figure. `detail` holds what it was made from."""

    round: int
    peer: str
    measure: str
    value: float
    detail: Mapping[str, float] = field(default_factory=dict)
    strangers: float = 0.0
    """The share of a core that programs that are no part of the benchmark took of our two meanwhile."""


@dataclass(frozen=True)
class Missing:
    """Why a peer has no such figure."""

    peer: str
    measure: str
    reason: str


@dataclass
class Results:
    """One run of the benchmark."""

    peers: dict[str, str] = field(default_factory=dict)
    """The version of each peer that ran, in the order of the columns."""
    settings: dict[str, str] = field(default_factory=dict)
    """What was switched on in each peer."""
    machine: dict[str, str] = field(default_factory=dict)
    run: dict[str, float | str] = field(default_factory=dict)
    """How it was run: rounds, seconds, load generator, date."""
    absent: dict[str, str] = field(default_factory=dict)
    """Peers that could not be installed, and why."""
    samples: list[Sample] = field(default_factory=list)
    missing: list[Missing] = field(default_factory=list)

    def of(self, peer: str, measure: str) -> list[Sample]:
        """The samples that count: the undisturbed ones, or all if there are none."""
        every = [sample for sample in self.samples if sample.peer == peer and sample.measure == measure]
        return [sample for sample in every if sample.strangers <= DISTURBED] or every

    def by_round(self, peer: str, measure: str) -> dict[int, float]:
        """The median of each round."""
        found: dict[int, list[float]] = defaultdict(list)
        for sample in self.of(peer, measure):
            found[sample.round].append(sample.value)
        return {number: median(values) for number, values in found.items()}

    def spread(self, peer: str, measure: str) -> Spread | None:
        """Median, lowest and highest over all rounds."""
        values = [sample.value for sample in self.of(peer, measure)]
        return spread(values) if values else None

    def ratio(self, peer: str, other: str, measure: str) -> Spread | None:
        """The figure of `peer` divided by that of `other` in the same round."""
        return ratio(self.by_round(peer, measure), self.by_round(other, measure))

    def why_missing(self, peer: str, measure: str) -> str | None:
        """The first reason given for a figure that has no sample."""
        return next((gap.reason for gap in self.missing if gap.peer == peer and gap.measure == measure), None)

    def as_data(self) -> dict[str, object]:
        """For the JSON file."""
        return asdict(self)
