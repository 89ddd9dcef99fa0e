"""What a guard's rule may have beside its check: one check each, and only the settings that go with it."""

from collections.abc import Iterator, Mapping
from typing import Final

from trunkline.config.document import Value
from trunkline.config.problems import Path, quote, suggestion

CHECKS: Final = ("pii", "secrets", "words", "regex", "injection", "length", "json_schema", "webhook", "moderation")
_TEXTS: Final = {"pii", "secrets", "words", "regex", "injection"}
_ASKED: Final = {"webhook", "moderation"}
_SETTINGS: Final[Mapping[str, set[str]]] = {
    "action": _TEXTS,
    "deadline": _ASKED,
    "on_failure": _ASKED,
    "threshold": {"moderation"},
    "categories": {"moderation"},
}
"""Settings, and the checks that they go with."""

Finding = tuple[Path, str, str]


def names(root: Mapping[str, Value]) -> Iterator[Finding]:
    """Every name of a policy, at keys, tenants and routes, that none has."""
    for setting in ("guard", "request_log"):
        policies = root.get(setting)
        known = policies if isinstance(policies, dict) else {}
        for path, said in said_of(root, setting):
            yield from unknown(path, said, setting, known)


def unknown(path: Path, said: Value, setting: str, known: Mapping[str, Value]) -> Iterator[Finding]:
    """Those of one name or several that no policy of the section `setting` has."""
    named = said if isinstance(said, list) else [said]
    for index, name in enumerate(named):
        if isinstance(name, str) and name not in known:
            at = (*path, index) if isinstance(said, list) else path
            yield at, f"there is no policy {quote(name)} under `{setting}`", suggestion(name, known)


def said_of(root: Mapping[str, Value], setting: str) -> Iterator[tuple[Path, Value]]:
    """What keys, tenants and routes say of a setting."""
    keys = root.get("keys")
    sections: list[tuple[Path, Value]] = [(("keys", at), key) for at, key in enumerate(_listed(keys))]
    for kind in ("models", "orgs", "teams", "users"):
        named = root.get(kind)
        sections += [((kind, name), it) for name, it in (named.items() if isinstance(named, dict) else ())]
    for path, section in sections:
        if isinstance(section, dict) and setting in section:
            yield (*path, setting), section[setting]


def _listed(value: Value) -> list[Value]:
    return value if isinstance(value, list) else []


def findings(policies: Mapping[str, Value]) -> Iterator[Finding]:
    """Every problem of every rule."""
    for path, rule in rules(policies):
        checks = [name for name in CHECKS if name in rule]
        if len(checks) != 1:
            told = f"`{checks[0]}` and `{checks[1]}` stand in one rule" if checks else "a rule needs a check"
            yield path, told, "each rule has one of " + ", ".join(f"`{name}`" for name in CHECKS)
        else:
            yield from _settings(path, rule, checks[0])


def rules(policies: Mapping[str, Value]) -> Iterator[tuple[Path, Mapping[str, Value]]]:
    """Every rule with its place."""
    for name, policy in policies.items():
        if not isinstance(policy, dict):
            continue
        for side in ("input", "output"):
            listed = policy.get(side)
            for index, rule in enumerate(listed if isinstance(listed, list) else []):
                if isinstance(rule, dict):
                    yield ("guard", name, side, index), rule


def _settings(path: Path, rule: Mapping[str, Value], check: str) -> Iterator[Finding]:
    side, action = path[2], rule.get("action")
    for name, checks in _SETTINGS.items():
        if name in rule and check not in checks:
            yield (*path, name), f"a rule with `{check}` has no `{name}`", ""
    if side == "input" and check in {"length", "json_schema"}:
        yield (*path, check), f"`{check}` is for answers", "put the rule under `output`"
    if side == "output" and action == "pseudonymise":
        hint = "use `redact`; what the input rules pseudonymise is put back by itself"
        yield (*path, "action"), "answers are not pseudonymised", hint
    if check == "injection" and action in {"redact", "pseudonymise"}:
        hint = "use `block` or `report`"
        yield (*path, "action"), f"{quote(str(action))} would leave the attack's other words where they are", hint
