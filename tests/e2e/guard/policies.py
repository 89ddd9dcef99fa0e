"""The policies of these tests, and a name of a model for every policy before every upstream: `private-chat`, …"""

from typing import Any

from tests.e2e.formats.hall import KEYS
from tests.e2e.formats.upstreams import MODELS

POLICIES: dict[str, dict[str, Any]] = {
    "private": {"input": [{"pii": ["email", "card", "phone"], "action": "pseudonymise"}]},
    "strict": {"input": [{"pii": "all"}, {"secrets": "all"}], "output": [{"words": ["forbidden"], "action": "block"}]},
    "quiet": {"input": [{"pii": "email", "action": "redact"}], "output": [{"pii": "email", "action": "redact"}]},
    "house": {
        "inject": {
            "system_first": "House rule one.",
            "system_last": "House rule two.",
            "parameters": {"most_temperature": 0.5, "most_output": 50},
        }
    },
    "shaped": {"output": [{"length": {"most": 20}}]},
    "tools": {"tools": ["get_weather"], "models": ["tools-*"]},
}
SETTINGS: dict[str, Any] = {
    "guard": POLICIES,
    "keys": [*KEYS, {"name": "none", "key": "sk-none"}],
    "models": {
        f"{policy}-{name}": {"route": "fallback", "of": [model], "guard": [policy]}
        for policy in POLICIES
        for name, model in MODELS.items()
    },
}
