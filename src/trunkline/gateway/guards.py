"""The guard's policies, compiled from what the configuration says of them."""

from collections.abc import Iterable, Sequence
from typing import Final

from trunkline.config import guard
from trunkline.guard import rules
from trunkline.guard.inject import Forced, Inject, Placed
from trunkline.guard.policy import Policy
from trunkline.guard.rules import Rule
from trunkline.guard.screen import Screen
from trunkline.guard.shape import Length, Schema
from trunkline.guard.values import Question

_DEADLINE: Final = 2.0
"""Seconds that a webhook or moderation model has, where nothing is said."""
_THRESHOLD: Final = 0.5


def compiled(policy: guard.Policy) -> Policy:
    """The policy, ready to be used; it takes about a tenth of a second."""
    shape = [check for index, each in enumerate(policy.output) for check in _shape(each, f"output[{index}]")]
    return Policy(
        _screen(policy, policy.input, "input", whole=False),
        _screen(policy, policy.output, "output", whole=bool(shape)),
        shape=shape,
        models=policy.models,
        tools=policy.tools,
        injected=_injected(policy.inject),
    )


def redacting(policies: Iterable[guard.Policy]) -> Screen:
    """What takes out of any text all that the rules of these policies about texts find, whatever they do about it.

    Signs of prompt injection stay: they are no secret.
    """
    found: list[Rule | None] = []
    for policy in policies:
        for side, checks in (("input", policy.input), ("output", policy.output)):
            redact = [check.model_copy(update={"action": "redact"}) for check in checks if check.injection is None]
            found += [_rule(check, f"{side}[{index}]", policy.regions) for index, check in enumerate(redact)]
    return Screen([rule for rule in found if rule is not None])


def _screen(policy: guard.Policy, checks: Sequence[guard.Check], side: str, *, whole: bool) -> Screen:
    numbered = [(check, f"{side}[{index}]") for index, check in enumerate(checks)]
    texts = filter(None, (_rule(check, at, policy.regions) for check, at in numbered))
    questions = filter(None, (_question(check, at) for check, at in numbered))
    return Screen(tuple(texts), tuple(questions), record_text=policy.record_text, whole=whole)


def _rule(check: guard.Check, at: str, regions: Sequence[str]) -> Rule | None:
    """The rule about texts that a check is, where it is one."""
    action = check.action or "block"
    if check.pii:
        return rules.pii(f"{at}.pii", check.pii, action, regions)
    if check.secrets:
        return rules.secrets(f"{at}.secrets", check.secrets, action)
    if check.words:
        return rules.words(f"{at}.words", check.words, action)
    if check.regex:
        return rules.expressions(f"{at}.regex", check.regex, action)
    if check.injection is not None:
        return rules.injection(f"{at}.injection", check.injection, action)
    return None


def _question(check: guard.Check, at: str) -> Question | None:
    """What has to be asked of others, where a check says so."""
    kind, target = ("webhook", check.webhook) if check.webhook else ("moderation", check.moderation)
    if not target:
        return None
    return Question(
        rule=f"{at}.{kind}",
        kind="webhook" if check.webhook else "moderation",
        target=target,
        pieces=(),
        deadline=check.deadline or _DEADLINE,
        on_failure=check.on_failure or "block",
        threshold=_THRESHOLD if check.threshold is None else check.threshold,
        categories=check.categories or (),
    )


def _shape(check: guard.Check, at: str) -> list[Length | Schema]:
    if check.length is not None:
        return [Length(f"{at}.length", check.length.least, check.length.most)]
    return [Schema(f"{at}.json_schema", check.json_schema)] if check.json_schema is not None else []


def _injected(said: guard.Injected) -> Inject | None:
    inject = Inject(
        system_first=said.system_first or "",
        system_last=said.system_last or "",
        header=Placed(said.header.text, said.header.role) if said.header else None,
        footer=Placed(said.footer.text, said.footer.role) if said.footer else None,
        forced=Forced(
            most_temperature=said.parameters.most_temperature,
            temperature=said.parameters.temperature,
            most_output=said.parameters.most_output,
            store=said.parameters.store,
            service_tier=said.parameters.service_tier,
            user=said.parameters.user,
        ),
    )
    return None if inject == Inject() else inject
