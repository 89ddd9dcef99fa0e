"""The secrets in the data directory: made once, never guessable, and told of where they cannot be had."""

import os
from pathlib import Path

import pytest

from trunkline.data import DataDirectory, DataError


@pytest.fixture
def data(tmp_path: Path) -> DataDirectory:
    return DataDirectory(tmp_path / "data")


def refusal(data: DataDirectory) -> str:
    with pytest.raises(DataError) as refused:
        data.secret(data.key_secret)
    return str(refused.value)


def test_a_secret_is_made_once(data: DataDirectory) -> None:
    content, made = data.secret(data.key_secret)
    assert (len(content), made) == (64, True)
    assert data.secret(data.key_secret) == (content, False)
    assert [path.name for path in data.key_secret.parent.iterdir()] == ["key_secret"]


@pytest.mark.parametrize("content", ["", "\n", "short", "x" * 31])
def test_a_secret_that_was_cut_short_is_refused(data: DataDirectory, content: str) -> None:
    data.key_secret.touch(0o600)
    data.key_secret.write_text(content)
    told = refusal(data)
    assert f"{data.key_secret} has {len(content.strip())} characters" in told
    assert "backup" in told
    assert data.key_secret.read_text() == content


def test_a_secret_that_cannot_be_read_or_made_is_told(data: DataDirectory) -> None:
    data.key_secret.mkdir(0o700)
    assert "Is a directory" in refusal(data)
    data.key_secret.rmdir()
    data.key_secret.symlink_to(data.root / "nowhere")
    assert "No such file" in refusal(data)


def test_what_a_killed_start_has_left_does_not_stand_in_the_way(data: DataDirectory) -> None:
    (data.key_secret.parent / f".key_secret.{os.getpid()}").touch()
    assert data.secret(data.key_secret)[1]
