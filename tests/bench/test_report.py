"""From samples to tables: medians, marks, footnotes, ratios."""

from __future__ import annotations

import json
from pathlib import Path

from bench.measures import ALL, BY_KEY
from bench.output import save
from bench.report import Report, Table, build, significant
from bench.results import Missing, Results, Sample

RATE = "requests_per_second"


def results(*samples: Sample) -> Results:
    return Results(
        peers={"nginx": "1.22", "trunkline": "0.1"},
        settings={"nginx": "plain proxy", "trunkline": "all on"},
        machine={"cpu": "A CPU", "cores": "2", "memory": "8 GB", "kernel": "6", "python": "3.11"},
        run={"date": "2026-01-02", "rounds": 3, "steady_seconds": 4, "cores": "Two.", "load": "wrk", "upstream": "x"},
        samples=list(samples),
    )


def row(table: Table, title: str) -> list[str]:
    return next([cell.line() for cell in cells] for name, cells in table.rows if name == title)


def figures(report: Report) -> Table:
    return report.tables[0]


def test_a_figure_is_the_median_with_its_range_and_its_verdict() -> None:
    found = results(*(Sample(number, "trunkline", RATE, value) for number, value in enumerate((15e3, 14e3, 16e3))))
    assert row(figures(build(found)), BY_KEY[RATE].title)[2] == "15,000 ✓ (14,000–16,000)"


def test_a_missed_target_is_shown_and_only_for_trunkline() -> None:
    found = results(Sample(1, "trunkline", RATE, 9000), Sample(1, "nginx", RATE, 9000))
    assert row(figures(build(found)), BY_KEY[RATE].title) == ["req/s", "9,000", "9,000 ✗", "≥ 14,000"]


def test_a_missing_figure_points_to_its_reason() -> None:
    found = results(Sample(1, "nginx", RATE, 9000))
    found.missing.append(Missing("trunkline", RATE, "it fell over"))
    found.absent["litellm"] = "pip install failed"
    report = build(found)
    assert row(figures(report), BY_KEY[RATE].title) == ["req/s", "9,000", "— [1]", "— [2]", "≥ 14,000"]
    assert report.notes == ["it fell over", "pip install failed"]


def test_a_figure_that_failed_in_some_rounds_says_so() -> None:
    found = results(Sample(1, "nginx", RATE, 9000))
    found.missing.append(Missing("nginx", RATE, "it fell over"))
    report = build(found)
    assert row(figures(report), BY_KEY[RATE].title)[1] == "9,000 [1]"
    assert report.notes[0] == "not in every round: it fell over"


def test_a_gateway_that_was_not_the_bottleneck_is_marked() -> None:
    found = results(
        Sample(1, "nginx", RATE, 50_000, {"core": 0.6}), Sample(1, "trunkline", RATE, 15_000, {"core": 0.99})
    )
    cells = row(figures(build(found)), BY_KEY[RATE].title)
    assert cells[1] == "50,000 [1]"
    assert cells[2] == "15,000 ✓"


def test_disturbed_samples_count_only_where_there_are_no_others() -> None:
    calm, disturbed = Sample(1, "nginx", RATE, 50_000), Sample(2, "nginx", RATE, 20_000, strangers=0.8)
    assert row(figures(build(results(calm, disturbed))), BY_KEY[RATE].title)[1] == "50,000"
    alone = build(results(disturbed))
    assert row(figures(alone), BY_KEY[RATE].title)[1] == "20,000 [1]"
    assert "other programs" in alone.notes[0]


def test_ratios_are_of_the_same_round_and_better_is_above_one() -> None:
    cpu = "cpu_per_request"
    found = results(
        Sample(1, "nginx", cpu, 20),
        Sample(1, "trunkline", cpu, 50),
        Sample(1, "litellm", cpu, 500),
        Sample(2, "nginx", cpu, 40),
        Sample(2, "trunkline", cpu, 100),
        Sample(2, "litellm", cpu, 1000),
        Sample(2, "trunkline", RATE, 12_000),
        Sample(2, "litellm", RATE, 60),
    )
    found.peers["litellm"] = "1"
    _, against_floor, ours_against = build(found).tables
    assert row(against_floor, BY_KEY[cpu].title) == ["2.5 ×", "25 ×"]
    assert row(ours_against, BY_KEY[cpu].title) == ["10 ×"]
    assert row(ours_against, BY_KEY[RATE].title) == ["200 ×"]


def test_ratios_are_written_with_two_digits() -> None:
    assert [significant(value) for value in (0.0123, 0.5, 2.345, 37.6, 1234.5)] == [
        "0.012",
        "0.5",
        "2.3",
        "38",
        "1,234",
    ]


def test_a_run_is_saved_as_data_and_as_a_page(tmp_path: Path) -> None:
    found = results(Sample(1, "trunkline", RATE, 15_000, {"core": 0.99}))
    data, page = save(found, tmp_path)
    assert data.name == "2026-01-02-a-cpu.json"
    assert json.loads(data.read_text())["samples"][0]["value"] == 15_000
    assert "| requests per second | req/s | — [1] | 15,000 ✓ | ≥ 14,000 |" in page.read_text()


def test_every_figure_has_a_name_and_a_title_of_its_own() -> None:
    assert len(BY_KEY) == len({measure.title for measure in ALL}) == len(ALL)
