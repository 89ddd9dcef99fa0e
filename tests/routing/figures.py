"""Figures of traffic, and their tables in docs/how-to/outages.md."""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple, Protocol

from tests.routing.simulation import NEVER, quantile

PAGE: Final = Path(__file__).parents[2] / "docs" / "how-to" / "outages.md"
SOON: Final = 5.0
"""Seconds after which a model that is down is left alone."""


class Seen(Protocol):
    """One request, as its client sees it."""

    at: float
    seconds: float
    answered_by: str


class Phase(NamedTuple):
    """A part of a script, and what a provider does in it."""

    does: str
    begins: float
    ends: float


class Figures(NamedTuple):
    """What became of the requests of one phase. Times are in seconds."""

    does: str
    requests: int
    answered: int
    p50: float
    p99: float
    asked: int
    """How often the first model was."""
    asked_later: int
    """The same, from `SOON` after the phase began."""
    by_the_first: int

    def row(self) -> str:
        """As a line of the table."""
        share = 100 * self.answered / self.requests
        counts = f"{self.asked:,} | {self.asked_later:,} | {self.by_the_first:,}"
        return f"| {self.does} | {self.requests:,} | {share:.2f} % | {self.p50:.2f} s | {self.p99:.2f} s | {counts} |"


def figures(phase: Phase, calls: Sequence[Seen], first: str, asked: Sequence[float]) -> Figures:
    """`asked`: when the first model, which is called `first`, was."""
    those = [call for call in calls if phase.begins <= call.at < phase.ends]
    times = [call.seconds for call in those]
    at = [moment for moment in asked if phase.begins <= moment < phase.ends]
    return Figures(
        phase.does,
        len(those),
        sum(seconds < NEVER for seconds in times),
        quantile(times, 0.5),
        quantile(times, 0.99),
        len(at),
        sum(moment >= phase.begins + SOON for moment in at),
        sum(call.answered_by == first for call in those),
    )


def documented(table: str, rows: Sequence[str], *, check: bool = True) -> None:
    """Fails unless the page has these rows in the table of that name; with `TRUNKLINE_WRITE_DOCS` it is written.
    `check`: it must have them already; else it is only written.
    """
    text = PAGE.read_text(encoding="utf-8")
    pattern = rf"(?<=<!-- {table} -->\n)(\|[^\n]*\n\|[-|]*\n)(\|[^\n]*\n)*"
    anew = re.sub(pattern, lambda found: found[1] + "".join(f"{row}\n" for row in rows), text)
    if os.environ.get("TRUNKLINE_WRITE_DOCS"):
        PAGE.write_text(anew, encoding="utf-8")
    elif check:
        assert anew == text, "run `make docs`"
