"""What is wrong between the policies of the request log and the guard's policies that redact for them."""

from collections.abc import Iterator, Mapping
from typing import Final

from trunkline.config.check_guard import Finding, unknown
from trunkline.config.document import Value
from trunkline.config.problems import quote

FINDS: Final = frozenset({"pii", "secrets", "words", "regex"})
"""Checks whose finds can be taken out of a text."""


def check_request_log(root: Mapping[str, Value]) -> Iterator[Finding]:
    """Guard policies that are not there, or that would take nothing out; settings that say nothing beside `never`."""
    policies, guards = (_mapping(root.get(name)) for name in ("request_log", "guard"))
    for name, policy in policies.items():
        said = _mapping(policy)
        if said.get("never") is True:
            for setting in ("sample", "keep", "redact"):
                if setting in said:
                    yield ("request_log", name, setting), "nothing is kept under this policy", "it says `never`"
        if "redact" not in said:
            continue
        path, redact = ("request_log", name, "redact"), said["redact"]
        yield from unknown(path, redact, "guard", guards)
        for guard in redact if isinstance(redact, list) else [redact]:
            if isinstance(guard, str) and guard in guards and not _takes_out(_mapping(guards[guard])):
                message = f"the policy {quote(guard)} has no rule that finds anything to take out"
                yield path, message, "give it a rule `pii`, `secrets`, `words` or `regex`"


def _mapping(value: Value) -> Mapping[str, Value]:
    return value if isinstance(value, dict) else {}


def _takes_out(guard: Mapping[str, Value]) -> bool:
    for side in ("input", "output"):
        checks = guard.get(side)
        if isinstance(checks, list) and any(isinstance(it, dict) and FINDS & it.keys() for it in checks):
            return True
    return False
