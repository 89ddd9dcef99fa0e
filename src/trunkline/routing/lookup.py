"""How the name that a request asks for is found. The rules are written in `config.names`."""

import difflib
from collections.abc import Iterable

from trunkline.config import names
from trunkline.routing.targets import Target


class Lookup:
    """The names of one configuration: providers, and what stands under `models`."""

    def __init__(self, providers: Iterable[str], aliases: Iterable[str]) -> None:
        self._providers = frozenset(providers)
        self._aliases = frozenset(aliases)
        self._wildcards = sorted(name for name in self._aliases if "*" in name)
        self.listed = sorted(name for name in self._aliases if "*" not in name)
        """Every name that can be listed: those without a `*`."""

    def asked(self, name: str) -> str | None:
        """The alias that a request for `name` means; None if there is none, and perhaps a `target`."""
        if name in self._aliases and "*" not in name:
            return name
        wildcard = names.wildcard(self._wildcards, name)
        if wildcard is None and "*" in self._aliases and self.target(name) is None:
            return "*"
        return wildcard

    def referred(self, name: str) -> str | None:
        """The alias that another one means by `name`; `target` goes before it."""
        return name if name in self._aliases else names.wildcard(self._wildcards, name)

    def target(self, name: str) -> Target | None:
        """`provider/model`, where that provider is there."""
        parts = names.split(name)
        return Target(*parts) if parts is not None and parts[0] in self._providers else None

    def nearest(self, name: str) -> str | None:
        """The name most like `name` that would be known."""
        provider, slash, model = name.partition("/")
        if slash:
            near = difflib.get_close_matches(provider.lower(), self._providers, n=1, cutoff=0.6)
            if near and near[0] != provider:
                return f"{near[0]}/{model}"
        found = difflib.get_close_matches(name, self.listed, n=1, cutoff=0.5)
        return found[0] if found else None
