"""Says at the end of a run how many recordings came back as they were."""

import pytest
from tests.recorded.recordings import LEFT_OUT, SEES


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = terminalreporter.stats.get("passed", []) + terminalreporter.stats.get("failed", [])
    for file in ("test_openai_chat.py", "test_compatible.py"):
        replayed = [report for report in reports if report.when == "call" and f"recorded/{file}::" in report.nodeid]
        if replayed:
            listed = sum(report.nodeid.partition("[")[2].rstrip("]") in SEES for report in replayed)
            well = sum(report.passed for report in replayed) - listed
            terminalreporter.write_line(
                f"recorded/{file}: {well} of {len(replayed)} recordings as they were, {listed} listed with the reason, "
                f"{len(LEFT_OUT)} left out (exceptions.yaml)"
            )
