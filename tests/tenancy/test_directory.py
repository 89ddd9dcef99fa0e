"""What a key comes to that belongs to a user, a team and an organisation."""

from itertools import permutations

import pytest
from tests.config.reading import read

from trunkline.routing.bounds import WISHES, Asker, Cap, DataPolicy
from trunkline.store.base import KeyRecord, TenantRecord
from trunkline.tenancy.caller import Caller
from trunkline.tenancy.directory import Directory

DOLLAR = 10**9


def caller(text: str, *records: TenantRecord) -> Caller:
    """Of the first key of a configuration."""
    config = read(text)
    return Directory(config, records).configured(config.keys[0])


def stored(text: str, record: KeyRecord, *records: TenantRecord) -> Caller:
    return Directory(read(text), records).stored(record)


def key(**said: object) -> KeyRecord:
    return KeyRecord(name="app", digest=b"\1" * 32, hint="", created=0, **said)  # type: ignore[arg-type]


def test_a_key_has_its_own_bounds() -> None:
    text = (
        "requests_may: [models, tags]\n"
        "models: {bot: openai/a}\n"
        "keys:\n"
        "  - {name: hr, key: abc, models: [bot], tags: {team: hr}, data: {region: eu}, max_price: {input: 2},"
        " requests_may: [provider]}\n"
        "  - {name: app, key: abd}\n"
    )
    config = read(text)
    hr, app = map(Directory(config).configured, config.keys)
    may = frozenset({"provider"})
    assert hr.asker == Asker("hr", ("bot",), {"team": "hr"}, may, DataPolicy(("eu",)), Cap(input=2 * DOLLAR))  # type: ignore[arg-type]
    assert app.asker.may == Directory(config).stored(key()).asker.may == {"models", "tags"}
    assert Directory(config).anybody().asker.may == {"models", "tags"}
    assert Directory(read("")).anybody().asker == Asker(may=WISHES)


def test_a_key_of_a_user_is_of_the_users_team_and_its_organisation() -> None:
    text = "orgs: {acme: {}}\nteams: {acme/support: {}}\nusers: {alice: {team: acme/support}}\n"
    of_user = caller(text + "keys: [{name: app, key: abc, user: alice}]")
    assert (of_user.org, of_user.team, of_user.user) == ("acme", "acme/support", "alice")
    of_team = caller(text + "keys: [{name: app, key: abc, team: acme/support}]")
    assert (of_team.org, of_team.team, of_team.user) == ("acme", "acme/support", "")
    nobodys = caller(text + "keys: [{name: app, key: abc}]")
    assert (nobodys.org, nobodys.team, nobodys.user) == ("", "", "")


def at(**said: str) -> str:
    """A configuration in which each of the four levels says something."""
    org, team, user, own = (said.get(level, "") for level in ("org", "team", "user", "key"))
    return (
        f"orgs: {{acme: {{{org}}}}}\nteams: {{acme/x: {{{team}}}}}\n"
        f"users: {{al: {{team: acme/x, {user}}}}}\nkeys: [{{name: k, key: abc, user: al, {own}}}]\n"
        "guard: {strict: {input: [{pii: [email], action: redact}]}, mild: {input: [{words: [x], action: block}]}}\n"
    )


@pytest.mark.parametrize(("wide", "narrow"), list(permutations(["org", "team", "user", "key"], 2)))
def test_a_model_must_be_allowed_at_every_level_whichever_they_are(wide: str, narrow: str) -> None:
    asker = caller(at(**{wide: 'models: ["openai/*"]', narrow: "models: [openai/gpt-4o, simulated/x]"})).asker
    assert asker.may_name("openai/gpt-4o")
    assert not asker.may_name("openai/gpt-4.1")
    assert not asker.may_name("simulated/x")


@pytest.mark.parametrize(("one", "other"), list(permutations(["org", "team", "user", "key"], 2)))
def test_of_data_prices_and_wishes_the_strictest_holds_whichever_level_says_it(one: str, other: str) -> None:
    asker = caller(
        at(
            **{
                one: "data: {region: [eu, us], retention: 30d}, max_price: {input: 5}, requests_may: [models, tags]",
                other: "data: {region: [eu-central-1, ap], training: no}, max_price: {input: 2, output: 8}, "
                "requests_may: [tags, timeout]",
            }
        )
    ).asker
    assert asker.data == DataPolicy(("eu-central-1",), 30 * 86_400, False)
    assert asker.cap == Cap(input=2 * DOLLAR, output=8 * DOLLAR)
    assert asker.may == {"tags"}


def test_regions_that_have_nothing_in_common_leave_none() -> None:
    asker = caller(at(org="data: {region: eu}", team="data: {region: us}")).asker
    assert asker.data is not None
    assert asker.data.regions
    assert not {"eu", "us"} & {*asker.data.regions}


def test_the_tag_of_the_outermost_holds() -> None:
    of_store = TenantRecord("org", "acme", '{"tags":{"plan":"free"}}', 0, 0)
    found = stored("", key(org="acme", tags={"plan": "paid", "feature": "search"}), of_store)
    assert found.tags == found.asker.tags == {"plan": "free", "feature": "search"}


def test_all_guards_hold_and_the_first_expiry() -> None:
    found = caller(at(org="guard: strict, expires: 2030-01-01", user="guard: mild", key="expires: 2031-01-01"))
    assert found.guards == ("strict", "mild")
    assert found.expires == 1_893_456_000


@pytest.mark.parametrize("level", ["org", "team", "user", "key"])
def test_whatever_is_below_a_disabled_level_is_refused(level: str) -> None:
    assert "is disabled" in caller(at(**{level: "disabled: true"})).refused
    assert not caller(at(**{level: "disabled: false"})).refused


def test_what_belongs_to_somebody_who_is_gone_is_refused() -> None:
    acme = TenantRecord("org", "acme", "{}", 0, 0)
    support = TenantRecord("team", "acme/support", "{}", 0, 0)
    alice = TenantRecord("user", "alice", '{"team":"acme/support"}', 0, 0)
    of_alice = key(user="alice")
    assert not stored("", of_alice, acme, support, alice).refused
    assert 'no organisation "acme"' in stored("", of_alice, support, alice).refused
    assert 'no team "acme/support"' in stored("", of_alice, acme, alice).refused
    assert 'no user "alice"' in stored("", of_alice, acme, support).refused


def test_a_key_of_two_organisations_is_refused() -> None:
    records = [TenantRecord("org", name, "{}", 0, 0) for name in ("acme", "other")]
    alice = TenantRecord("user", "alice", '{"org":"acme"}', 0, 0)
    assert "is of the organisation" in stored("", key(user="alice", org="other"), *records, alice).refused


def test_what_the_configuration_defines_holds_over_the_store() -> None:
    of_store = TenantRecord("org", "acme", '{"models":["anthropic/*"]}', 0, 0)
    found = stored('orgs: {acme: {models: ["openai/*"]}}', key(org="acme"), of_store)
    assert found.asker.models == ("openai/*",)


def test_what_a_later_release_has_written_is_refused_and_harms_nobody_else() -> None:
    odd = TenantRecord("org", "acme", '{"something_new":1}', 0, 0)
    assert "cannot read" in stored("", key(org="acme"), odd).refused
    assert "cannot read" in stored("", key(settings='{"something_new":1}')).refused
    assert not stored("", key(), odd).refused


@pytest.mark.parametrize(
    ("address", "taken"),
    [
        ("10.1.2.3", True),
        ("10.2.0.1", False),
        ("::ffff:10.1.2.3", True),
        ("2001:db8::7", True),
        ("2001:db9::7", False),
        ("unknown", False),
        ("", False),
    ],
)
def test_a_key_is_taken_from_its_networks_only(address: str, taken: bool) -> None:
    found = caller("keys: [{name: k, key: abc, addresses: [10.1.0.0/16, '2001:db8::/32']}]")
    assert found.comes_from(address) is taken
    assert caller("keys: [{name: k, key: abc}]").comes_from(address)


def test_own_keys_of_the_team_come_before_its_organisations_and_only_holds_for_all() -> None:
    config = read(
        "orgs: {acme: {own_keys: only, provider_keys: {openai: [sk-acme]}}}\nteams: {acme/x: {}}\n"
        "keys: [{name: k, key: abc, team: acme/x}, {name: o, key: abd, org: acme}]"
    )
    directory = Directory(config, owned={"acme/x": ["openai", "anthropic"], "acme": ["mistral"]})
    team, org = map(directory.configured, config.keys)
    assert team.owned is not None
    assert org.owned is not None
    assert team.owned.policy == org.owned.policy == "only"
    assert team.owned.pools == {
        "openai": "openai@acme:x",
        "anthropic": "anthropic@acme:x",
        "mistral": "mistral@acme",
    }
    assert org.owned.pools == {"openai": "openai@acme", "mistral": "mistral@acme"}
