"""Organisations, teams, users and keys in the configuration: what is wrong between them, and where."""

import pytest
from tests.config.reading import read, wrong

THERE = "orgs: {acme: {}, other: {}}\nteams: {acme/support: {}}\nusers: {alice: {team: acme/support}}\n"


def test_they_are_read_as_they_are_written() -> None:
    config = read(
        "orgs:\n  acme: {tags: {plan: free}, own_keys: only, provider_keys: {openai: [sk-own]}}\n"
        "teams:\n  acme/support: {models: [openai/gpt-4o], disabled: true}\n"
        "users:\n  alice@acme.org: {team: acme/support}\n"
        "keys: [{name: a, key: sk-a, user: alice@acme.org, addresses: [10.0.0.0/8]}]\n"
    )
    assert config.orgs["acme"].own_keys == "only"
    assert "sk-own" not in repr(config)
    assert config.teams["acme/support"].disabled
    assert config.users["alice@acme.org"].team == "acme/support"
    assert str(config.keys[0].addresses[0]) == "10.0.0.0/8"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("teams: {acm/x: {}}", '4:9  teams["acm/x"]: there is no organisation "acm"; did you mean "acme"?'),
        (
            "keys: [{name: a, key: b, org: acm}]",
            '4:31  keys[0].org: there is no organisation "acm"; did you mean "acme"?',
        ),
        ("keys: [{name: a, key: b, team: acme/suport}]", 'keys[0].team: there is no team "acme/suport"; did you mean'),
        ("keys: [{name: a, key: b, user: alise}]", 'keys[0].user: there is no user "alise"; did you mean "alice"?'),
        ("keys: [{name: a, key: b, team: acme/support, org: other}]", "this team is not of the organisation"),
        ("keys: [{name: a, key: b, user: alice, org: other}]", 'this user is of the organisation "acme"'),
        ("keys: [{name: a, key: b, guard: strict}]", 'there is no policy "strict" under `guard`'),
        ("keys: [{name: a, key: b, addresses: [all]}]", "keys[0].addresses[0]"),
        ("keys: [{name: a, key: b, org: acme, modles: [x]}]", 'did you mean "models"?'),
    ],
)
def test_who_belongs_to_nobody_there_is_told_with_the_line(text: str, told: str) -> None:
    start = THERE if not text.startswith("teams") else "orgs: {acme: {}}\n\n\n"
    [problem] = wrong(start + text + "\n")
    assert told in problem


def test_names_have_a_form() -> None:
    assert "organisation/team" in "".join(wrong("orgs: {acme: {}}\nteams: {support: {}}\n"))
    assert "letters, digits" in "".join(wrong('orgs: {"a b": {}}\n'))
    assert "a key's name is printable" in "".join(wrong('keys: [{name: "a\\nb", key: k}]\n'))


def test_a_tag_of_the_outer_level_cannot_be_changed_below_it() -> None:
    [problem] = wrong(
        "orgs: {acme: {tags: {plan: free}}}\nteams: {acme/x: {}}\n"
        "keys: [{name: a, key: b, team: acme/x, tags: {plan: paid}}]\n"
    )
    assert 'keys[0].tags: `orgs.acme` has the tag "plan" as "free"' in problem
    read("orgs: {acme: {tags: {plan: free}}}\nkeys: [{name: a, key: b, org: acme, tags: {plan: free}}]\n")


def test_models_and_providers_must_be_there() -> None:
    assert "did you mean" in wrong("models: {bot: simulated/echo}\norgs: {acme: {models: [bott]}}\n")[0]
    assert 'no provider "opnai"' in wrong("orgs: {acme: {provider_keys: {opnai: [x]}}}\n")[0]
