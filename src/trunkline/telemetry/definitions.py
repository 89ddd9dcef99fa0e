"""Every metric there is: its name, kind, labels and meaning. The code records by this table, and the reference is
made of it.

Names end in their base unit, and counters in `_total`. Values are recorded as integers where an integer is exact
(microseconds, nano-dollars) and divided by `per` when they are shown.
"""

from typing import Literal, get_args

import msgspec

from trunkline.ledger.record import Outcome

Kind = Literal["counter", "gauge", "histogram"]
Merge = Literal["sum", "min", "max"]

OTHER = "other"
"""The label of what has no label of its own: a name nobody serves, or one too many."""

OVERHEAD = (0.00005, 0.0001, 0.00015, 0.0002, 0.0003, 0.0005, 0.00075, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1)
"""Seconds. Finest around 0.3 ms, which is what Trunkline may add to a request."""
LATENCY = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0)
"""Seconds. From a cached answer to the longest reasoning."""

SIMILARITY = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.999)
"""From 0 to 1; above the last, the answers are the same."""

MICRO = 1_000_000
NANO = 1_000_000_000


class Metric(msgspec.Struct, frozen=True, kw_only=True):
    """One metric."""

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    """Values of the last label that are known in advance. An event's are shown as 0 before they happen."""
    buckets: tuple[float, ...] = ()
    """Upper bounds of a histogram's buckets, without the infinite one."""
    per: int = 1
    """How many of what is recorded make one of what is shown."""
    merge: Merge = "sum"
    """How the values of several workers become one."""


LABELS = {
    "certificate": "Where the configuration names it, such as `server.tls`.",
    "code": "An error's code, as in the reply's body.",
    "kind": "`input` holds `cached` and `cache_write`; `output` holds `reasoning`.",
    "model": "The name a request asked for, or of an upstream attempt the provider's name for it. Names that the "
    "configuration does not hold count as `other` until a provider has served them.",
    "percent": "Of the budget's amount.",
    "outcome": "How an attempt ended, as in the ledger.",
    "provider": "The provider's name in the configuration. Empty for a request that reached none.",
    "reason": "Why.",
    "whose": "The `first` answer, which the client got, or the `shadow`'s.",
    "result": "Whether the new configuration, or certificate, was taken.",
    "state": "`busy` with a call, or `idle` and kept for the next.",
    "status": "The HTTP status that was sent.",
    "stream": "`true` where the request asked for a stream.",
    "version": "As `trunkline --version` prints it.",
    "what": "What could not be written: the journal of intents, or the store.",
    "when": "`waiting` for the first output, or while it was `receiving`.",
    "shadow": "`provider/model` of the shadow.",
    "route": "The configured name that was asked for.",
    "rule": "The policy, and the rule in it.",
    "action": "What became of what it found: `block`, `redact`, `pseudonymise` or `report`.",
    "to": "What a breaker has become: `opened` or `closed`.",
}
"""What each label says."""

METRICS = (
    # requests of clients
    Metric(
        name="trunkline_requests_total",
        kind="counter",
        labels=("model", "provider", "status", "stream"),
        help="Requests that were answered.",
    ),
    Metric(
        name="trunkline_errors_total",
        kind="counter",
        labels=("code",),
        help="Requests that ended with an error, also those whose stream had begun.",
    ),
    Metric(
        name="trunkline_request_duration_seconds",
        kind="histogram",
        labels=("model", "stream"),
        buckets=LATENCY,
        help="From a request's arrival to the last byte of its reply.",
    ),
    Metric(
        name="trunkline_time_to_first_token_seconds",
        kind="histogram",
        labels=("model",),
        buckets=LATENCY,
        help="From a request's arrival to the first output, of streamed requests that had any.",
    ),
    Metric(
        name="trunkline_overhead_seconds",
        kind="histogram",
        labels=("stream",),
        buckets=OVERHEAD,
        help="What Trunkline itself took of a request's time.",
    ),
    Metric(name="trunkline_requests_in_flight", kind="gauge", help="Requests being answered now."),
    Metric(name="trunkline_connections", kind="gauge", help="Connections of clients that are open now."),
    Metric(
        name="trunkline_shed_requests_total",
        kind="counter",
        labels=("reason",),
        known=("in_flight", "ledger"),
        help="Requests refused with 503: too many in flight, or the ledger takes no more.",
    ),
    Metric(
        name="trunkline_refused_connections_total",
        kind="counter",
        help="Connections closed at once because too many were open.",
    ),
    Metric(
        name="trunkline_client_disconnects_total",
        kind="counter",
        labels=("when",),
        known=("waiting", "receiving"),
        help="Clients that left before their reply was complete.",
    ),
    Metric(
        name="trunkline_keepalives_total",
        kind="counter",
        help="Comments sent into a stream because nothing else had come for a while.",
    ),
    Metric(
        name="trunkline_guard_decisions_total",
        kind="counter",
        labels=("rule", "action"),
        help="What policies about what may be said have decided.",
    ),
    # attempts upstream
    Metric(
        name="trunkline_attempts_total",
        kind="counter",
        labels=("provider", "model", "outcome"),
        known=get_args(Outcome),
        help="Attempts made upstream.",
    ),
    Metric(
        name="trunkline_attempt_errors_total",
        kind="counter",
        labels=("provider", "model", "code"),
        help="Attempts that ended with an error.",
    ),
    Metric(
        name="trunkline_retries_total",
        kind="counter",
        labels=("code",),
        help="Attempts made because another had failed, by the error of that other.",
    ),
    Metric(
        name="trunkline_breaker_changes_total",
        kind="counter",
        labels=("to",),
        known=("opened", "closed"),
        help="How often a model that failed was left alone, or was found to be well again.",
    ),
    Metric(
        name="trunkline_hedges_total",
        kind="counter",
        help="Second calls made because the first was late.",
    ),
    Metric(
        name="trunkline_resumes_total",
        kind="counter",
        help="How often another model went on with a stream that had broken off.",
    ),
    Metric(
        name="trunkline_benched_keys_total",
        kind="counter",
        labels=("provider",),
        help="How often a provider refused one of the operator's keys, which then rested.",
    ),
    Metric(
        name="trunkline_tokens_total",
        kind="counter",
        labels=("provider", "model", "kind"),
        known=("input", "cached", "cache_write", "output", "reasoning"),
        help="Tokens, as in the ledger.",
    ),
    Metric(
        name="trunkline_cost_dollars_total",
        kind="counter",
        labels=("provider", "model"),
        per=NANO,
        help="What the attempts with a price cost, in US dollars.",
    ),
    Metric(
        name="trunkline_unpriced_attempts_total",
        kind="counter",
        labels=("provider", "model"),
        help="Attempts whose model has no price, so that their cost is missing from the sum.",
    ),
    Metric(
        name="trunkline_upstream_first_byte_seconds",
        kind="histogram",
        labels=("provider", "model"),
        buckets=LATENCY,
        per=MICRO,
        help="From an attempt's start to the first byte of the provider's body.",
    ),
    Metric(
        name="trunkline_upstream_duration_seconds",
        kind="histogram",
        labels=("provider", "model"),
        buckets=LATENCY,
        per=MICRO,
        help="From an attempt's start to its end.",
    ),
    Metric(
        name="trunkline_upstream_connections",
        kind="gauge",
        labels=("provider", "state"),
        known=("busy", "idle"),
        help="Connections to providers that are open now.",
    ),
    # shadows
    Metric(
        name="trunkline_shadows_total",
        kind="counter",
        labels=("reason",),
        known=("compared", "failed", "unanswered", "unfit", "busy"),
        help="Requests drawn to be sent to a second model as well: `compared`; the second `failed`; the request itself "
        "was `unanswered`; the second cannot take it (`unfit`); left out, there being enough to do (`busy`).",
    ),
    Metric(
        name="trunkline_shadow_similarity_ratio",
        kind="histogram",
        labels=("route", "shadow"),
        buckets=SIMILARITY,
        help="How like a shadow's wording is to that of the answer the client got, from 0 to 1.",
    ),
    Metric(
        name="trunkline_shadow_duration_seconds",
        kind="histogram",
        labels=("route", "shadow", "whose"),
        known=("first", "shadow"),
        buckets=LATENCY,
        help="How long both took, of the same requests.",
    ),
    Metric(
        name="trunkline_shadow_cost_dollars_total",
        kind="counter",
        labels=("route", "shadow", "whose"),
        known=("first", "shadow"),
        per=NANO,
        help="What both cost, of the same requests, where both have a price.",
    ),
    # the ledger
    Metric(name="trunkline_ledger_lag_rows", kind="gauge", help="Settled attempts that are not yet in the store."),
    Metric(
        name="trunkline_ledger_failures_total",
        kind="counter",
        labels=("what",),
        known=("journal", "store"),
        help="Writes of the ledger that failed. A row that the store refused is kept and tried again.",
    ),
    # limits
    Metric(
        name="trunkline_limited_requests_total",
        kind="counter",
        labels=("reason",),
        known=(
            *("requests", "input", "output", "tokens", "concurrent"),
            *("deployment", "budget", "loop", "session", "away"),
        ),
        help="Requests that a limit refused, by what was counted; attempts that a limit of their model, or a budget, "
        "refused.",
    ),
    Metric(
        name="trunkline_queued_requests_total", kind="counter", help="Requests over a limit that waited for their turn."
    ),
    Metric(
        name="trunkline_lease_round_trips_total",
        kind="counter",
        help="Calls to Valkey or the store that keep limits over several processes.",
    ),
    Metric(
        name="trunkline_budget_alerts_total",
        kind="counter",
        labels=("percent",),
        help="Parts of budgets that were spent.",
    ),
    Metric(
        name="trunkline_alert_failures_total", kind="counter", help="Webhooks that were not taken, however often tried."
    ),
    # answers that are kept
    Metric(
        name="trunkline_cache_total",
        kind="counter",
        labels=("result",),
        known=("hit", "semantic", "stale", "miss", "joined", "bypass", "outcome"),
        help="Requests that the cache was asked about. `outcome`: answered by what an Idempotency-Key had led to.",
    ),
    Metric(
        name="trunkline_cache_failures_total",
        kind="counter",
        labels=("what",),
        known=("away", "damaged"),
        help="Kept answers that could not be fetched or stored (`away`), or were not what was stored (`damaged`).",
    ),
    # responses that are kept
    Metric(
        name="trunkline_unsaved_responses_total",
        kind="counter",
        help="Responses that should be kept and could not be, so that applications cannot refer to them.",
    ),
    Metric(
        name="trunkline_request_log_dropped_total",
        kind="counter",
        labels=("reason",),
        known=("full", "sealing", "store"),
        help="Requests that are missing from the request log: more was said than could be written (`full`), it could "
        "not be encrypted (`sealing`), or the store did not take it (`store`).",
    ),
    # the process
    Metric(
        name="trunkline_reloads_total",
        kind="counter",
        labels=("result",),
        known=("ok", "rejected"),
        help="Changes of the configuration, counted by every worker.",
    ),
    Metric(
        name="trunkline_tls_certificate_expiry_timestamp_seconds",
        kind="gauge",
        labels=("certificate",),
        merge="min",
        help="Unix time at which a certificate of our own ends: a listener's, or one that is shown to a provider.",
    ),
    Metric(
        name="trunkline_tls_renewals_total",
        kind="counter",
        labels=("result",),
        help="Changes of the files of TLS, counted by every worker.",
    ),
    Metric(
        name="trunkline_tls_refused_handshakes_total",
        kind="counter",
        labels=("reason",),
        help="Clients with which no TLS connection came about.",
    ),
    Metric(
        name="trunkline_config_loaded_timestamp_seconds",
        kind="gauge",
        merge="min",
        help="Unix time at which the configuration in use was read; of several workers, the oldest.",
    ),
    Metric(
        name="trunkline_log_dropped_lines_total",
        kind="counter",
        help="Log lines thrown away because nobody read them or the disk was full.",
    ),
    Metric(
        name="trunkline_start_time_seconds",
        kind="gauge",
        merge="max",
        help="Unix time at which the process started; of several workers, the youngest.",
    ),
    Metric(
        name="trunkline_resident_memory_bytes", kind="gauge", help="Memory of all workers; shared pages count twice."
    ),
    Metric(name="trunkline_open_fds", kind="gauge", help="Open file descriptors of all workers."),
    Metric(
        name="trunkline_max_fds",
        kind="gauge",
        merge="min",
        help="The most file descriptors one worker may open.",
    ),
    Metric(name="trunkline_workers", kind="gauge", help="Workers whose values are in this answer."),
    Metric(
        name="trunkline_build_info",
        kind="gauge",
        labels=("version",),
        merge="max",
        help="Always 1; the label tells the release.",
    ),
)

BY_NAME = {metric.name: metric for metric in METRICS}

Event = Literal[
    "alert_failures",
    "benched_keys",
    "breaker_changes",
    "budget_alerts",
    "cache",
    "cache_failures",
    "client_disconnects",
    "errors",
    "hedges",
    "keepalives",
    "ledger_failures",
    "limited_requests",
    "queued_requests",
    "refused_connections",
    "reloads",
    "request_log_dropped",
    "resumes",
    "retries",
    "shadows",
    "shed_requests",
    "unsaved_responses",
]
"""What is counted one by one as it happens: a counter's name without `trunkline_` and `_total`."""


def counter_of(event: str) -> Metric:
    """The counter of an `Event`."""
    return BY_NAME[f"trunkline_{event}_total"]
