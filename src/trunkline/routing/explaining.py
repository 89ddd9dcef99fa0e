"""Why a plan is as it is, and why there is nobody to ask."""

from collections.abc import Sequence
from math import ceil
from typing import Final

from trunkline.routing.plan import Candidate, Considered, Explanation, Refusal, Removed, Step, Verdict
from trunkline.routing.planning import FILTERS, Planning

MOST_TOLD: Final = 10
"""Candidates whose fate is told in an error."""
LEAST_WAIT: Final = 1.0
"""Seconds: nobody should come back at once."""


def explanation(candidates: Sequence[Candidate], planning: Planning, steps: Sequence[Step]) -> Explanation:
    """Every candidate there is, also those whose part of the route was not chosen."""
    places: dict[Candidate, tuple[int, Step]] = {}
    for number, step in enumerate(steps, 1):
        for candidate in step.candidates:
            places.setdefault(candidate, (number, step))
    ordered = sorted(candidates, key=lambda each: places[each][0] if each in places else len(steps) + 1)
    return Explanation(
        tuple(_considered(each, planning, *places.get(each, (None, None))) for each in ordered),
        tuple(planning.decisions),
    )


def _considered(candidate: Candidate, planning: Planning, place: int | None, step: Step | None) -> Considered:
    verdicts = tuple(_verdicts(candidate, planning))
    score, why = (planning.told or {}).get(candidate, (None, ""))
    failed = next((verdict for verdict in verdicts if not verdict.passes), None)
    if place is not None:
        why = "; ".join(filter(None, (why or "in the order of the route", planning.later.get(candidate.name))))
    elif failed is not None:
        why = f"{failed.filter}: {failed.why}"
    else:
        why = "not in the part of the route that was chosen, or there already"
    return Considered(
        candidate.name, place, step.kind if step is not None else "", verdicts, score, planning.cost(candidate), why
    )


def _verdicts(candidate: Candidate, planning: Planning) -> list[Verdict]:
    """What every filter says, also those that were not run because nothing depended on them."""
    later = dict(planning.later)
    found = []
    for name, check in FILTERS.items():
        planning.later.pop(candidate.name, None)
        removed = check(planning, candidate)
        warned = planning.later.get(candidate.name, "")
        found.append(Verdict(name, removed is None, removed.why if removed is not None else warned))
    planning.later.clear()
    planning.later.update(later)
    return found


def refusal(route: str, planning: Planning) -> Refusal:
    """Why nobody can be asked: 503 if that may pass, because some candidate is only unwell; else 400."""
    told = _told(planning.removed)
    ailing = [removed.until for removed in planning.removed if removed.until is not None]
    if ailing:
        wait = max(LEAST_WAIT, min(ailing) - planning.conditions.now)
        return Refusal(503, f"No model of '{route}' can be asked just now: {told}.", float(ceil(wait)))
    if not planning.removed:
        return Refusal(400, f"No rule of '{route}' fits this request, and it has no `else`.")
    return Refusal(400, f"No model of '{route}' may take this request: {told}.")


def _told(removed: Sequence[Removed]) -> str:
    shown = [f"{each.name} ({each.by}: {each.why})" for each in removed[:MOST_TOLD]]
    more = len(removed) - len(shown)
    return "; ".join(shown) + (f"; and {more} more" if more else "")
