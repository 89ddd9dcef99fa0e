"""What Prometheus reads: the snapshots of all workers added up, as text.

Imports the Prometheus client, which only the control plane needs: import this where it is used.
"""

from collections.abc import Iterable, Iterator
from itertools import accumulate

import msgspec
from prometheus_client import exposition
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector

from trunkline.telemetry.definitions import BY_NAME, METRICS, Merge, Metric
from trunkline.telemetry.metrics import Labels, Numbers, Snapshot

Values = dict[Labels, Numbers]
Merged = dict[str, Values]
"""By the metric's name."""

_OPENMETRICS = "application/openmetrics-text"
_decode = msgspec.msgpack.Decoder(Snapshot).decode


def merge(snapshots: Iterable[bytes]) -> Merged:
    """The values of several workers as those of one: added, unless the metric's definition says otherwise."""
    merged: Merged = {metric.name: {} for metric in METRICS}
    for snapshot in snapshots:
        for name, samples in _decode(snapshot).items():
            how, values = BY_NAME[name].merge, merged[name]
            for labels, numbers in samples:
                known = values.get(labels)
                values[labels] = numbers if known is None else _combined(how, known, numbers)
    return merged


def _combined(how: Merge, one: Numbers, other: Numbers) -> Numbers:
    pairs = zip(one, other, strict=True)
    match how:
        case "sum":
            return [a + b for a, b in pairs]
        case "min":
            return [min(a, b) for a, b in pairs]
        case "max":
            return [max(a, b) for a, b in pairs]


def render(snapshots: Iterable[bytes], accept: str = "") -> tuple[bytes, str]:
    """The exposition and its content type: OpenMetrics where the `Accept` header names it, else Prometheus text.

    Takes about a millisecond for every model that was used: call it in a worker thread.
    """
    # The client's own reading of `Accept` fails on a version that is no number, so it is shown only the name.
    encode, content_type = exposition.choose_encoder(_OPENMETRICS if _OPENMETRICS in accept.lower() else "")
    return encode(_Families(merge(snapshots))), content_type


class _Families(Collector):
    """All metrics in the order of their definitions, as the Prometheus client writes them."""

    def __init__(self, merged: Merged) -> None:
        self._merged = merged

    def collect(self) -> Iterator[Family]:
        for metric in METRICS:
            make = _histogram if metric.kind == "histogram" else _number
            yield make(metric, self._merged[metric.name])


def _number(metric: Metric, values: Values) -> Family:
    kind = CounterMetricFamily if metric.kind == "counter" else GaugeMetricFamily
    family = kind(metric.name, metric.help, labels=metric.labels)
    for labels, (value,) in sorted(values.items()):
        family.add_metric(labels, value / metric.per)
    return family


def _histogram(metric: Metric, values: Values) -> Family:
    family = HistogramMetricFamily(metric.name, metric.help, labels=metric.labels)
    bounds = [*map(str, metric.buckets), "+Inf"]
    for labels, (total, *counts) in sorted(values.items()):
        family.add_metric(labels, list(zip(bounds, accumulate(counts), strict=True)), total / metric.per)
    return family
