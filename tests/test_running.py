"""Which Trunkline runs on a data directory."""

import os
from pathlib import Path

import pytest

from trunkline.data import DataDirectory, DataError
from trunkline.running import Running, Status, running


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The `run` folder of a data directory."""
    return DataDirectory(tmp_path / "data").run


def status(reloads: int = 0) -> Status:
    """What this process would say of itself."""
    return Status(pid=os.getpid(), config="/etc/trunkline.yaml", url="http://127.0.0.1:4000", reloads=reloads)


def test_nothing_runs_where_nothing_was_started(folder: Path) -> None:
    assert running(folder) is None
    assert running(folder / "nowhere") is None


def test_what_runs_can_be_asked_about_and_its_first_line_is_its_process_id(folder: Path) -> None:
    entry = Running(folder)
    entry.tell(status(reloads=1_000_000))
    entry.tell(status(reloads=1))
    assert running(folder) == status(reloads=1)
    assert (folder / "trunkline.pid").read_text().splitlines()[0] == str(os.getpid())
    entry.close()
    assert running(folder) is None
    assert list(folder.iterdir()) == []


def test_one_data_directory_is_for_one_at_a_time(folder: Path) -> None:
    entry = Running(folder)
    entry.tell(status())
    with pytest.raises(DataError, match=f"already .process {os.getpid()}.. Stop it first"):
        Running(folder)
    assert running(folder) == status()
    entry.close()
    Running(folder).close()


def test_a_file_that_was_left_behind_is_taken_over(folder: Path) -> None:
    (folder / "trunkline.pid").write_text("1\n")
    assert running(folder) is None
    entry = Running(folder)
    entry.tell(status())
    assert running(folder) == status()
    entry.close()
