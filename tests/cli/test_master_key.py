"""`trunkline keys rotate-master`: all opens with the new key, nothing with the old one, and it can be run again."""

import json
from pathlib import Path

import pytest
from tests.cli.command import Place
from tests.cli.kept import master_key, remember

OLD, NEW = "old-master-key-1234567890-abcdefghij", "new-master-key-0987654321-jihgfedcba"


@pytest.fixture
def filled(place: Place) -> Place:
    remember(place, 1, text="Kraken")
    remember(place, 2, text="Kraken", end_user="jane")
    return place


def readable(place: Place) -> bool:
    """Whether all opens."""
    requests = [it["id"] for it in place.json("log", "list")]
    assert requests
    return all(json.loads(place.run("log", "show", it).stdout)["input"] == {"text": "Kraken"} for it in requests)


def test_the_key_that_was_made_is_replaced(filled: Place) -> None:
    before = master_key(filled).read_text()
    told = filled.run("keys", "rotate-master")
    assert "2 data keys are encrypted with the new master key" in told.stdout
    assert "trunkline reload" in told.stderr
    after = master_key(filled).read_text()
    assert after != before
    assert [it.name for it in master_key(filled).parent.glob("master_key*")] == ["master_key"]
    assert readable(filled)


def test_the_old_key_opens_nothing_any_more(filled: Place) -> None:
    request = filled.json("log", "list")[0]["id"]
    before = master_key(filled).read_text()
    filled.run("keys", "rotate-master")
    master_key(filled).write_text(before)
    assert "not the master key" in filled.run("log", "show", request, code=2).stderr


def test_an_interrupted_rotation_is_finished_by_the_next(filled: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(self: Path, target: Path) -> Path:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", interrupted)
        filled.run("keys", "rotate-master", code=1)
    assert master_key(filled).with_name("master_key.next").exists()
    filled.run("keys", "rotate-master")
    assert not master_key(filled).with_name("master_key.next").exists()
    assert readable(filled)


def test_a_configured_key_is_replaced_by_the_one_in_a_file(place: Place, tmp_path: Path) -> None:
    place.configure(f"master_key: {OLD}\n")
    remember(place, 1, text="Kraken")
    assert "name it with --new" in place.run("keys", "rotate-master", code=2).stderr
    (tmp_path / "new").write_text("short")
    assert "random text" in place.run("keys", "rotate-master", "--new", str(tmp_path / "new"), code=2).stderr
    (tmp_path / "new").write_text(NEW + "\n")
    place.run("keys", "rotate-master", "--new", str(tmp_path / "new"))
    assert NEW not in place.run("keys", "rotate-master", "--new", str(tmp_path / "new")).output
    place.configure(f"master_key: {NEW}\n")
    assert readable(place)


def test_a_key_that_was_made_is_not_replaced_by_a_file(filled: Place, tmp_path: Path) -> None:
    (tmp_path / "new").write_text(NEW)
    assert "--new is for" in filled.run("keys", "rotate-master", "--new", str(tmp_path / "new"), code=2).stderr
    assert readable(filled)
