"""Which requests the request log keeps, how long, and what is taken out of them: the policies of one configuration."""

from collections.abc import Iterable

import msgspec

from trunkline.config import schema
from trunkline.gateway.guards import redacting
from trunkline.guard.screen import Screen

_DIGITS = 8
"""Of the end of a request's id, in hexadecimal: they are random, and decide which share is kept."""


class Rule(msgspec.Struct, frozen=True):
    """One policy."""

    never: bool
    sample: float
    keep: int
    """Seconds."""
    redact: Screen | None


class Keeping(msgspec.Struct, frozen=True):
    """What becomes of one request that is kept."""

    keep: int
    """Seconds."""
    redact: tuple[Screen, ...]
    """What takes out of it what must not be kept."""


class LogRules:
    """The policies, compiled."""

    def __init__(self, config: schema.Config) -> None:
        self.made_of = (config.request_log, config.guard)
        """What of the configuration they come from."""
        self._rules = {name: _rule(config, name) for name in config.request_log}
        self._everywhere = tuple(name for name, policy in config.request_log.items() if policy.everywhere)

    def keeping(self, request: str, of_caller: Iterable[str], of_route: Iterable[str]) -> Keeping | None:
        """What becomes of the request with that id, under the policies of its caller and of its route; None: it is not
        kept. What one policy takes out is taken out, also where another one has it kept.
        """
        names = dict.fromkeys((*self._everywhere, *of_caller, *of_route))
        rules = [self._rules[name] for name in names if name in self._rules]
        place = int(request[-_DIGITS:], 16) / 16**_DIGITS
        chosen = [rule for rule in rules if place < rule.sample]
        if not chosen or any(rule.never for rule in rules):
            return None
        return Keeping(max(rule.keep for rule in chosen), tuple(rule.redact for rule in rules if rule.redact))


def log_rules(config: schema.Config, previous: LogRules | None = None) -> LogRules | None:
    """The rules of a configuration; None where nothing is kept. What is as in `previous` is taken from there: compiling
    takes a tenth of a second for each policy.
    """
    if not config.request_log:
        return None
    same = previous is not None and previous.made_of == (config.request_log, config.guard)
    return previous if same else LogRules(config)


def _rule(config: schema.Config, name: str) -> Rule:
    policy = config.request_log[name]
    screen = redacting(config.guard[guard] for guard in policy.redact) if policy.redact else None
    return Rule(policy.never, policy.sample, max(1, int(policy.keep)), screen)
