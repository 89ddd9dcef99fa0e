"""The page about metrics is made of their definitions, and is not behind them."""

from pathlib import Path

import trunkline
from trunkline.telemetry.definitions import LABELS, METRICS
from trunkline.telemetry.reference import render

PAGE = Path(trunkline.__file__).parents[2] / "docs" / "reference" / "metrics.md"


def test_the_page_is_as_the_definitions_make_it() -> None:
    assert PAGE.read_text() == render(), "run `python -m trunkline.telemetry.reference > docs/reference/metrics.md`"


def test_the_page_tells_every_metric_and_every_label() -> None:
    page = render()
    used = {label for metric in METRICS for label in metric.labels}
    assert used == LABELS.keys()
    for name in [*(metric.name for metric in METRICS), *used]:
        assert f"| `{name}` |" in page
