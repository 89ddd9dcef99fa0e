"""What a run has shown: which laws held for which recordings, which did not and why, and which of that was known.

Known failures are data: `exceptions/*.yaml`. An entry fits a failure if all that it names is the failure's; one that
fits none is a failure itself.
"""

import json
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

LAWS = {
    "a": "a request comes back as it was",
    "b": "an answer comes back as it was",
    "c": "a request can be carried to every other format",
    "d": "an answer is heard by every other format's SDK",
}
STATES = ("passed", "failed", "excepted", "refused")
"""`refused` (of law c alone) passes: the writer said which parameter it cannot carry."""


@dataclass(frozen=True)
class Failure:
    """A law that does not hold for a recording."""

    law: str
    recording: str
    format: str
    """The one that was asked: the recording's own in a and b, the other in c and d."""
    check: str
    """What of the law: `pass`, `translate`, `split`, `schema`, …"""
    cause: str
    """In the same words for the same cause."""
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.format} {self.check}: {self.cause}"


@dataclass
class Known:
    """An entry of the exceptions."""

    law: str
    why: str
    file: str
    recordings: frozenset[str] = frozenset()
    formats: frozenset[str] = frozenset()
    checks: frozenset[str] = frozenset()
    cause: str = ""
    """Found anywhere in cause or detail: a regular expression."""
    met: set[str] = field(default_factory=set)
    """Recordings for which it was needed."""

    def fits(self, failure: Failure) -> bool:
        """Whether this is that failure's reason."""
        return (
            failure.law == self.law
            and (not self.recordings or failure.recording in self.recordings)
            and (not self.formats or failure.format in self.formats)
            and (not self.checks or failure.check in self.checks)
            and re.search(self.cause, f"{failure.cause} {failure.detail}") is not None
        )


def known_failures(folder: Path) -> list[Known]:
    """The exceptions, file by file."""
    found = []
    for file in sorted(folder.glob("*.yaml")):
        for entry in yaml.safe_load(file.read_text(encoding="utf-8")) or []:
            recordings, formats, checks = (
                frozenset(entry.pop(name, ())) for name in ("recordings", "formats", "checks")
            )
            found.append(Known(file=file.name, recordings=recordings, formats=formats, checks=checks, **entry))
    return found


@dataclass
class Share:
    """Bytes of requests, and those that only the format's extras hold."""

    all: int = 0
    extras: int = 0
    foreign: int = 0


class Board:
    """Takes in outcomes, and says them in a table."""

    def __init__(self, known: list[Known]) -> None:
        self.known = known
        self.failures: list[Failure] = []
        """Those that nothing excuses."""
        self.excused: list[tuple[Failure, Known]] = []
        self.refusals: Counter[str] = Counter()
        self.ran: defaultdict[str, set[str]] = defaultdict(set)
        """Law → providers that were gone through."""
        self.shares: defaultdict[str, Share] = defaultdict(Share)
        self._counts: defaultdict[str, Counter[str]] = defaultdict(Counter)

    def add(self, law: str, provider: str, failures: list[Failure], *, refused: str = "") -> None:
        """One unit of a law: a recording, or in c and d a recording and another format."""
        state = "refused" if refused else "passed"
        for failure in failures:
            reason = next((known for known in self.known if known.fits(failure)), None)
            if reason is None:
                self.failures.append(failure)
                state = "failed"
            else:
                reason.met.add(failure.recording)
                self.excused.append((failure, reason))
                state = state if state == "failed" else "excepted"
        if refused:
            self.refusals[refused] += 1
        self._counts[provider][f"{law} {state}"] += 1

    def of(self, law: str, provider: str) -> list[Failure]:
        """The failures of a law in one provider's recordings."""
        return [one for one in self.failures if one.law == law and one.recording.startswith(f"{provider}/")]

    def count(self, law: str, provider: str = "") -> Counter[str]:
        """Units by state, of one provider or of all."""
        counts = [self._counts[provider]] if provider else list(self._counts.values())
        return Counter({state: sum(one[f"{law} {state}"] for one in counts) for state in STATES})

    def unneeded(self, *, here: frozenset[str], whole: bool) -> list[str]:
        """Entries, or recordings in them, that no failure needed. `here` are the recordings of this run; only a `whole`
        run over the recordings for which the entries were written can tell of entries that name none.
        """
        gone = []
        for known in self.known:
            unmet = (known.recordings & here) - known.met
            if unmet:
                gone.append(f"{known.file}: {', '.join(sorted(unmet))} ({known.why})")
            elif whole and not known.met:
                gone.append(f"{known.file}: law {known.law}, /{known.cause}/ ({known.why})")
        return gone

    def table(self) -> list[str]:
        """Lines to print: a row for each provider, then the reasons."""
        lines = ["", *(f"{law}  {says}" for law, says in LAWS.items()), ""]
        lines.append(f"{'provider':22}" + "".join(f"{law:>26}" for law in LAWS) + f"{'only in extras':>18}")
        for provider in [*sorted(self._counts), ""]:
            cells = "".join(f"{self._cell(law, provider):>26}" for law in LAWS)
            lines.append(f"{provider or 'all':22}{cells}{self._share(provider):>18}")
        lines.append(
            "passed/failed/excepted; in c also refused by name. Extras: bytes of requests that the neutral types"
        )
        lines.append("have no place for, + those of parts and tools that only their own format knows")
        lines += [f"  {number:5} × {reason}" for reason, number in self.reasons()]
        return lines

    def _cell(self, law: str, provider: str) -> str:
        count = self.count(law, provider)
        if not count.total():
            return "-"
        cell = f"{count['passed']}/{count['failed']}/{count['excepted']}"
        return f"{cell} ({count['refused']} refused)" if law == "c" else cell

    def _share(self, provider: str) -> str:
        shares = [self.shares[provider]] if provider in self.shares else [] if provider else list(self.shares.values())
        total = sum(share.all for share in shares)
        if not total:
            return "-"
        extras, foreign = (sum(getattr(share, name) for share in shares) for name in ("extras", "foreign"))
        return f"{extras / total:.2%} +{foreign / total:.2%}"

    def reasons(self) -> list[tuple[str, int]]:
        """Causes of failures and reasons of exceptions, most frequent first."""
        failed = Counter(f"FAILED {one.law} {one}" for one in self.failures)
        excused = Counter(f"excepted {one.law} {one.format}: {known.why}" for one, known in self.excused)
        return [*failed.most_common(), *excused.most_common()]

    def as_json(self) -> str:
        """The same for programs."""
        examples: dict[str, str] = {}
        for one in self.failures:
            examples.setdefault(f"{one.law} {one}", f"{one.recording}: {one.detail}")
        counts = {provider: {law: dict(self.count(law, provider)) for law in LAWS} for provider in sorted(self._counts)}
        value: dict[str, Any] = {
            "laws": LAWS,
            "providers": counts,
            "all": {law: dict(self.count(law)) for law in LAWS},
            "failures": [
                {"cause": cause, "count": number, "example": examples[cause]}
                for cause, number in Counter(f"{one.law} {one}" for one in self.failures).most_common()
            ],
            "exceptions": [
                {"law": known.law, "why": known.why, "recordings": len(known.met)} for known in self.known if known.met
            ],
            "refusals": dict(self.refusals.most_common()),
            "extras": {name: vars(share) for name, share in sorted(self.shares.items())},
        }
        return json.dumps(value, ensure_ascii=False, indent=1)
