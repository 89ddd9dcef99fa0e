"""What is measured, in this order: families of figures, each with a start of the gateway of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from bench.apis import TRANSLATED, Api
from bench.backends import Backends, Upstream
from bench.cached import measure_guard, measure_hits, measure_policy
from bench.measures import (
    FRONT_TLS,
    GUARD,
    HITS,
    LIMITED,
    PLAIN,
    POLICY,
    SOAK,
    STREAMING,
    TLS,
    WORKERS,
    Measure,
    translated,
    translated_streams,
)
from bench.peers import Setup
from bench.plain import measure_front_tls, measure_limited, measure_plain, measure_soak, measure_tls, measure_workers
from bench.session import Session
from bench.streaming import measure_streaming
from bench.translated import measure_translated, measure_translated_streams


@dataclass(frozen=True)
class Family:
    """Measurements that share one start of a gateway."""

    name: str
    measures: list[Measure]
    upstream: Callable[[Backends], Upstream]
    measure: Callable[[Session], None]
    front_tls: bool = False
    setup: Setup = ""
    """Only Trunkline is measured with any."""


def _translation(api: Api) -> list[Family]:
    return [
        Family(
            f"→ {api.title}",
            translated(api),
            lambda backends: backends.plain.speaking(api),
            partial(measure_translated, api),
        ),
        Family(
            f"→ {api.title}, streaming",
            translated_streams(api),
            lambda backends: backends.streaming.upstream.speaking(api),
            partial(measure_translated_streams, api),
        ),
    ]


RELAYED = [
    Family("plain", PLAIN, lambda backends: backends.plain, measure_plain),
    Family("limits", LIMITED, lambda backends: backends.plain, measure_limited, setup="limits"),
    Family("two workers", WORKERS, lambda backends: backends.plain, measure_workers, setup="workers"),
    Family("TLS upstream", TLS, lambda backends: backends.tls, measure_tls),
    Family("streaming", STREAMING, lambda backends: backends.streaming.upstream, measure_streaming),
    Family("exact cache", HITS, lambda backends: backends.plain, measure_hits, setup="cache"),
    Family("a policy", POLICY, lambda backends: backends.plain, measure_policy, setup="policy"),
    Family("guard and cache", GUARD, lambda backends: backends.plain, measure_guard, setup="guard"),
    Family("TLS in front", FRONT_TLS, lambda backends: backends.plain, measure_front_tls, front_tls=True),
]
TRANSLATION = [family for api in TRANSLATED for family in _translation(api)]
SOAKING = Family("soak", SOAK, lambda backends: backends.plain, measure_soak)


def chosen(*, translated_only: bool, soak: bool) -> list[Family]:
    """The families of a run."""
    families = TRANSLATION if translated_only else [*RELAYED, *TRANSLATION]
    return [*families, SOAKING] if soak else families
