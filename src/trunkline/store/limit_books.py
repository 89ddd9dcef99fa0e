"""What a store keeps of limits: the shared books of rates, and those of budgets."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from trunkline.limits.pool import Batch, Reply


class HeldBudget(msgspec.Struct, frozen=True):
    """What of a budget is lent to a process. Times are Unix time, milliseconds."""

    holder: str
    budget: str
    amount: int
    """Nano-dollars."""
    seen: int
    """When the process was last heard of."""
    ends: int
    """Without word, it spends nothing from then on: before that it must not be settled for."""


class Alert(msgspec.Struct, frozen=True):
    """A part of a budget that is spent, of which somebody is to be told."""

    budget: str
    percent: int
    reached: int
    """Unix time, milliseconds."""


class LimitStore(Protocol):
    """The shared books of limits, as `trunkline.limits.pool` has them in memory, and those of budgets."""

    def exchange_limits(self, batch: Batch) -> Reply:
        """Enter what a process says of rates and concurrency, and answer it. Safe to repeat."""

    def prune_limits(self) -> int:
        """Forget what does not count any more; of how many meters."""

    def exchange_budgets(self, batch: Batch, thresholds: Mapping[str, Sequence[tuple[int, int]]]) -> Reply:
        """The same of money. Safe to repeat. What a process holds stays taken until `settle_holder`.

        `thresholds` says of budgets in the batch at which amounts which percentage is to be told.
        """

    def spent(self, budgets: Sequence[str]) -> dict[str, int]:
        """What is spent of these, in nano-dollars; what is lent does not count here."""

    def last_batch(self, holder: str) -> int:
        """The number of the last batch about budgets that was entered of a process; 0 where there was none."""

    def held_budgets(self) -> list[HeldBudget]:
        """All that is lent, longest unheard of first."""

    def settle_holder(self, holder: str, spent: Mapping[str, int]) -> bool:
        """Give a process up for good: it has spent this of what it held, beyond what it reported; the rest is free.

        False where it is not known, or was given up before; then nothing is changed.
        """

    def untold_alerts(self) -> list[Alert]:
        """What is to be told, oldest first."""

    def tell_alert(self, alert: Alert, at: int) -> bool:
        """Whether the caller is the one to tell of it: True once for each alert. `at` in milliseconds."""

    def pay_in(self, reference: str, budget: str, amount: int, at: int) -> bool:
        """Add to prepaid credit; below 0 takes back. False where this reference was entered before."""

    def paid_in(self, budget: str) -> int:
        """All that was ever paid in, in nano-dollars."""
