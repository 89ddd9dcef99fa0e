"""For whom what was said is encrypted."""

import pytest

from trunkline.gateway.identity import Digest
from trunkline.kept.owners import end_user, is_shared_in, kept_under, person_of, sealed_for, shared_by
from trunkline.store.content import Kept
from trunkline.tenancy.directory import vault_name

DIGEST = Digest(b"secret")


@pytest.mark.parametrize("key", ["app", "", "person", "shared"])
@pytest.mark.parametrize("user", ["", "jane", "a\nb"])
def test_whoever_it_is_sealed_for_is_found_again(key: str, user: str) -> None:
    person = person_of(DIGEST, user)
    vault = sealed_for(key, person)
    assert kept_under(vault) == Kept(vault, key, person)


def test_what_is_nobodys_requests_is_told_from_them() -> None:
    for vault in (vault_name("acme"), shared_by(["org", "acme"]), shared_by(["all"])):
        assert kept_under(vault) == Kept(vault)


def test_a_person_is_known_by_a_digest_that_hangs_on_the_secret() -> None:
    assert person_of(DIGEST, "") == ""
    assert person_of(DIGEST, "jane") == person_of(Digest(b"secret"), "jane")
    assert len({person_of(DIGEST, "jane"), person_of(DIGEST, "john"), person_of(Digest(b"other"), "jane")}) == 3
    assert "jane" not in person_of(DIGEST, "jane")


@pytest.mark.parametrize(
    ("document", "named"),
    [
        ({"user": "u"}, "u"),
        ({"safety_identifier": "s"}, "s"),
        ({"user": "u", "safety_identifier": "s"}, "u"),
        ({"metadata": {"user_id": "m"}}, "m"),
        ({"user": "", "metadata": {"user_id": "m"}}, "m"),
        ({"user": 7, "metadata": [1]}, ""),
        ({}, ""),
    ],
)
def test_applications_name_end_users_as_their_format_has_it(document: dict[str, object], named: str) -> None:
    assert end_user(document) == named


def test_answers_that_are_shared_are_an_organisations_or_a_teams() -> None:
    of_org, of_team = shared_by(["org", "acme"]), shared_by(["team", "acme", "acme/support"])
    assert is_shared_in(of_org, "acme", "")
    assert is_shared_in(of_team, "acme", "")
    assert is_shared_in(of_team, "", "acme/support")
    for vault in (of_org, of_team, shared_by(["all"]), "acme", vault_name("acme")):
        assert not is_shared_in(vault, "other", "")
        assert not is_shared_in(vault, "", "acme/sales")
    assert not is_shared_in(of_org, "", "acme/support")
    assert not is_shared_in(shared_by(["all"]), "", "")
