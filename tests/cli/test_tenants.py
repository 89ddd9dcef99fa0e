"""`trunkline orgs`, `teams` and `users`"""

from tests.cli.command import Place


def test_they_are_created_changed_listed_and_deleted(place: Place) -> None:
    assert place.run("orgs", "set", "acme", "--tag", "plan=free", "--own-keys", "only").stdout == 'Created "acme".\n'
    assert place.run("teams", "set", "acme/support", "--model", "simulated/*").stdout == 'Created "acme/support".\n'
    assert place.run("users", "set", "alice", "--team", "acme/support").stdout == 'Created "alice".\n'
    assert place.run("orgs", "set", "acme", "--input-price", "2.5").stdout == 'Changed "acme".\n'
    [acme] = place.json("orgs", "list")
    assert acme["settings"] == {"tags": {"plan": "free"}, "own_keys": "only", "max_price": {"input": "2.5"}}
    assert place.json("users", "list")[0]["settings"] == {"team": "acme/support"}
    assert "acme/support" in place.run("teams", "list").stdout
    for words in (("users", "delete", "alice"), ("teams", "delete", "acme/support"), ("orgs", "delete", "acme")):
        assert "Deleted" in place.run(*words).stdout
    assert place.json("orgs", "list") == []
    assert "There are no teams" in place.run("teams", "list").stdout


def test_whoever_has_somebody_is_not_deleted(place: Place) -> None:
    place.run("orgs", "set", "acme")
    place.run("teams", "set", "acme/support")
    place.run("users", "set", "alice", "--team", "acme/support")
    place.run("keys", "create", "bot", "--user", "alice")
    refused = place.run("orgs", "delete", "acme", code=1).stderr
    assert "the team acme/support, the user alice, the key bot" in refused
    assert "the key bot" in place.run("users", "delete", "alice", code=1).stderr
    place.run("keys", "revoke", "bot")
    place.run("users", "delete", "alice")


def test_what_the_configuration_defines_is_changed_there(place: Place) -> None:
    place.configure("models: {bot: simulated/chat}\norgs:\n  acme: {models: [bot]}\n")
    for words in (("set", "acme"), ("delete", "acme")):
        told = place.run("orgs", *words, code=1).stderr
        assert 'the organisation "acme" stands in line 3 of trunkline.yaml' in told
    [acme] = place.json("orgs", "list")
    assert (acme["origin"], acme["settings"]) == ("file", {"models": ["bot"]})
    place.run("teams", "set", "acme/support")  # of the store, below one of the file


def test_what_does_not_hold_together_is_refused(place: Place) -> None:
    assert 'there is no organisation "acme"' in place.run("teams", "set", "acme/support", code=1).stderr
    assert "cannot be the name of a team" in place.run("teams", "set", "support", code=1).stderr
    assert "cannot be the name of an organisation" in place.run("orgs", "set", "a/b", code=1).stderr
    assert "max_price.input" in place.run("orgs", "set", "acme", "--input-price", "much", code=1).stderr
    assert (
        'did you mean "acme"?'
        in (place.run("orgs", "set", "acme"), place.run("orgs", "delete", "acm", code=1))[1].stderr
    )


def test_keys_with_providers_are_added_listed_and_removed_without_being_shown(place: Place) -> None:
    place.run("orgs", "set", "acme")
    place.run("teams", "set", "acme/support")
    added = place.run("orgs", "add-provider-key", "acme", "simulated", given="sk-of-acme-and-no-other\n")
    place.run("teams", "add-provider-key", "acme/support", "simulated", given="sk-of-the-team-alone")
    [key] = place.json("orgs", "provider-keys")
    assert (key["tenant"], key["provider"], key["hint"]) == ("acme", "simulated", "ther")
    assert key["id"] in added.stdout
    assert "sk-of-acme" not in added.output + place.run("orgs", "provider-keys").output
    assert b"sk-of-" not in b"".join(path.read_bytes() for path in place.data.rglob("*") if path.is_file())
    assert "keys of its own" in place.run("teams", "delete", "acme/support", code=1).stderr
    assert (
        "there is no organisation"
        in place.run("orgs", "add-provider-key", "acm", "simulated", given="x", code=1).stderr
    )
    assert "there is no provider" in place.run("orgs", "add-provider-key", "acme", "simulate", given="x", code=1).stderr
    assert "neither begins" in place.run("orgs", "add-provider-key", "acme", "simulated", given=" x", code=1).stderr
    place.run("orgs", "remove-provider-key", key["id"])
    assert "there is no key" in place.run("orgs", "remove-provider-key", key["id"], code=1).stderr
    assert place.json("orgs", "provider-keys") == []
