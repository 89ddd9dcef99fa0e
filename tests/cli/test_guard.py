"""`trunkline guard test`"""

import json

from tests.cli.command import Place

POLICY = """\
guard:
  house:
    input:
      - {pii: email, action: pseudonymise}
      - {secrets: all}
      - {webhook: "https://checker.example/v1"}
    output:
      - {json_schema: {type: object}}
"""


def test_it_shows_what_is_found_and_what_would_be_sent(place: Place) -> None:
    place.configure(POLICY)
    said = place.run("guard", "test", "-", given="mail bob@example.com\n").stdout
    assert "input[0].pii" in said
    assert "5-20" in said
    assert said.endswith("input[2].webhook would ask https://checker.example/v1.\nSent as:\nmail <EMAIL_1>\n")
    assert "bob@" not in said


def test_what_is_refused_ends_with_1(place: Place) -> None:
    place.configure(POLICY)
    given = "key ghp_16C7e42F292c6912E7710c838347Ae178B4a"
    said = place.run("guard", "test", "--show-text", "-", given=given, code=1).stdout
    assert "Refused by input[1].secrets." in said
    assert "ghp_16C7e42F292c6912E7710c838347Ae178B4a" in said
    assert "not_json" in place.run("guard", "test", "--output", "-", given="no", code=1).stdout


def test_json_has_every_decision(place: Place) -> None:
    place.configure(POLICY)
    (place.folder / "call.json").write_text(json.dumps({"to": "bob@example.com"}))
    verdict = place.json("guard", "test", "--kind", "json", "call.json")
    assert [each["kind"] for each in verdict["findings"]] == ["email"]
    assert verdict["edits"] == {"text": '{"to": "<EMAIL_1>"}'}


def test_a_file_that_cannot_be_read_is_told(place: Place) -> None:
    place.configure(POLICY)
    assert "missing.txt cannot be read" in place.run("guard", "test", "missing.txt", code=1).stderr


def test_the_policy_has_to_be_known(place: Place) -> None:
    place.configure(POLICY)
    assert "Known: house." in place.run("guard", "test", "--policy", "x", "-", given="", code=2).stderr
    place.configure("guard: {a: {}, b: {}}")
    assert "Say which policy. Known: a, b." in place.run("guard", "test", "-", given="", code=2).stderr
    assert "Nothing is found." in place.run("guard", "test", "--policy", "a", "-", given="hello\n").stdout
