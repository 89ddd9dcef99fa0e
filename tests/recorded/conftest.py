"""Takes the recordings from `--recorded DIR`, and says at the end what has held for them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.recorded.laws.board import Board, known_failures
from tests.recorded.recordings import LEFT_OUT, SEES, look_in

BOARD = pytest.StashKey[Board]()
EXCEPTIONS = Path(__file__).parent / "exceptions"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--recorded", metavar="DIR", help="a folder of recorded exchanges, instead of ../shared/recorded")


def pytest_configure(config: pytest.Config) -> None:
    folder = config.getoption("--recorded", default=None)  # not there where this file was found too late
    if folder is not None:
        look_in((config.invocation_params.dir / folder).resolve())
    config.stash[BOARD] = Board(known_failures(EXCEPTIONS))


@pytest.fixture(scope="session")
def board(request: pytest.FixtureRequest) -> Iterator[Board]:
    """Where the laws' outcomes are noted; written to `.cache/laws.json` at the end."""
    board = request.config.stash[BOARD]
    yield board
    file = request.config.rootpath / ".cache" / "laws.json"
    file.parent.mkdir(exist_ok=True)
    file.write_text(board.as_json(), encoding="utf-8")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
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
    board = config.stash[BOARD]
    if board.ran:
        for line in board.table():
            terminalreporter.write_line(line)
