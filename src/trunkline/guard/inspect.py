"""What may be said: the rules that see a request before any upstream does. Fails closed: a rule that cannot run
refuses.
"""

from collections.abc import Sequence
from typing import Protocol

from trunkline.formats.document import Document


class Rule(Protocol):
    """One rule of a policy."""

    def apply(self, document: Document) -> None:
        """Edit the request, or raise `gateway.errors.GatewayError` to refuse it."""


def inspect(document: Document, rules: Sequence[Rule]) -> None:
    """Apply every rule in order."""
    for rule in rules:
        rule.apply(document)
