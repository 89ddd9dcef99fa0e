"""What a tenant is charged for what the common provider keys cost: a part more, or less.

A mark-up is in millionths of the cost, less than nothing for a discount. It is reckoned of a row's cost, which is whole
nano-dollars, and rounded once, half up; so what a tenant is charged is exact, too. What has no price has no mark-up.
"""

from typing import Final

WHOLE: Final = 1_000_000
FREE: Final = -WHOLE
"""The lowest: the tenant pays nothing."""
HIGHEST: Final = 100 * WHOLE
_ENDLESS: Final = 2**61


def markup_on(cost: int, markup: int) -> int:
    """Nano-dollars to be added to `cost`, of which -1 says that there is no price."""
    if not markup or cost <= 0:
        return 0
    return (cost * (WHOLE + markup) + WHOLE // 2) // WHOLE - cost


def most_charged(cost: int, markup: int) -> int:
    """The most that is charged for what costs at most `cost`."""
    return cost if not markup else -(-cost * (WHOLE + markup) // WHOLE)


def affordable_cost(left: int, markup: int) -> int:
    """The most that something may cost for which no more than `left` is charged."""
    if not markup:
        return left
    return left * WHOLE // (WHOLE + markup) if markup > FREE else _ENDLESS
