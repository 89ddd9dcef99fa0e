"""What one request is called at the stage `cache`, and what stands around it.

A request has two digests. The one of its bytes as they came tells whether an Idempotency-Key stands for the same
request. The other is of what is to be sent: after the policies have redacted and put in what they do, with what was
said before in the conversation. What answers are kept under is made of that one.
"""

import hashlib
from functools import lru_cache
from typing import Final

import msgspec

from trunkline.formats.format import Place
from trunkline.gateway.cache_rules import CacheRules, Frame
from trunkline.gateway.state import Journey

BETAS: Final = frozenset({b"openai-beta", b"anthropic-beta"})
"""Header fields that are handed on and may change an answer."""

_encode = msgspec.json.Encoder(order="deterministic").encode


def frame_of(journey: Journey, rules: CacheRules) -> Frame:
    """What stands around the request."""
    guarding, wishes = journey.guarding, journey.wishes
    facts = _facts(journey, rules.conditions) if rules.conditions else {}
    guards = tuple(each.name for each in guarding.held) if guarding is not None else ()
    headers = journey.request.headers
    betas = () if BETAS.isdisjoint(headers) else tuple(headers.get(name, b"") for name in sorted(BETAS))
    return Frame(journey.caller, journey.asker, journey.policy, guards, wishes, facts, betas)


def _facts(journey: Journey, conditions: str) -> dict[str, object]:
    """What conditions may look at beside what is asked."""
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in journey.request.headers.items()}
    return {
        "key": journey.asker.key,
        "tags": journey.tags,
        "session": journey.wishes.session,
        "metadata": journey.document.value.get("metadata"),
        "headers": {name: value for name, value in headers.items() if name in conditions},
    }


def was_changed(journey: Journey) -> bool:
    """Whether the request may be other than it came."""
    return journey.guarding is not None or journey.following is not None or bool(journey.for_routers)


def digest_of_sent(journey: Journey) -> bytes:
    """What tells a request from others, as it is after its policies, with what was said before."""
    for_routers = {name: value for name, value in journey.for_routers.items() if name != "session_id"}
    return digest_of(journey, journey.document.write() + _encode(for_routers))


def digest_of(journey: Journey, body: bytes) -> bytes:
    """What tells a request from others that say or want anything else."""
    front = journey.front
    return hashlib.blake2b(body, digest_size=20, key=_spoken(front.format.name, front.place)).digest()


@lru_cache(maxsize=1000)
def _spoken(name: str, place: Place) -> bytes:
    said = f"{name} {place.model} {place.array} {place.whole_calls} {place.stream}"
    return hashlib.sha256(said.encode()).digest()[:16]
