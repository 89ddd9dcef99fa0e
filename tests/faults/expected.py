"""What is to be expected of a gateway whose upstream has a fault: its outcome, its deadlines, its row in the ledger."""

from tests.faults.fault import Fault
from tests.faults.gateway import INPUT_PRICE, OUTPUT_PRICE
from tests.faults.outcomes import (
    BAD_GATEWAY,
    BROKEN,
    BROKEN_OFF,
    STALLED,
    TIMED_OUT,
    TRUNCATED,
    UNREACHABLE,
    WHOLE,
    Outcome,
)
from tests.faults.table import FAULTS

from trunkline.ledger.record import Row

SHORT, LONG = "150ms", "15s"

ENDED_IN_TROUBLE = {BROKEN: "failed", BAD_GATEWAY: "failed", TIMED_OUT: "failed", UNREACHABLE: "unreached"}
ENDED_IN_MID_STREAM = {TRUNCATED: "truncated", STALLED: "truncated", BROKEN_OFF: "truncated"}
LEDGER = {WHOLE: "ok", **ENDED_IN_TROUBLE, **ENDED_IN_MID_STREAM}
"""How the ledger calls each outcome; those not named here are refusals, which the upstream has told."""
CLOSED_AT_ONCE = ("accept_close", "accept_reset")
"""It is chance whether the gateway sees it before or after it has written the request."""
LEDGER_BY_FAULT = {"tls_mute": "unreached", "error_in_200": "refused", "error_event_first": "refused"}

Case = tuple[Fault, bool]


def cases(*, without: tuple[Outcome, ...] = ()) -> list[Case]:
    """Every fault, streamed and not, as far as it makes sense."""
    both = [(fault, stream, fault.outcome(stream=stream)) for fault in FAULTS.values() for stream in (False, True)]
    return [(fault, stream) for fault, stream, outcome in both if outcome is not None and outcome not in without]


def outcome_of(fault: Fault, *, stream: bool) -> Outcome:
    """What the table says; a provider of the usual kind ends its streams with `[DONE]`, so a missing one is missing."""
    found = TRUNCATED if fault.name == "done_missing" else fault.outcome(stream=stream)
    assert found is not None
    return found


def deadline_for(outcome: Outcome, *, stream: bool) -> dict[str, str]:
    """Short where the fault is that the time runs out, and only for that part of it."""
    deadline = {"connect": LONG, "first_token": LONG, "gap": LONG, "total": LONG}
    if outcome == STALLED:
        return deadline | {"gap": SHORT}
    if outcome == TIMED_OUT:
        return deadline | {"connect": SHORT, "first_token" if stream else "total": SHORT}
    return deadline


def model_of(fault: Fault) -> str:
    """The model to ask for, so that a request meets the fault, unless the whole upstream is at fault."""
    return fault.name if fault.by_request else "any"


def check_recorded(row: Row, fault: Fault, outcome: Outcome) -> None:
    """Fails unless the ledger tells of an attempt that met the fault."""
    expected = LEDGER_BY_FAULT.get(fault.name) or LEDGER.get(outcome, "refused")
    assert row.outcome == expected or (row.outcome == "unreached" and fault.name in CLOSED_AT_ONCE)


def check_row(row: Row, fault: Fault, outcome: Outcome, *, stream: bool) -> None:
    """As `check_recorded`, and unless it charges what is right."""
    check_recorded(row, fault, outcome)
    assert (row.provider, row.model, row.stream) == ("up", model_of(fault), stream)
    if row.outcome == "ok":
        assert (row.error, row.usage, row.input_tokens, row.output_tokens) == ("", "provider", 12, 9)
        assert row.cost == 12 * INPUT_PRICE + 9 * OUTPUT_PRICE
    else:
        assert row.error
    if row.outcome in ("refused", "unreached"):
        assert (row.usage, row.cost) == ("none", 0)
    if row.outcome == "truncated":
        assert row.cost > 0, "what was produced is charged"
