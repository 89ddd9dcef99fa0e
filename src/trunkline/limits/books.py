"""The shared truth of one meter: what was used in which slot, and what is lent to which process.

The promise is one inequality, kept at every lending:

    what is used in the window  +  what is lent  ≤  the limit

A process uses only what it was lent, and says so later; until it has said so, that counts as lent, and from then on as
used in the slot in which it was used. So nothing is ever used that was not counted when it was lent.
"""

from collections.abc import Mapping

import msgspec

from trunkline.limits.meter import leaves, oldest_slot, slot_of


class Ask(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a process says of one meter."""

    meter: str
    limit: int
    window: int
    marks: list[tuple[int, int]]
    """What it used since it last said so, by slot; less than nothing where an estimate is corrected."""
    hold: int
    """What it was lent and keeps, be it unused or, of what is held until it is settled, in use."""
    least: int
    """The smallest amount that somebody waits for: less is no help. 0 where nobody waits."""
    need: int
    """What all that wait would like to have."""
    want: int
    """What it would like to have, so as not to ask again soon."""


class Answer(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What it hears. Times are milliseconds from now; 0 where there is nothing to wait for, or nothing known."""

    granted: int
    left: int
    """What could still be lent, to it or others."""
    wait: int
    """After which something comes back."""
    reset: int
    """After which everything that is used now will have come back."""


class Books(msgspec.Struct):
    """What is known of one meter, by everybody together."""

    used: dict[int, int] = {}
    """By slot."""
    held: dict[str, int] = {}
    """By process."""


def exchange(books: Books, ask: Ask, holder: str, alive: Mapping[str, int], now: int) -> Answer:
    """Enter what `holder` says, and lend it what it may have. Changes `books`.

    `alive` says until when each process holds what it was lent (milliseconds, as `now`).
    """
    _turn(books, ask.window, alive, now)
    oldest = oldest_slot(now, ask.window)
    for slot, amount in ask.marks:
        if slot >= oldest and (amount > 0 or ask.window):  # money that is spent does not come back
            books.used[slot] = max(0, books.used.get(slot, 0) + amount)
    books.held.pop(holder, None)
    others = len(books.held)
    free = ask.limit - sum(books.used.values()) - sum(books.held.values()) - ask.hold
    granted = lend(free, ask.least, ask.need, ask.want, others + 1)
    if ask.hold + granted:
        books.held[holder] = ask.hold + granted
    return Answer(granted, max(0, free - granted), *_times(books.used, ask.window, now))


def lend(free: int, least: int, need: int, want: int, holders: int) -> int:
    """How much to lend of what is free.

    What somebody waits for is lent as far as it goes. What is asked for in advance is a small part of what is left, so
    that shares shrink towards the limit and little lies idle with processes that have no use for it.
    """
    if free < max(least, 1):
        return 0
    return min(free, max(need, min(want, free // (2 * holders + 2))))


def _turn(books: Books, window: int, alive: Mapping[str, int], now: int) -> None:
    """Forget what has left the window, and settle for processes that have not been heard of for too long.

    Such a one may have used all it had until its time was over, and nothing since: it looks at its own clock.
    """
    gone = [holder for holder in books.held if alive.get(holder, 0) <= now]
    for holder in gone:
        amount = books.held.pop(holder)
        if window:
            slot = slot_of(alive.get(holder, now), window)
            books.used[slot] = books.used.get(slot, 0) + amount
    oldest = oldest_slot(now, window)
    for slot in [slot for slot in books.used if slot < oldest]:
        del books.used[slot]


def _times(used: Mapping[int, int], window: int, now: int) -> tuple[int, int]:
    if not window or not used:
        return 0, 0
    return max(1, leaves(min(used), window) - now), max(1, leaves(max(used), window) - now)
