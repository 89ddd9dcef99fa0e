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
from trunkline.formats.format import Asked, Place
from trunkline.gateway.cache_names import BETAS
from trunkline.gateway.follower import give
from trunkline.gateway.fronts import RESPONSES, takes_whole_calls
from trunkline.gateway.identity import Caller
from trunkline.gateway.state import Journey
from trunkline.routing.wishes import HEADERS, NONE

if TYPE_CHECKING:
    from trunkline.gateway.snapshot import Snapshot

REMEMBERED: Final = 16 * 1024 * 1024
"""Bytes of requests that are remembered."""
LONGEST: Final = 64 * 1024
"""Bytes of one. To read a longer one is little beside what there is to receive."""
OVERHEAD: Final = 500
"""Bytes that a request takes beside its own."""
SAYING: Final = frozenset(HEADERS) | control.HEADERS | BETAS | {b"idempotency-key"}
"""Fields of a head that have a say: who sends any is not answered from here."""


class Known(msgspec.Struct, frozen=True):
    """What was found out about a request."""

    caller: Caller
    format: str
    place: Place
    asked: Asked
    tags: str
    key: bytes
    """What its answer is kept under."""
    form: Form
    cap: int | None


class Again(msgspec.Struct, frozen=True):
    """An answer that is to be given once more."""

    entry: Entry
    body: bytes
    """As it was written for the request before."""
    now: float

    def give(self, journey: Journey) -> None:
        """Answer with it."""
        entry = self.entry
        give(journey, entry, self.body, "hit", self.now - entry.stored, max(entry.cost, 0))


class Verbatim:
    """The requests of one process that were answered from its memory lately, as long as its configuration stays."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._snapshot: Snapshot | None = None
        self._size = 0
        self._known: dict[tuple[bytes, str], Known] = {}  # by the bytes themselves: a digest takes ten times as long

    def __len__(self) -> int:
        return len(self._known)

    def find(self, journey: Journey, body: bytes, now: float) -> Again | None:
        """The answer to a request, where it is known by its `body`; the journey then knows what it asks. `now` is Unix
        time in seconds.
        """
        caller, front, headers = journey.caller, journey.front, journey.request.headers
        known = self._known.get((body, caller.key)) if len(body) <= LONGEST else None
        if known is None or known.caller is not caller or journey.snapshot is not self._snapshot:
            return None
        if known.place != front.place or known.format != front.format.name:
            return None
        if not SAYING.isdisjoint(headers) or takes_whole_calls(headers):
            return None
        found = self._memory.told(known.key, known.form, now)
        if found is None or not found[0].fits(known.cap):
            return None
        journey.asked, journey.tags = known.asked, known.tags
        return Again(*found, now)

    def clear(self) -> None:
        """Forget all of them."""
        self._snapshot, self._size, self._known = None, 0, {}

    def remember(self, journey: Journey, body: bytes, key: bytes, form: Form, cap: int | None) -> None:
        """Take note of a request that is answered with what is kept under `key`."""
        if len(body) > LONGEST or not _hangs_on_nothing_else(journey):
            return
        if self._snapshot is not journey.snapshot or self._size > REMEMBERED:
            self._snapshot, self._size, self._known = journey.snapshot, 0, {}
        caller, front = journey.caller, journey.front
        known = Known(caller, front.format.name, front.place, journey.asked, journey.tags, key, form, cap)
        if (body, caller.key) not in self._known:
            self._size += len(body) + OVERHEAD
        self._known[body, caller.key] = known


def _hangs_on_nothing_else(journey: Journey) -> bool:
    """Whether all that led to its answer would be the same for the same bytes."""
    headers, rules, guarding = journey.request.headers, journey.snapshot.cache, journey.guarding
    if rules is None or rules.conditions or journey.wishes is not NONE or journey.front is RESPONSES:
        return False
    if not SAYING.isdisjoint(headers) or takes_whole_calls(headers):
        return False
    if journey.snapshot.config.loops.same_request is not None:  # the identical request is what is counted
        return False
    if journey.snapshot.log_rules is not None:  # the log wants what was read
        return False
    return guarding is None or guarding.silent
