"""What is recorded is what Prometheus reads, and stays bounded whatever clients send."""

import functools
import itertools
from collections.abc import Callable
from operator import methodcaller
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics_families
from prometheus_client.parser import text_string_to_metric_families
from tests.telemetry.samples import Samples, known, row

from trunkline.ledger.record import Outcome
from trunkline.telemetry.definitions import LATENCY, METRICS, OVERHEAD, Event
from trunkline.telemetry.exposition import merge, render
from trunkline.telemetry.metrics import LIMIT, MOST_EVENT_LABELS, Metrics


@pytest.mark.parametrize("stream", [False, True])
def test_a_request_is_counted_and_timed(stream: bool) -> None:
    metrics = known()
    metrics.request("support-bot", "openai", 200, stream, 0.9, 0.0002, 0.25 if stream else None)
    read, told = Samples(metrics), str(stream).lower()
    assert (
        read.value("trunkline_requests_total", model="support-bot", provider="openai", status="200", stream=told) == 1
    )
    assert read.value("trunkline_request_duration_seconds_sum", model="support-bot", stream=told) == 0.9
    assert read.value("trunkline_overhead_seconds_sum", stream=told) == 0.0002
    assert read.value("trunkline_time_to_first_token_seconds_count", model="support-bot") == stream


def test_a_value_on_the_bound_of_a_bucket_belongs_into_it() -> None:
    metrics = known()
    for seconds in (0.0049, 0.005, 0.0051, 300.0, 301.0):
        metrics.request("support-bot", "openai", 200, False, seconds, 0.0, None)
    buckets = {
        bound: Samples(metrics).value(
            "trunkline_request_duration_seconds_bucket", model="support-bot", stream="false", le=bound
        )
        for bound in ("0.005", "0.01", "120.0", "300.0", "+Inf")
    }
    assert buckets == {"0.005": 2, "0.01": 3, "120.0": 3, "300.0": 4, "+Inf": 5}


def test_an_attempt_is_counted_with_its_tokens_its_times_and_its_cost() -> None:
    metrics = known()
    metrics.attempt(row(cost=1))
    metrics.attempt(row(cost=2_499_999_999, cache_write_tokens=7))
    read, of = Samples(metrics), {"provider": "openai", "model": "gpt-4o"}
    assert read.value("trunkline_attempts_total", **of, outcome="ok") == 2
    tokens = {kind: read.value("trunkline_tokens_total", **of, kind=kind) for kind in ("input", "cached", "output")}
    assert tokens == {"input": 240, "cached": 40, "output": 600}
    assert read.value("trunkline_tokens_total", **of, kind="cache_write") == 7
    assert read.value("trunkline_tokens_total", **of, kind="reasoning") == 20
    assert read.value("trunkline_cost_dollars_total", **of) == 2.5
    assert read.value("trunkline_unpriced_attempts_total", **of) == 0
    assert read.value("trunkline_upstream_first_byte_seconds_sum", **of) == 0.5
    assert read.value("trunkline_upstream_duration_seconds_sum", **of) == 1.8


def test_an_attempt_that_failed_has_its_code_and_no_times_it_did_not_have() -> None:
    metrics = known()
    metrics.attempt(row(outcome="unreached", error="upstream_unreachable", cost=-1, first_byte_us=-1, total_us=-1))
    read, of = Samples(metrics), {"provider": "openai", "model": "gpt-4o"}
    assert read.value("trunkline_attempts_total", **of, outcome="unreached") == 1
    assert read.value("trunkline_attempts_total", **of, outcome="ok") == 0
    assert read.value("trunkline_attempt_errors_total", **of, code="upstream_unreachable") == 1
    assert read.value("trunkline_unpriced_attempts_total", **of) == 1
    assert read.value("trunkline_cost_dollars_total", **of) == 0
    assert read.value("trunkline_upstream_first_byte_seconds_count", **of) == 0
    assert read.value("trunkline_upstream_duration_seconds_count", **of) == 0


def test_a_name_that_nobody_serves_counts_as_other() -> None:
    metrics = known()
    metrics.request("no-such-model", "", 404, False, 0.001, 0.001, None)
    metrics.attempt(row(model="no-such-model", outcome="refused", error="model_not_found"))
    read = Samples(metrics)
    assert read.value("trunkline_requests_total", model="other", provider="", status="404", stream="false") == 1
    assert read.value("trunkline_attempts_total", provider="openai", model="other", outcome="refused") == 1
    assert "no-such-model" not in read.text


def test_a_name_that_was_served_is_a_label_from_then_on() -> None:
    metrics = known([])
    metrics.request("openai/gpt-5", "openai", 502, True, 1.0, 0.1, None)
    metrics.request("openai/gpt-5", "openai", 200, True, 1.0, 0.1, 0.5)
    metrics.request("openai/gpt-5", "openai", 502, True, 1.0, 0.1, None)
    metrics.attempt(row(model="gpt-6"))
    metrics.attempt(row(model="gpt-6", outcome="failed"))
    read = Samples(metrics)
    of = {"provider": "openai", "stream": "true"}
    assert read.value("trunkline_requests_total", model="openai/gpt-5", status="502", **of) == 1
    assert read.value("trunkline_requests_total", model="other", status="502", **of) == 1
    assert read.value("trunkline_attempts_total", provider="openai", model="gpt-6", outcome="failed") == 1


def test_a_model_of_the_configuration_is_a_label_although_it_always_fails() -> None:
    metrics = known()
    metrics.request("support-bot", "openai", 502, False, 1.0, 0.1, None)
    metrics.attempt(row(outcome="failed"))
    read = Samples(metrics)
    assert read.value("trunkline_requests_total", model="support-bot", provider="openai", status="502", stream="false")
    assert read.value("trunkline_attempts_total", provider="openai", model="gpt-4o", outcome="failed") == 1


def test_ten_thousand_served_models_do_not_make_ten_thousand_labels() -> None:
    metrics = Metrics()
    for number in range(10_000):
        metrics.request(f"openai/model-{number}", "openai", 200, False, 1.0, 0.1, None)
        metrics.attempt(row(model=f"model-{number}"))
    snapshot = merge([metrics.snapshot()])
    assert max(len(values) for name, values in snapshot.items() if name != "trunkline_tokens_total") <= 8 * LIMIT
    assert len(snapshot["trunkline_requests_total"]) <= LIMIT + 1
    assert len(snapshot["trunkline_cost_dollars_total"]) <= LIMIT + 1
    assert sum(value for (value,) in snapshot["trunkline_requests_total"].values()) == 10_000
    assert sum(value for (value,) in snapshot["trunkline_cost_dollars_total"].values()) == 10_000 * 3_300_000


def test_many_label_sets_of_few_models_are_bounded_too() -> None:
    metrics = Metrics(limit=50)
    metrics.know(["support-bot"])
    for status, provider in itertools.product(range(200, 220), range(20)):
        metrics.request("support-bot", f"provider-{provider}", status, False, 1.0, 0.1, None)
    read = Samples(metrics)
    assert len(read.labels("trunkline_requests_total")) <= 50 + 20
    assert read.total("trunkline_requests_total") == 400


@pytest.mark.parametrize("name", ['a"b', "a\nb", "a\\b", "modèle-模型", "\ud800", "{model}", "x" * 5000, ""])
def test_a_hostile_name_is_a_label_that_can_be_read_back(name: str) -> None:
    metrics = known([name])
    metrics.request(name, name, 200, True, 1.0, 0.1, 0.5)
    metrics.attempt(row(provider=name, model=name, error=name))
    metrics.event("errors", name)
    (labels,) = Samples(metrics).labels("trunkline_requests_total")
    assert labels["model"] == name[:128].replace("\ud800", "?")
    assert Samples(metrics).total("trunkline_errors_total") == 1


def test_an_event_is_zero_before_it_happens_and_counted_when_it_does() -> None:
    metrics = Metrics()
    assert Samples(metrics).value("trunkline_reloads_total", result="rejected") == 0
    assert Samples(metrics).value("trunkline_keepalives_total") == 0
    metrics.event("reloads", "rejected")
    metrics.event("keepalives")
    metrics.event("keepalives")
    assert Samples(metrics).value("trunkline_reloads_total", result="rejected") == 1
    assert Samples(metrics).value("trunkline_keepalives_total") == 2


def test_the_labels_of_an_event_are_bounded() -> None:
    metrics = Metrics()
    for number in range(1000):
        metrics.event("errors", f"code-{number}")
    read = Samples(metrics)
    assert len(read.labels("trunkline_errors_total")) == MOST_EVENT_LABELS + 1
    assert read.total("trunkline_errors_total") == 1000
    assert read.value("trunkline_errors_total", code="other") == 1000 - MOST_EVENT_LABELS


def test_a_gauge_is_read_when_it_is_asked_for() -> None:
    metrics = Metrics()
    open_now: dict[tuple[str, ...], float] = {("openai", "busy"): 3.0, ("openai", "idle"): 1.0}
    metrics.gauge("trunkline_requests_in_flight", lambda: 7)
    metrics.gauge("trunkline_upstream_connections", lambda: open_now)
    metrics.gauge("trunkline_log_dropped_lines_total", lambda: 2)
    assert Samples(metrics).value("trunkline_requests_in_flight") == 7
    assert Samples(metrics).value("trunkline_log_dropped_lines_total") == 2
    assert Samples(metrics).value("trunkline_upstream_connections", provider="openai", state="busy") == 3
    open_now["openai", "busy"] = 4.0
    assert Samples(metrics).value("trunkline_upstream_connections", provider="openai", state="busy") == 4


def test_gauges_of_several_workers_become_one_as_their_definition_says() -> None:
    workers = [Metrics(), Metrics()]
    for worker, value in zip(workers, (100.0, 250.0), strict=True):
        worker.gauge("trunkline_resident_memory_bytes", functools.partial(float, value))
        worker.gauge("trunkline_config_loaded_timestamp_seconds", functools.partial(float, value))
        worker.gauge("trunkline_start_time_seconds", functools.partial(float, value))
    read = Samples(*workers)
    assert read.value("trunkline_resident_memory_bytes") == 350
    assert read.value("trunkline_config_loaded_timestamp_seconds") == 100
    assert read.value("trunkline_start_time_seconds") == 250
    assert read.value("trunkline_workers") == 2


MODELS = ["support-bot", "auto", "summary"]
PROVIDERS = ["openai", "house"]
seconds = st.integers(0, 2**20).map(lambda n: n / 1024)  # exact, so that their sums do not depend on their order
requests = st.builds(
    methodcaller,
    st.just("request"),
    st.sampled_from(MODELS),
    st.sampled_from(PROVIDERS),
    st.sampled_from([200, 404, 429, 502]),
    st.booleans(),
    seconds,
    seconds,
    st.none() | seconds,
)
rows = st.builds(
    row,
    provider=st.sampled_from(PROVIDERS),
    model=st.sampled_from(MODELS),
    outcome=st.sampled_from(get_args(Outcome)),
    error=st.sampled_from(["", "upstream_timeout"]),
    input_tokens=st.integers(0, 2**40),
    output_tokens=st.integers(0, 2**40),
    cost=st.integers(-1, 2**50),
    first_byte_us=st.integers(-1, 10**9),
    total_us=st.integers(-1, 10**9),
)
attempts = st.builds(methodcaller, st.just("attempt"), rows)
events = st.builds(methodcaller, st.just("event"), st.sampled_from(["errors", "retries"]), st.sampled_from(["a", "b"]))


@given(st.lists(st.tuples(st.integers(0, 3), requests | attempts | events), max_size=60))
def test_workers_added_up_equal_one_that_saw_everything(history: list[tuple[int, Callable[[Metrics], None]]]) -> None:
    names = [*MODELS, *(f"{provider}/{model}" for provider in PROVIDERS for model in MODELS)]
    workers, one = [known(names) for _ in range(4)], known(names)
    for number, record in history:
        record(workers[number])
        record(one)
    added, alone = merge(worker.snapshot() for worker in workers), merge([one.snapshot()])
    assert added.pop("trunkline_workers") == {(): [4]}
    assert alone.pop("trunkline_workers") == {(): [1]}
    assert added == alone


def busy() -> Metrics:
    """A worker with a sample of every kind."""
    metrics = known()
    metrics.request("support-bot", "openai", 200, True, 0.9, 0.0002, 0.25)
    metrics.attempt(row())
    metrics.attempt(row(outcome="failed", error="upstream_timeout"))
    metrics.gauge("trunkline_build_info", lambda: {("0.1.0",): 1})
    metrics.gauge("trunkline_requests_in_flight", lambda: 7)
    return metrics


@pytest.mark.parametrize(
    ("accept", "kind", "parse"),
    [
        ("", "text/plain; version=0.0.4", text_string_to_metric_families),
        ("text/plain;version=0.0.4;q=0.3,*/*;q=0.2", "text/plain; version=0.0.4", text_string_to_metric_families),
        ("application/openmetrics-text;version=1.0.0,*/*", "application/openmetrics-text", open_metrics_families),
        ("Application/OpenMetrics-Text; version=one", "application/openmetrics-text", open_metrics_families),
    ],
)
def test_both_formats_can_be_read(accept: str, kind: str, parse: object) -> None:
    assert callable(parse)
    body, content_type = render([busy().snapshot()], accept)
    families = {family.name: family for family in parse(body.decode())}
    assert content_type.startswith(kind)
    assert families.keys() == {metric.name.removesuffix("_total") for metric in METRICS}
    assert families["trunkline_overhead_seconds"].type == "histogram"


def test_definitions_keep_the_conventions_of_prometheus() -> None:
    assert len({metric.name for metric in METRICS}) == len(METRICS)
    for metric in METRICS:
        assert metric.name.startswith("trunkline_")
        assert (metric.kind == "counter") == metric.name.endswith("_total"), metric.name
        assert (metric.kind == "histogram") == bool(metric.buckets), metric.name
        assert metric.kind != "histogram" or metric.name.endswith(("_seconds", "_ratio")), metric.name
        assert list(metric.buckets) == sorted(metric.buckets)
    assert (OVERHEAD[0], OVERHEAD[-1]) == (0.00005, 0.1)
    assert (LATENCY[0], LATENCY[-1]) == (0.005, 300.0)


def test_every_event_has_a_counter_with_at_most_one_label() -> None:
    metrics = Metrics()
    for event in get_args(Event):
        metrics.event(event, "why")
    counters = {metric.name: metric for metric in METRICS}
    for event in get_args(Event):
        assert len(counters[f"trunkline_{event}_total"].labels) <= 1
    assert Samples(metrics).total("trunkline_retries_total") == 1


def test_comparisons_with_shadows_are_summed_and_bounded() -> None:
    metrics, of = Metrics(limit=3), {"route": "bot", "shadow": "openai/gpt-4o"}
    metrics.shadow("bot", "openai/gpt-4o", 0.9, (2.0, 1.0), (3_000_000_000, 1_000_000_000))
    metrics.shadow("bot", "openai/gpt-4o", None, (2.0, 0.5), (3_000_000_000, -1))
    read = Samples(metrics)
    assert read.value("trunkline_shadow_similarity_ratio_count", **of) == 1
    assert read.value("trunkline_shadow_duration_seconds_sum", **of, whose="first") == 4
    assert read.value("trunkline_shadow_duration_seconds_sum", **of, whose="shadow") == 1.5
    assert read.value("trunkline_shadow_cost_dollars_total", **of, whose="first") == 3
    assert read.value("trunkline_shadow_cost_dollars_total", **of, whose="shadow") == 1
    for number in range(20):
        metrics.shadow(f"route-{number}", "openai/gpt-4o", 0.9, (2.0, 1.0), (3, 1))
    assert len(Samples(metrics).labels("trunkline_shadow_similarity_ratio_sum")) <= 4
