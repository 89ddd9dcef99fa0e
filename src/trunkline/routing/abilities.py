"""What the models of the configured providers can do, as far as routing must know."""

from collections.abc import Mapping
from typing import Final

from trunkline.providers.base import Provider
from trunkline.providers.models import facts_for, family_of, model_at
from trunkline.routing.plan import Abilities
from trunkline.routing.targets import Target

REMEMBERED: Final = 10_000
"""Targets of which something was learned."""


class Models:
    """Facts about models, by target."""

    def __init__(self, pages: Mapping[str, Provider]) -> None:
        """`pages`: what is known of each configured provider, with what the operator says over it."""
        self._pages = pages
        self._learned: dict[Target, Abilities] = {}

    def of(self, target: Target) -> Abilities:
        """What was learned; before that, what can be told without the price catalogue."""
        learned = self._learned.get(target)
        if learned is not None:
            return learned
        page = self._pages[target.provider]
        refuses, family = facts_for(page, target.model).refuses, family_of(target.model)
        if family is None:
            return Abilities(refuses)
        known_here = family.maker in page.makers or not family.open
        return Abilities(refuses, family.context if known_here else None, family.tokenizer or family.maker)

    def learn(self, target: Target) -> None:
        """Look it up in the price catalogue, too. For a worker thread: that takes some milliseconds."""
        page = self._pages[target.provider]
        model = model_at(page, target.model)
        if len(self._learned) < REMEMBERED:
            refuses = facts_for(page, target.model).refuses
            self._learned[target] = Abilities(refuses, model.context, model.tokenizer)
