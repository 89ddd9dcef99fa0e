"""The page `docs/reference/metrics.md`, made of the definitions.

python -m trunkline.telemetry.reference > docs/reference/metrics.md
"""

import sys

from trunkline.telemetry.definitions import LABELS, METRICS, Metric

_HEAD = """\
<!-- Made from src/trunkline/telemetry/definitions.py by src/trunkline/telemetry/reference.py. -->

# Metrics

`GET /metrics` on the control listener answers in the Prometheus text format, or in OpenMetrics where the `Accept`
header asks for it. The values of all worker processes are added up; where one is not a sum, its line says so.

"""


def render() -> str:
    """The page as Markdown."""
    buckets = dict.fromkeys(metric.buckets for metric in METRICS if metric.buckets)
    return "".join(
        [
            _HEAD,
            "| metric | kind | labels | what it tells |\n|---|---|---|---|\n",
            *(_row(metric) for metric in METRICS),
            "\n## Labels\n\n| label | what it says |\n|---|---|\n",
            *(f"| `{label}` | {text}{_values(label)} |\n" for label, text in LABELS.items()),
            "\n## Buckets\n\nThe upper bounds of the histograms' buckets, in seconds.\n\n",
            *(f"- {_names(bounds)}: {', '.join(map(_plain, bounds))}\n" for bounds in buckets),
        ]
    )


def _row(metric: Metric) -> str:
    labels = ", ".join(f"`{label}`" for label in metric.labels)
    return f"| `{metric.name}` | {metric.kind} | {labels} | {metric.help} |\n"


def _values(label: str) -> str:
    """The label's known values, where there are any."""
    known = dict.fromkeys(value for m in METRICS if m.labels and m.labels[-1] == label for value in m.known)
    return f" One of {', '.join(f'`{value}`' for value in known)}." if known else ""


def _names(buckets: tuple[float, ...]) -> str:
    return ", ".join(f"`{metric.name}`" for metric in METRICS if metric.buckets == buckets)


def _plain(bound: float) -> str:
    return f"{bound:.5f}".rstrip("0").rstrip(".")


if __name__ == "__main__":
    sys.stdout.write(render())
