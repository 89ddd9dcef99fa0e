"""Where a configuration names files of TLS."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from trunkline.config import schema
from trunkline.config.problems import Path as Place
from trunkline.config.problems import written
from trunkline.transport.tls import Files, Pair


class Use(msgspec.Struct, frozen=True):
    """One place that names files."""

    where: Place
    """Such as `("server", "tls")`."""
    files: Files
    settings: dict[str, Path]
    """The settings there that name them."""
    serves: bool
    """Whether it is a listener."""

    @property
    def name(self) -> str:
        """As the file has it: `server.tls`."""
        return written(self.where)

    def place_of(self, path: Path) -> Place:
        """The setting that names `path`, which is one of the files."""
        return *self.where, next(setting for setting, named in self.settings.items() if named == path)


def listener(where: str, tls: schema.Tls) -> Use:
    """A listener with TLS; `where` is its setting below `server`."""
    settings = {"cert": tls.cert, "key": tls.key}
    if tls.client_ca is not None:
        settings["client_ca"] = tls.client_ca
    files = Files(Pair(tls.cert, tls.key), tls.client_ca, tls.min_version)
    return Use(("server", where), files, settings, serves=True)


def uses(config: schema.Config) -> Iterator[Use]:
    """All of them: the listeners', then the providers'."""
    for where, tls in (("tls", config.server.tls), ("control_tls", config.server.control_tls)):
        if tls is not None:
            yield listener(where, tls)
    for name, provider in config.providers.items():
        settings = {
            setting: path for setting in ("ca", "client_cert", "client_key") if (path := getattr(provider, setting))
        }
        if settings:
            pair = Pair(settings["client_cert"], settings["client_key"]) if "client_key" in settings else None
            yield Use(("providers", name), Files(pair, provider.ca), settings, serves=False)
