"""What `trunkline serve` says when it is ready: where it is, who answers, and something to paste."""

import json
from collections.abc import Mapping

import msgspec

from trunkline import __version__, providers
from trunkline.cli.providers import listed
from trunkline.config import schema
from trunkline.config.places import Address

MADE = {
    "key_secret": "The secret under which keys are stored was made in the data directory: back it up with the rest.",
    "master_key": "The master key, which encrypts what is kept, was made in the data directory: back it up, but apart "
    "from the rest.",
    "control_token": "The token of the control plane's API was made in the data directory: secrets/control_token.",
}
"""What is said of a secret that was made at this start."""

KEY = "sk-tl-..."
"""Stands for a virtual key in the examples."""


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known once everything listens."""

    config: schema.Config
    address: Address
    control: Address
    open: bool
    """Whether requests are answered without keys."""
    insecure: bool
    secrets_made: frozenset[str]
    """By their names in the configuration."""
    recovered: int
    """Attempts of a process that was killed, now charged."""


def url(config: schema.Config, address: Address) -> str:
    """Where applications reach what listens on `address`."""
    return f"{_scheme(config.server.tls)}://{address}"


def _scheme(tls: schema.Tls | None) -> str:
    return "https" if tls is not None else "http"


def announcement(facts: Facts, environment: Mapping[str, str]) -> str:
    """All of it, as lines for standard output."""
    names = ", ".join(listed(facts.config, environment))
    lines = [
        f"Trunkline {__version__} is ready on {url(facts.config, facts.address)} with {names}",
        f"Metrics: {_scheme(facts.config.server.control_tls)}://{facts.control}/metrics",
        *_notes(facts),
        "",
        *_examples(facts, _model(facts.config, environment)),
    ]
    return "\n".join(lines)


def _notes(facts: Facts) -> list[str]:
    notes = []
    if facts.open and facts.insecure:
        notes.append("There are no keys, and --insecure is given: everybody who reaches this address is answered.")
    elif facts.open:
        notes.append(
            "There are no keys: only programs on this machine are answered. `trunkline keys create` makes one."
        )
    notes += [note for secret, note in MADE.items() if secret in facts.secrets_made]
    if facts.recovered:
        attempts = "1 attempt was" if facts.recovered == 1 else f"{facts.recovered} attempts were"
        notes.append(f"{attempts} under way when Trunkline was killed: charged at what was reserved, as `unsettled`.")
    return notes


def _model(config: schema.Config, environment: Mapping[str, str]) -> str:
    """A model that answers: one that the operator named, else one of a provider with a key, else the simulated one."""
    for name in config.models:
        if "*" not in name:
            return name
    for name, provider in listed(config, environment).items():
        facts = providers.PROVIDERS[provider.type]
        if facts.example_model:
            return f"{name}/{facts.example_model}"
    return f"{providers.SIMULATED.type}/chat"


def _examples(facts: Facts, model: str) -> list[str]:
    base = f"{url(facts.config, _reachable(facts.address))}/v1"
    message = {"role": "user", "content": "Hello!"}
    body = _text({"model": model, "messages": [message]}).replace("'", "'\\''")
    authorization = "" if facts.open else f"-H 'authorization: Bearer {KEY}' "
    return [
        f"curl {base}/chat/completions {authorization}-H 'content-type: application/json' -d '{body}'",
        "",
        "from openai import OpenAI",
        f'client = OpenAI(base_url="{base}", api_key="{"any" if facts.open else KEY}")',
        f"reply = client.chat.completions.create(model={_text(model)}, messages=[{_text(message)}])",
        "print(reply.choices[0].message.content)",
    ]


def _text(value: object) -> str:
    """As JSON, which is Python as well for what stands here."""
    return json.dumps(value, ensure_ascii=False)


def _reachable(address: Address) -> Address:
    """Where this machine reaches what listens on every address."""
    return {
        "0.0.0.0": Address("127.0.0.1", address.port),  # noqa: S104  # asked about, not listened on
        "::": Address("::1", address.port),
    }.get(address.host, address)
