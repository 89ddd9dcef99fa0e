"""What Prometheus would read, and rows to count."""

from collections.abc import Iterable
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from trunkline.ledger.record import Row
from trunkline.telemetry.exposition import render
from trunkline.telemetry.metrics import Metrics


class Samples:
    """The samples of an exposition, by name and labels."""

    def __init__(self, *workers: Metrics) -> None:
        self.text = render(worker.snapshot() for worker in workers)[0].decode()
        self._all = [sample for family in text_string_to_metric_families(self.text) for sample in family.samples]

    def value(self, name: str, **labels: str) -> float | None:
        """The value of the one sample with this name and exactly these labels, if there is one."""
        found = [sample.value for sample in self._all if sample.name == name and sample.labels == labels]
        assert len(found) <= 1, found
        return found[0] if found else None

    def total(self, name: str) -> float:
        """The sum of all samples with this name."""
        return sum(sample.value for sample in self._all if sample.name == name)

    def labels(self, name: str) -> list[dict[str, str]]:
        """The label sets under which samples with this name stand."""
        return [sample.labels for sample in self._all if sample.name == name]


def row(**fields: Any) -> Row:
    """A row of the ledger: what is not given here is that of a streamed answer of gpt-4o."""
    usual = {
        "request": "0193f0a0-1111-7222-8333-444455556666",
        "attempt": 1,
        "started": 1_767_225_600_000_000,
        "label": "",
        "key": "support",
        "asked": "support-bot",
        "provider": "openai",
        "model": "gpt-4o",
        "stream": True,
        "outcome": "ok",
        "status": 200,
        "error": "",
        "finish": "stop",
        "usage": "provider",
        "input_tokens": 120,
        "cached_tokens": 20,
        "cache_write_tokens": 0,
        "output_tokens": 300,
        "reasoning_tokens": 10,
        "cost": 3_300_000,
        "first_byte_us": 250_000,
        "total_us": 900_000,
    }
    return Row(**{**usual, **fields})


def known(names: Iterable[str] = ("support-bot", "openai/gpt-4o")) -> Metrics:
    """Metrics of a worker whose configuration has `names`."""
    metrics = Metrics()
    metrics.know(names)
    return metrics
