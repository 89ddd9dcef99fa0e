"""`trunkline check`"""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.cli.command import Place
from tests.faults import certificates

ROOT = Path(__file__).parents[2]


def test_without_a_file_the_defaults_hold(place: Place) -> None:
    said = place.run("check").stdout
    assert "There is no trunkline.yaml: the defaults hold." in said
    assert "Providers: simulated." in said


def test_a_valid_file_is_summed_up(place: Place) -> None:
    place.configure("models: {bot: simulated/chat}\nkeys: [{name: app, key: sk-something-long}]\n")
    said = place.run("check").stdout
    assert said.splitlines() == [
        "trunkline.yaml: valid.",
        "Providers: simulated.",
        "Models: bot.",
        "Keys: app.",
    ]


def test_every_mistake_is_told_at_once_with_its_line(place: Place) -> None:
    place.configure("server: {wrkers: 2}\nmodels:\n  bot: simulate/chat\n")
    told = place.run("check", code=2).stderr.splitlines()
    assert told == [
        "Error: the configuration has 2 problems:",
        'trunkline.yaml:1:10  server.wrkers: unknown setting; did you mean "workers"?',
        'trunkline.yaml:3:8  models.bot: unknown provider "simulate"; did you mean "simulated"?',
    ]


def test_a_file_that_is_not_there_is_a_mistake(place: Place) -> None:
    assert "elsewhere.yaml" in place.run("check", "--config", "elsewhere.yaml", code=2).stderr


def test_the_file_may_be_named_by_the_environment(place: Place) -> None:
    (place.folder / "other.yaml").write_text("models: {other: simulated/echo}\n")
    place.environment["TRUNKLINE_CONFIG"] = "other.yaml"
    assert "Models: other." in place.run("check").stdout


def test_what_only_starting_would_show_is_found_too(place: Place) -> None:
    place.configure("providers:\n  openai: {}\n  house: {type: openai_compatible}\n")
    told = place.run("check", code=2).stderr  # all at once, with their lines
    assert "trunkline.yaml:2:3  providers.openai: no key." in told
    assert "trunkline.yaml:3:3  providers.house: a provider of type 'openai_compatible' needs a base_url." in told
    (place.folder / "ca.pem").write_text("not a certificate")
    place.configure("providers: {house: {type: openai_compatible, base_url: https://h.example, ca: ca.pem}}\n")
    assert "trunkline.yaml:1:75  providers.house.ca: ca.pem holds no certificate" in place.run("check", code=2).stderr
    place.configure("server: {tls: {cert: ca.pem, key: ca.pem}}\n")
    assert "trunkline.yaml:1:16  server.tls.cert: ca.pem holds no certificate" in place.run("check", code=2).stderr


def test_certificates_are_told_with_their_line(place: Place) -> None:
    certificates.write_pair(place.folder)
    certificates.write_pair(place.folder, "expired")
    listener = "server:\n  {setting}:\n    cert: {cert}\n    key: {key}\n"
    for setting in ("tls", "control_tls"):
        for cert, key, told in (
            ("absent.crt", "good.key", "3:5  server.{}.cert: absent.crt cannot be read: No such file or directory"),
            ("good.crt", "absent.key", "4:5  server.{}.key: absent.key cannot be read: No such file or directory"),
            (
                "good.crt",
                "expired.key",
                "4:5  server.{}.key: expired.key is not the key of the certificate in good.crt",
            ),
            ("expired.crt", "expired.key", "3:5  server.{}.cert: expired.crt expired on 20"),
        ):
            place.configure(listener.format(setting=setting, cert=cert, key=key))
            assert told.format(setting) in place.run("check", code=2).stderr
    place.configure(
        "providers:\n  house:\n    type: openai_compatible\n    base_url: https://h.example\n"
        "    client_cert: good.crt\n    client_key: expired.key\n"
    )
    assert "6:5  providers.house.client_key: expired.key is not the key" in place.run("check", code=2).stderr


def test_a_key_that_every_user_may_open_is_warned_of(place: Place) -> None:
    """It is no mistake: so Kubernetes mounts its Secrets, into containers that have one user."""
    chain, key = certificates.write_pair(place.folder)
    place.configure("server:\n  tls: {cert: good.crt, key: good.key}\n")
    key.chmod(0o644)
    told = place.run("check").stderr
    assert told.startswith("Warning: trunkline.yaml:2:25  server.tls.key: every user of this machine may open good.key")
    key.chmod(0o640)
    assert place.run("check").stderr == ""
    soon = datetime.now(UTC) + timedelta(days=5, hours=1)
    leaf = certificates.authority().issue_cert("localhost", not_after=soon)
    leaf.cert_chain_pems[0].write_to_path(chain)
    leaf.private_key_pem.write_to_path(key)
    key.chmod(0o600)
    assert "server.tls.cert: good.crt expires on " in place.run("check").stderr


def test_half_a_client_certificate_and_one_that_is_never_shown_are_mistakes(place: Place) -> None:
    place.configure("providers: {a: {type: openai, api_key: k, client_cert: a.crt}}\n")
    assert "providers.a.client_cert: `client_key` is missing" in place.run("check", code=2).stderr
    place.configure("providers: {a: {type: vllm, base_url: http://h, client_cert: a.crt, client_key: a.key}}\n")
    assert "its `base_url` begins with http" in place.run("check", code=2).stderr


def test_a_key_of_the_environment_that_no_header_can_hold_is_told_without_showing_it(place: Place) -> None:
    place.environment["OPENAI_API_KEY"] = "sk-secret\n"
    told = place.run("check", code=2).stderr
    assert "OPENAI_API_KEY" in told
    assert "sk-secret" not in told


def test_the_schema_for_editors(place: Place) -> None:
    schema = json.loads(place.run("check", "--schema").stdout)
    assert "models" in schema["properties"]


def test_the_example_is_valid_as_it_stands(place: Place) -> None:
    said = place.run("check", "--config", str(ROOT / "trunkline.example.yaml")).stdout
    assert "Models: support-bot, summary, gpt-*, test." in said


def test_demands_that_nobody_can_meet_are_told_with_their_line(place: Place) -> None:
    place.configure(
        "providers: {mistral: {api_key: sk-a, data: {region: eu}}, openai: {api_key: sk-b}}\n"
        "models:\n"
        "  fine: {route: fallback, of: [openai/gpt-4o, mistral/mistral-large-latest], data: {region: eu}}\n"
        "  never: {route: fallback, of: [openai/gpt-4o], data: {region: eu}}\n"
        "  dear: {route: cheapest, of: [openai/gpt-4o, openai/o3], max_price: {input: 0.001}}\n"
    )
    told = place.run("check", code=2).stderr.splitlines()
    assert told[0] == "Error: the configuration has 2 problems:"
    assert told[1].startswith(
        "trunkline.yaml:4:3  models.never: none of these models can ever be asked: openai/gpt-4o:"
    )
    assert told[2].startswith("trunkline.yaml:5:3  models.dear: none of these models can ever be asked: openai/gpt-4o:")


def test_learnt_models_that_cannot_be_loaded_are_told(place: Place) -> None:
    auto = "providers: {openai: {api_key: sk-a}}\nmodels: {auto: {route: complexity, easy: openai/x, hard: openai/y}}\n"
    place.configure(f"{auto}complexity: {{model: nowhere.json}}\n")
    assert (
        "trunkline.yaml:3:14  complexity.model: nowhere.json cannot be used: No such file"
        in place.run("check", code=2).stderr
    )
    place.configure(f"{auto}embedder: {{path: nowhere}}\n")
    assert (
        "trunkline.yaml:3:12  embedder: nowhere/model.onnx: No such file or directory."
        in place.run("check", code=2).stderr
    )


def test_it_is_told_where_a_policy_keeps_streams_from_being_gone_on_with(place: Place) -> None:
    place.configure(
        "guard:\n"
        "  asking: {input: [{secrets: all, action: block}]}\n"
        "  answers: {output: [{pii: [email], action: redact}]}\n"
        "  private: {input: [{pii: [email], action: pseudonymise}]}\n"
        "models:\n"
        "  fine: {route: fallback, of: [simulated/chat, simulated/echo], on_truncated: resume, guard: [asking]}\n"
        "  held: {route: fallback, of: [simulated/chat, simulated/echo], on_truncated: resume, guard: [answers]}\n"
        "  back: {route: fallback, of: [simulated/chat, simulated/echo], on_truncated: resume, guard: [private]}\n"
        "  plain: {route: fallback, of: [simulated/chat, simulated/echo], guard: [answers]}\n"
    )
    told = place.run("check").stderr.splitlines()
    assert [line.split(": ")[1].split()[-1] for line in told] == ["models.back", "models.held"]
    assert all("not gone on with" in line for line in told)
