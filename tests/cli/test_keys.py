"""`trunkline keys`"""

import re
from datetime import UTC, datetime, timedelta

from tests.cli.command import Place

from trunkline.gateway.identity import Digest

FORM = re.compile(r"sk-tl-[A-Za-z0-9_-]{43}")


def create(place: Place, name: str, *words: str) -> str:
    """The new key."""
    return place.run("keys", "create", name, *words).stdout.strip()


def test_a_key_is_printed_alone_and_once(place: Place) -> None:
    made = place.run("keys", "create", "app")
    key = made.stdout.strip()
    assert FORM.fullmatch(key)
    assert f"Authorization: Bearer {key}" in made.stderr
    assert key not in place.run("keys", "list").output
    assert key.encode() not in b"".join(path.read_bytes() for path in place.data.rglob("*") if path.is_file())


def test_no_two_keys_are_the_same(place: Place) -> None:
    assert create(place, "one") != create(place, "two")


def test_a_key_carries_what_it_was_made_with(place: Place) -> None:
    words = ["--model", "simulated/*", "--model", "bot", "--tag", "team=support", "--expires", "2036-01-31"]
    place.configure("models: {bot: simulated/chat}\n")
    made = place.json("keys", "create", "app", *words)
    assert FORM.fullmatch(made.pop("key"))
    [listed] = place.json("keys", "list")
    assert made == listed
    assert listed["models"] == ["simulated/*", "bot"]
    assert listed["tags"] == {"team": "support"}
    assert listed["expires"] == "2036-01-31T00:00:00+00:00"
    assert (listed["state"], listed["origin"]) == ("good", "store")


def test_an_expiry_may_be_a_time_from_now(place: Place) -> None:
    made = place.json("keys", "create", "app", "--expires", "30d")
    left = datetime.fromisoformat(made["expires"]) - datetime.now(UTC)
    assert timedelta(days=29, hours=23) < left <= timedelta(days=30)


def test_an_expiry_that_is_none_or_has_passed_is_refused(place: Place) -> None:
    assert "neither a date" in place.run("keys", "create", "app", "--expires", "soon", code=2).stderr
    assert "has passed" in place.run("keys", "create", "app", "--expires", "2020-01-01", code=1).stderr
    assert place.json("keys", "list") == []


def test_a_name_is_of_one_key(place: Place) -> None:
    create(place, "app")
    assert "there is a key named app already" in place.run("keys", "create", "app", code=1).stderr
    place.configure("keys: [{name: written, key: sk-something-long}]\n")
    assert "stands in line 1 of trunkline.yaml" in place.run("keys", "create", "written", code=1).stderr
    assert "printable" in place.run("keys", "create", "a\nb", code=1).stderr


def test_a_pattern_that_fits_no_model_is_pointed_out(place: Place) -> None:
    place.configure('models: {bot: simulated/chat, "gpt-*": simulated/echo}\n')
    fits = ["bot", "b*", "*", "simulated/*", "sim*", "simulated/echo", "gpt-4o", "gpt-4*"]
    words = [word for pattern in fits for word in ("--model", pattern)]
    assert "Note" not in place.run("keys", "create", "good", *words).stderr
    noted = place.run("keys", "create", "bad", "--model", "bt", "--model", "openai/*").stderr
    assert 'Note: no model of this configuration fits "bt".' in noted
    assert 'Note: no model of this configuration fits "openai/*".' in noted


def test_revoking_ends_a_key_and_frees_its_name(place: Place) -> None:
    create(place, "app")
    assert place.run("keys", "revoke", "app").stdout == 'Revoked "app".\n'
    [listed] = place.json("keys", "list")
    assert listed["state"] == "revoked"
    create(place, "app")
    assert {key["state"] for key in place.json("keys", "list")} == {"revoked", "good"}


def test_revoking_what_cannot_be_revoked_says_why(place: Place) -> None:
    place.configure("keys: [{name: written, key: sk-something-long}]\n")
    create(place, "application")
    assert 'did you mean "application"?' in place.run("keys", "revoke", "aplication", code=1).stderr
    assert "stands in line 1 of trunkline.yaml" in place.run("keys", "revoke", "written", code=1).stderr
    place.run("keys", "revoke", "application")
    assert "is revoked already" in place.run("keys", "revoke", "application", code=1).stderr


def test_keys_of_the_configuration_are_listed_without_being_shown(place: Place) -> None:
    place.configure("keys: [{name: written, key: sk-something-long, models: [simulated/chat], expires: 2020-01-01}]\n")
    [listed] = place.json("keys", "list")
    assert (listed["origin"], listed["state"], listed["hint"]) == ("file", "expired", "long")
    table = place.run("keys", "list").stdout
    assert "…long" in table
    assert "something" not in table


def test_the_hash_of_a_key_is_its_hmac_under_the_secret(place: Place) -> None:
    place.configure("key_secret: a-secret-of-the-operator\n")
    said = place.run("keys", "hash", given="sk-mine\n")
    assert said.stdout == f"hmac-sha256:{Digest(b'a-secret-of-the-operator')(b'sk-mine').hex()}\n"
    assert said.stderr == ""
    place.configure("")
    assert "only with the secret in" in place.run("keys", "hash", given="sk-mine\n").stderr


def test_what_cannot_be_a_key_has_no_hash(place: Place) -> None:
    for wrong in ("", "two\nlines\n", " space"):
        assert "a key is printable ASCII" in place.run("keys", "hash", given=wrong, code=1).stderr


def test_without_keys_the_list_says_what_that_means(place: Place) -> None:
    assert "answers every program on this machine" in place.run("keys", "list").stdout


def test_a_key_is_rotated_with_the_rights_it_had(place: Place) -> None:
    place.run("orgs", "set", "acme")
    old = create(place, "app", "--org", "acme", "--address", "10.1.0.0/16", "--tag", "for=search")
    rotated = place.run("keys", "rotate", "app", "--overlap", "2h")
    assert FORM.fullmatch(rotated.stdout.strip())
    assert rotated.stdout.strip() != old
    assert "The old one works until" in rotated.stderr
    after, before = sorted(place.json("keys", "list"), key=lambda key: str(key["state"]))
    assert (before["state"], after["state"]) == ("replaced", "good")
    left = datetime.fromisoformat(before["revoked"]) - datetime.now(UTC)
    assert timedelta(hours=1, minutes=59) < left <= timedelta(hours=2)
    for name in ("name", "org", "tags", "settings", "models"):
        assert before[name] == after[name]
    assert after["settings"] == {"addresses": ["10.1.0.0/16"]}


def test_a_key_is_changed_only_in_what_is_said(place: Place) -> None:
    create(place, "app", "--tag", "for=search", "--region", "eu", "--retention", "30d", "--model", "simulated/*")
    place.run("keys", "change", "app", "--no-training", "--disable")
    [key] = place.json("keys", "list")
    assert key["tags"] == {"for": "search"}
    assert key["settings"] == {"data": {"region": ["eu"], "retention": "720h", "training": False}, "disabled": True}
    assert key["state"] == "disabled"
    place.run("keys", "change", "app", "--unset", "data", "--enable", "--unset", "models")
    [key] = place.json("keys", "list")
    assert (key["models"], key["settings"], key["state"]) == ([], {"disabled": False}, "good")
    assert "it says nothing of 'guard'" in place.run("keys", "change", "app", "--unset", "guard", code=1).stderr


def test_a_key_of_somebody_who_is_not_there_is_not_made(place: Place) -> None:
    place.run("orgs", "set", "acme")
    assert 'did you mean "acme"?' in place.run("keys", "create", "app", "--org", "acm", code=1).stderr
    assert "no policy" in place.run("keys", "create", "app", "--guard", "strict", code=1).stderr
    place.run("orgs", "set", "acme", "--tag", "plan=free")
    refused = place.run("keys", "create", "app", "--org", "acme", "--tag", "plan=paid", code=1)
    assert "nobody below may change it" in refused.stderr
    assert place.json("keys", "list") == []
