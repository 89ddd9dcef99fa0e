"""Who answers: a page of facts per provider in `pages/`, and what is known of models in `families/`."""

import importlib
import pkgutil
from collections.abc import Mapping

from trunkline.providers import pages
from trunkline.providers.base import Also, Provider

SIMULATED = Provider(
    type="simulated",
    title="Simulated, inside this process",
    inside=True,
    needs_key=False,
    also=(Also(format="openai_completions"),),
)


def _pages() -> list[Provider]:
    """Every module in `pages/` that has a `PROVIDER`, by its name."""
    names = sorted(module.name for module in pkgutil.iter_modules(pages.__path__))
    return [importlib.import_module(f"{pages.__name__}.{name}").PROVIDER for name in names]


PROVIDERS: dict[str, Provider] = {provider.type: provider for provider in (*_pages(), SIMULATED)}


def in_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Providers that are there without being configured, with the secret that the environment holds for them, which is
    empty where they need none.
    """
    found = {provider.type: provider.in_environment(environment) for provider in PROVIDERS.values()}
    return {name: secret for name, secret in found.items() if secret is not None}
