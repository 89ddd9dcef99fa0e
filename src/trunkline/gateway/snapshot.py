"""What one configuration means to the data plane: built whole, never changed, swapped in one step.

A request keeps the snapshot it began with. Providers that a reload does not touch keep their open lines.
"""

import ipaddress
import ssl
from collections.abc import Mapping, Sequence
from urllib.parse import unquote, urlsplit

import msgspec

from trunkline import providers
from trunkline.cache.answer import Cache
from trunkline.config import schema
from trunkline.gateway.deployments import Deployment
from trunkline.guard.inspect import Rule
from trunkline.ledger.prices import Catalogue, Override
from trunkline.providers.base import Provider
from trunkline.providers.simulated import Settings, Simulated
from trunkline.routing.plan import Alias, Retries, Routes
from trunkline.transport.deadlines import Deadlines
from trunkline.transport.exchange import Times, Upstream
from trunkline.transport.pool import Origin, Pool


class SetupError(Exception):
    """The configuration is valid, but cannot be put to work; the message says why and what to do."""


class Snapshot(msgspec.Struct, frozen=True):
    """Everything a request needs of the configuration."""

    config: schema.Config
    routes: Routes
    deployments: dict[str, Deployment]
    catalogue: Catalogue
    rules: Sequence[Rule]
    caches: tuple[Cache, ...]
    in_flight: int
    depth: int
    reply_limit: int
    keep_alive: float
    sources: dict[str, tuple[schema.Provider, Times]]
    """What each deployment was built from."""


def build(
    config: schema.Config, environment: Mapping[str, str], deadlines: Deadlines, previous: Snapshot | None
) -> Snapshot:
    """The snapshot of `config`. Raises `SetupError`. Call on the event loop's thread."""
    sources = _sources(config, environment)
    deployments: dict[str, Deployment] = {}
    for name, source in sources.items():
        if previous is not None and previous.sources.get(name) == source:
            deployments[name] = previous.deployments[name]
        else:
            deployments[name] = _deploy(name, *source, environment, deadlines)
    limits = config.server.limits
    return Snapshot(
        config=config,
        routes=_routes(config, list(deployments)),
        deployments=deployments,
        catalogue=_catalogue(config),
        rules=(),
        caches=(),
        in_flight=config.server.in_flight,
        depth=limits.depth,
        reply_limit=limits.reply,
        keep_alive=config.server.keep_alive,
        sources=sources,
    )


def replaced(old: Snapshot, new: Snapshot) -> list[Deployment]:
    """Deployments of `old` that `new` no longer uses: to be closed once nobody is on them."""
    kept = {id(deployment) for deployment in new.deployments.values()}
    return [deployment for deployment in old.deployments.values() if id(deployment) not in kept]


def _sources(config: schema.Config, environment: Mapping[str, str]) -> dict[str, tuple[schema.Provider, Times]]:
    """Every provider there is: written, found in the environment, and the simulated one."""
    written = dict(config.providers)
    for name in [*providers.in_environment(environment), providers.SIMULATED.type]:
        written.setdefault(name, schema.Provider(type=name))
    return {
        name: (provider, _times(config.deadline.overridden_by(provider.deadline))) for name, provider in written.items()
    }


def _times(deadline: schema.Deadline) -> Times:
    return Times(deadline.connect, deadline.first_token, deadline.gap, deadline.total)


def _retries(retries: schema.Retries) -> Retries:
    return Retries(retries.attempts, retries.backoff, retries.max_backoff, retries.max_wait)


def _routes(config: schema.Config, names: list[str]) -> Routes:
    retries = _retries(config.retries)
    aliases: dict[str, Alias] = {}
    for name, model in config.models.items():
        if isinstance(model, str):
            aliases[name] = Alias((model,), None, retries)
        else:
            times = _times(config.deadline.overridden_by(model.deadline)) if model.deadline is not None else None
            aliases[name] = Alias(model.of, times, _retries(config.retries.overridden_by(model.retries)))
    return Routes(names, aliases, retries)


def _catalogue(config: schema.Config) -> Catalogue:
    models = {}
    for name, price in config.prices.items():
        provider, _, model = name.partition("/")
        models[provider, model] = _override(price)
    whole = {name: _override(p.price) for name, p in config.providers.items() if p.price is not None}
    return Catalogue(models, whole)


def _override(price: schema.Price) -> Override:
    return Override(**price.model_dump(exclude_none=True))


def _deploy(
    name: str, provider: schema.Provider, times: Times, environment: Mapping[str, str], deadlines: Deadlines
) -> Deployment:
    facts = providers.PROVIDERS[provider.type]
    if provider.terminator is not None:
        facts = msgspec.structs.replace(facts, ending="done" if provider.terminator else "finish")
    if facts is providers.SIMULATED:
        settings = provider.simulated or schema.Simulated()
        upstream: Upstream = Simulated(
            Settings(
                latency=settings.latency,
                tokens_per_second=settings.tokens_per_second,
                failure_rate=settings.failure_rate,
                seed=settings.seed,
            )
        )
        return Deployment(name, facts, upstream, host="simulated", path="", keys=[], headers={}, times=times)
    origin, path, host = _origin(name, provider, facts, environment)
    return Deployment(
        name,
        facts,
        Pool(origin, deadlines),
        host=host,
        path=path,
        keys=_keys(name, provider, facts, environment),
        headers={key: value.get_secret_value() for key, value in provider.headers.items()},
        times=times,
    )


def _origin(
    name: str, provider: schema.Provider, facts: Provider, environment: Mapping[str, str]
) -> tuple[Origin, str, str]:
    """Where the provider is, the path its endpoints are below, and the value of `Host`."""
    from_environment = environment.get(facts.base_variable, "") if facts.base_variable else ""
    url = provider.base_url or from_environment or facts.base_url
    if not url:
        raise SetupError(f"providers.{name}: a provider of type {facts.type!r} needs a base_url.")
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    proxy = urlsplit(provider.proxy.get_secret_value()) if provider.proxy is not None else None
    origin = Origin(
        host=parts.hostname or "",
        port=parts.port or (443 if secure else 80),
        tls=_tls(name, provider) if secure else None,
        allow_private=provider.allow_private or _literal(parts.hostname or ""),
        proxy=(proxy.hostname or "", proxy.port or 80) if proxy is not None else None,
        proxy_login=unquote(proxy.netloc.rpartition("@")[0]) if proxy is not None else "",
        max_idle=provider.max_idle,
    )
    return origin, parts.path.rstrip("/"), parts.netloc.rpartition("@")[2]


def _literal(host: str) -> bool:
    """An address written out, or `localhost`: whoever wrote it means it, and no name server can change it."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost"
    return True


def _tls(name: str, provider: schema.Provider) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=provider.ca)
    except (OSError, ssl.SSLError) as error:
        raise SetupError(f"providers.{name}.ca: {provider.ca} cannot be used: {error}") from None
    context.set_alpn_protocols(["http/1.1"])
    return context


def _keys(name: str, provider: schema.Provider, facts: Provider, environment: Mapping[str, str]) -> list[str]:
    if provider.api_keys:
        return [key.get_secret_value() for key in provider.api_keys]
    if provider.api_key is not None:
        return [provider.api_key.get_secret_value()]
    found = [environment[variable] for variable in facts.key_variables if environment.get(variable)]
    if any(not key.isprintable() or not key.isascii() or key != key.strip() for key in found):
        raise SetupError(
            f"providers.{name}: the key in {' or '.join(facts.key_variables)} cannot stand in a header. "
            "Look for a line break or a space at its end."
        )
    if not found and facts.needs_key:
        raise SetupError(
            f"providers.{name}: no key. Write api_key there, or set {' or '.join(facts.key_variables)} "
            "in the environment."
        )
    return found[:1]
