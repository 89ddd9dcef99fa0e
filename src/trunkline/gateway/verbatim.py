"""Requests that say, word for word, what the cache has answered lately: answered again without being read anew.

What a request is called at the stage `cache` hangs on its bytes, who asks, the configuration, and a few header fields.
So it is remembered, and the next request with the same of all these goes from its body to its answer. What may have
changed since is looked at each time: whether the key is good, whether the limits allow it, and whether the answer is
there and fresh. Requests on which anything else has a say are not remembered.
"""

from typing import TYPE_CHECKING, Final

import msgspec

from trunkline.cache import control
from trunkline.cache.entry import Entry
from trunkline.cache.memory import Form, Memory
from trunkline.formats.format import Asked
from trunkline.gateway.cache_names import BETAS
from trunkline.gateway.fronts import RESPONSES, takes_whole_calls
from trunkline.gateway.identity import Caller
from trunkline.routing.wishes import HEADERS, NONE

if TYPE_CHECKING:
    from trunkline.gateway.snapshot import Snapshot
    from trunkline.gateway.state import Journey

REMEMBERED: Final = 20_000
"""Requests: about a kilobyte each."""
SAYING: Final = frozenset(HEADERS) | control.HEADERS | BETAS | {b"idempotency-key"}
"""Fields of a head that have a say: who sends any is not answered from here."""


class Known(msgspec.Struct, frozen=True):
    """What was found out about a request."""

    caller: Caller
    asked: Asked
    tags: str
    key: bytes
    """What its answer is kept under."""
    form: Form
    cap: int | None


class Verbatim:
    """The requests of one process that were answered from its memory lately, as long as its configuration stays."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._snapshot: Snapshot | None = None
        self._known: dict[tuple[bytes, str], Known] = {}

    def __len__(self) -> int:
        return len(self._known)

    def find(self, journey: "Journey", came: bytes, now: float) -> tuple[Known, Entry, bytes] | None:
        """What is known of a request, the entry that answers it, and the answer as it was written for the one before.

        `came` is the digest of its bytes and its place, `now` Unix time in seconds.
        """
        known = self._known.get((came, journey.caller.key))
        if known is None or known.caller is not journey.caller or journey.snapshot is not self._snapshot:
            return None
        headers = journey.request.headers
        if not SAYING.isdisjoint(headers) or takes_whole_calls(headers):
            return None
        found = self._memory.told(known.key, known.form, now)
        if found is None or not found[0].fits(known.cap):
            return None
        return known, *found

    def remember(self, journey: "Journey", came: bytes, key: bytes, form: Form, cap: int | None) -> None:
        """Take note of a request that is answered with what is kept under `key`."""
        if not _hangs_on_nothing_else(journey):
            return
        if self._snapshot is not journey.snapshot or len(self._known) >= REMEMBERED:
            self._snapshot, self._known = journey.snapshot, {}
        caller = journey.caller
        self._known[came, caller.key] = Known(caller, journey.asked, journey.tags, key, form, cap)


def _hangs_on_nothing_else(journey: "Journey") -> bool:
    """Whether all that led to its answer would be the same for the same bytes."""
    headers, rules, guarding = journey.request.headers, journey.snapshot.cache, journey.guarding
    if rules is None or rules.conditions or journey.wishes is not NONE or journey.front is RESPONSES:
        return False
    if not SAYING.isdisjoint(headers) or takes_whole_calls(headers):
        return False
    if journey.snapshot.config.loops.same_request is not None:  # the identical request is what is counted
        return False
    return guarding is None or guarding.silent
