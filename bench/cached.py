"""Measurements of Trunkline with what it adds to a plain proxy: kept answers, and policies.

Hits are of one question, and of 1,000 in turn. Where policies are measured every request is another one, so that all go
upstream: what is kept of them is never asked for.
"""

from __future__ import annotations

from typing import Final

from bench.gateway import expect_reply
from bench.plain import full_load, warm_up
from bench.session import Session

QUESTIONS: Final = 1000
NEVER_THE_SAME: Final = 100_000_000


def measure_hits(session: Session) -> None:
    """Answers from the exact cache."""
    expect_reply(session.gateway)
    for turns, rate, cpu in ((0, "hits_per_second", "hit_cpu"), (QUESTIONS, "turns_per_second", "turn_cpu")):
        warm_up(session, turns=turns)
        with session.attempting(rate, cpu) as findings:
            full_load(session, findings, rate, cpu, turns=turns)


def measure_policy(session: Session) -> None:
    """One line put in, one rule about personal data, and the exact cache."""
    _measure_differing(session, "policy_per_second", "policy_cpu")


def measure_guard(session: Session) -> None:
    """All built-in checks of the input, and the exact cache."""
    _measure_differing(session, "guard_per_second", "guard_cpu")


def _measure_differing(session: Session, rate: str, cpu: str) -> None:
    expect_reply(session.gateway)
    warm_up(session, turns=NEVER_THE_SAME)
    with session.attempting(rate, cpu) as findings:
        full_load(session, findings, rate, cpu, turns=NEVER_THE_SAME)
