"""`trunkline log` and `trunkline data`: what is kept is read, exported, and erased so that no backup has it."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.cli.command import Place
from tests.cli.kept import flip, remember
from tests.cli.test_usage import record
from tests.store.rows import row

ACME = {"org": "acme", "team": "acme/support"}


@pytest.fixture
def filled(place: Place) -> Place:
    """Two keys of one organisation and one of another, and the person jane at two of them."""
    record(
        place, row(org="acme", team="acme/support", key="app"), row(org="acme", key="bot"), row(org="other", key="lab")
    )
    remember(place, 1, text="Kraken one", **ACME)
    remember(place, 2, text="Kraken two", end_user="jane", **ACME)
    remember(place, 3, key="bot", text="Kraken three", org="acme")
    remember(place, 4, key="lab", text="Kraken four", end_user="jane", org="other")
    return place


def numbers(place: Place, *words: str) -> list[int]:
    """Which requests are listed."""
    return [int(it["id"][4:8]) for it in place.json("log", "list", *words)]


def exported(place: Place, file: Path, *whose: str) -> list[dict[str, Any]]:
    place.run("data", "export", str(file), *whose)
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_the_request_log_is_listed_by_whose_it_is(filled: Place) -> None:
    assert numbers(filled) == [4, 3, 2, 1]
    assert numbers(filled, "--org", "acme") == [3, 2, 1]
    assert numbers(filled, "--key", "app", "--limit", "1") == [2]
    assert numbers(filled, "--end-user", "jane") == [4, 2]
    assert numbers(filled, "--end-user", "jan") == []
    shown = filled.run("log", "list").stdout
    assert "lab" in shown
    assert "Kraken" not in shown
    assert "no such entries" in filled.run("log", "list", "--model", "other").stdout


def test_an_entry_is_shown_with_all_that_was_said_and_that_is_recorded(filled: Place, tmp_path: Path) -> None:
    request = filled.json("log", "list", "--key", "bot")[0]["id"]
    shown = json.loads(filled.run("log", "show", request).stdout)
    assert (shown["input"], shown["output"]) == ({"text": "Kraken three"}, {"answer": "yes"})
    assert "no request of that id" in filled.run("log", "show", "0000", code=1).stderr
    flip(filled.data / "trunkline.db", "request_log")
    told = filled.run("log", "show", request, code=1).stderr
    assert f"The request {request} of 'bot' is not what was stored" in told
    assert "trunkline doctor" in told


def test_all_that_is_kept_of_a_person_is_exported(filled: Place, tmp_path: Path) -> None:
    lines = exported(filled, tmp_path / "jane.jsonl", "--end-user", "jane")
    assert sorted((it["kind"], it.get("id", "") or it["entry"]["id"][:8]) for it in lines) == [
        ("request", "01990002"),
        ("request", "01990004"),
        ("response", "resp_2"),
        ("response", "resp_4"),
    ]
    assert (tmp_path / "jane.jsonl").stat().st_mode & 0o777 == 0o600
    assert [it["kind"] for it in exported(filled, tmp_path / "2", "--end-user", "jane", "--org", "other")] == [
        "request",
        "response",
    ]
    assert "exists already" in filled.run("data", "export", str(tmp_path / "2"), "--key", "app", code=2).stderr


def test_a_tenants_data_are_those_of_its_keys_and_its_keys_with_providers(filled: Place, tmp_path: Path) -> None:
    filled.run("orgs", "set", "acme")
    filled.run("orgs", "add-provider-key", "acme", "simulated", given="sk-own-of-acme-1234")
    lines = exported(filled, tmp_path / "acme", "--org", "acme")
    kinds = [it["kind"] for it in lines]
    assert sorted(kinds) == ["provider_key", *["request"] * 3, *["response"] * 3]
    assert "sk-own" not in (tmp_path / "acme").read_text()
    told = filled.run("data", "erase", "--org", "acme", "--yes").stdout
    assert "1 keys with providers; 4 data keys" in told
    assert b"sk-own" not in (filled.data / "trunkline.db").read_bytes()
    assert exported(filled, tmp_path / "again", "--org", "acme") == []
    assert numbers(filled) == [4]


def test_what_does_not_open_is_told_in_an_export(filled: Place, tmp_path: Path) -> None:
    flip(filled.data / "trunkline.db", "responses")
    file = tmp_path / "app"
    assert "2 could not be opened" in filled.run("data", "export", str(file), "--key", "app", code=1).stderr
    problems = [it for it in map(json.loads, file.read_text().splitlines()) if it["kind"] == "problem"]
    assert {it["response"] for it in problems} == {"resp_1", "resp_2"}
    assert all("not what was stored" in it["message"] for it in problems)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "name an end user"),
        (("--org", "acme", "--key", "app"), "not both"),
    ],
)
def test_nobody_is_erased_who_is_not_named(filled: Place, words: tuple[str, ...], told: str) -> None:
    assert told in filled.run("data", "erase", "--yes", *words, code=2).stderr
    assert numbers(filled) == [4, 3, 2, 1]


def test_erasure_is_confirmed(filled: Place) -> None:
    filled.run("data", "erase", "--key", "app", code=1, given="n\n")
    assert numbers(filled) == [4, 3, 2, 1]
    filled.run("data", "erase", "--key", "app", given="y\n")
    assert numbers(filled) == [4, 3]


def test_a_person_is_erased_and_nobody_else(filled: Place, tmp_path: Path) -> None:
    told = filled.run("data", "erase", "--end-user", "jane", "--org", "acme", "--yes").stdout
    assert "1 requests of the request log, 1 responses" in told
    assert numbers(filled) == [4, 3, 1]
    filled.run("data", "erase", "--end-user", "jane", "--yes")
    assert numbers(filled) == [3, 1]
    assert exported(filled, tmp_path / "none", "--end-user", "jane") == []
    assert filled.json("usage")["total"]["attempts"] == 3  # the accounts stay


def test_what_is_erased_is_unreadable_in_a_backup_from_before(filled: Place, tmp_path: Path) -> None:
    backup, keys = str(tmp_path / "backup.db"), str(tmp_path / "data_keys")
    assert "backup-keys" in filled.run("store", "backup", backup).stderr
    filled.run("store", "backup-keys", keys)
    assert (tmp_path / "data_keys").stat().st_mode & 0o777 == 0o600
    filled.run("data", "erase", "--end-user", "jane", "--yes")
    filled.run("data", "erase", "--org", "other", "--yes")
    assert "3 data keys" not in filled.run("store", "backup-keys", keys).stdout  # written anew, in its place
    filled.configure(f"store: sqlite://{tmp_path}/new.db\n")
    filled.run("store", "restore", backup, "--data-keys", keys)
    assert numbers(filled) == [4, 3, 2, 1]  # the rows are back
    for number, request in enumerate(reversed(filled.json("log", "list")), start=1):
        jane = number in (2, 4)
        shown = filled.run("log", "show", request["id"], code=1 if jane else 0)
        assert ("was destroyed" in shown.stderr) == jane
        assert ("Kraken" in shown.stdout) != jane
    assert exported(filled, tmp_path / "jane", "--end-user", "jane") == []


def test_a_backup_by_itself_opens_nothing(filled: Place, tmp_path: Path) -> None:
    filled.run("store", "backup", str(tmp_path / "backup.db"))
    assert b"Kraken" not in (tmp_path / "backup.db").read_bytes()
    filled.configure(f"store: sqlite://{tmp_path}/new.db\n")
    filled.run("store", "restore", str(tmp_path / "backup.db"))
    request = filled.json("log", "list")[0]["id"]
    assert "restore --data-keys" in filled.run("log", "show", request, code=1).stderr


def test_a_file_that_holds_no_data_keys_is_refused_before_anything_is_restored(filled: Place, tmp_path: Path) -> None:
    filled.run("store", "backup", str(tmp_path / "backup.db"))
    (tmp_path / "keys").write_text("no keys\n")
    filled.configure(f"store: sqlite://{tmp_path}/new.db\n")
    words = ("store", "restore", str(tmp_path / "backup.db"), "--data-keys", str(tmp_path / "keys"))
    assert "is not what" in filled.run(*words, code=2).stderr
    assert numbers(filled) == []


def test_without_its_master_key_a_store_is_not_read(filled: Place, tmp_path: Path) -> None:
    request = filled.json("log", "list")[0]["id"]
    master = filled.data / "secrets" / "master_key"
    kept = master.read_text()
    master.unlink()
    assert "is missing" in filled.run("log", "show", request, code=2).stderr
    master.write_text("0" * 32 + "123456789")
    master.chmod(0o600)
    assert "not the master key" in filled.run("log", "show", request, code=2).stderr
    master.write_text(kept)
    filled.run("log", "show", request)
