"""One small file of facts per provider; this is their list."""

from collections.abc import Mapping

from trunkline.providers import openai, openai_compatible
from trunkline.providers.base import Provider

SIMULATED = Provider(type="simulated", title="Simulated, inside this process", needs_key=False)

PROVIDERS: dict[str, Provider] = {
    provider.type: provider for provider in (openai.PROVIDER, openai_compatible.PROVIDER, SIMULATED)
}


def in_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Providers whose key is set in the environment, with the key: they are there without being configured."""
    return {
        provider.type: key
        for provider in PROVIDERS.values()
        if (key := next((environment[name] for name in provider.key_variables if environment.get(name)), ""))
    }
