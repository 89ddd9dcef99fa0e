"""What is kept of workers that died."""

from trunkline.telemetry.exposition import render
from trunkline.telemetry.metrics import Metrics
from trunkline.workers.counts import Counts
from trunkline.workers.supervisor import LONGEST_PAUSE, pause


def told(requests: int) -> bytes:
    """What a worker tells that has answered so many requests and has one under way."""
    metrics = Metrics()
    metrics.know(["bot"])
    metrics.gauge("trunkline_requests_in_flight", lambda: 1)
    for _ in range(requests):
        metrics.request("bot", "up", 200, False, 0.2, 0.0001, None)
    return metrics.snapshot()


def samples(*snapshots: bytes) -> dict[str, float]:
    """All of them added up, as Prometheus reads them."""
    text = render(snapshots)[0].decode()
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in text.splitlines() if line[0] != "#")}


def test_counters_and_histograms_are_added_up_and_gauges_forgotten() -> None:
    counts = Counts()
    counts.add(told(2))
    counts.add(told(3))
    both = samples(counts.snapshot(), told(5))
    assert both['trunkline_requests_total{model="bot",provider="up",status="200",stream="false"}'] == 10
    assert both['trunkline_request_duration_seconds_count{model="bot",stream="false"}'] == 10
    assert both['trunkline_request_duration_seconds_sum{model="bot",stream="false"}'] == 2
    assert both["trunkline_requests_in_flight"] == 1
    assert both["trunkline_workers"] == 1


def test_a_worker_that_never_told_anything_leaves_nothing() -> None:
    counts = Counts()
    counts.add(b"")
    assert counts.snapshot() == b""


def test_the_pause_before_a_restart_doubles_up_to_a_limit() -> None:
    assert [pause(deaths) for deaths in (1, 2, 3)] == [0.1, 0.2, 0.4]
    assert pause(12) == pause(1_000_000) == LONGEST_PAUSE
