"""Secrets: examples of every kind, and what only looks like one."""

import random

import pytest
from tests.guard.patterns import matching
from tests.guard.policies import found, secrets, sent

from trunkline.guard.kinds import SECRETS
from trunkline.guard.screen import Screen
from trunkline.guard.secret_kinds import SECRET_KINDS, SecretKind

ALL = Screen([secrets()], record_text=True)

WRITTEN = {
    "json_web_token": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0",
    "connection_string": "postgres://app:c0rrect-h0rse@db.example.com:5432",
    "aws_access_key": "AKIAIOSFODNN7EXAMPLE",
    "github_token": "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
    "slack_token": "-".join(["xoxb", "2345678901", "2345678901234", "AbCdEfGhIjKlMnOpQrStUvWx"]),
    "private_key": "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk\n-----END OPENSSH PRIVATE KEY-----",
}
"""As issuers show them."""


def test_there_are_at_least_forty_kinds() -> None:
    assert len(set(SECRETS)) >= 40


@pytest.mark.parametrize("kind", WRITTEN)
def test_a_known_example_is_found(kind: str) -> None:
    assert [(each.kind, each.text) for each in found(ALL, f"use {WRITTEN[kind]} for it")] == [(kind, WRITTEN[kind])]


@pytest.mark.parametrize(
    "kind", [each for each in SECRET_KINDS if each.name not in WRITTEN], ids=lambda each: each.name
)
def test_random_secrets_of_each_form_are_found(kind: SecretKind) -> None:
    rnd = random.Random(kind.name)
    for _ in range(20):
        secret = matching(kind.pattern, rnd)
        assert secret not in sent(ALL, f"use '{secret}' for it"), secret


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('password = "hunter2xY99z"', "hunter2xY99z"),
        ("AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYzQ3f9rT2aL", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzQ3f9rT2aL"),
        ("{'apiKey': '7hG9kLm2Qx5vB8nW'}", "7hG9kLm2Qx5vB8nW"),
        ("the password is Tr0ub4dor&3x.", "Tr0ub4dor&3x"),
        ("Authorization token: Bearer 9f8e7d6c5b4a39281706fedc", "9f8e7d6c5b4a39281706fedc"),
        ("Passwort: Kx7!mQ2#pL9z", "Kx7!mQ2#pL9z"),
        ("My password is: Kx7!mQ2#pL9z", "Kx7!mQ2#pL9z"),
        (r'{"out": "first\npassword=Kx7!mQ2#pL9z"}', "Kx7!mQ2#pL9z"),
    ],
)
def test_a_value_that_is_given_to_a_telling_name_is_a_secret(text: str, value: str) -> None:
    assert [each.text for each in found(ALL, text)] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "password: ********",
        "api_key = os.environ['API_KEY']",
        "the token is expired",
        "secret: your_secret_here_123",
        "max_tokens: 4096, token_count = 12345678",
        "password = get_password_from_vault()",
        "sk-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "see https://user@host.example and ftp://host:21/x",
        "task-force and risk-free, desk-bound",
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
        "eyJ is how a token begins",
        "tokenizer: cl100k_base",
    ],
)
def test_what_only_looks_like_one_is_left_alone(text: str) -> None:
    assert found(ALL, text) == ()
