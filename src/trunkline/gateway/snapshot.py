"""What one configuration means to the data plane: built whole, never changed, swapped in one step.

A request keeps the snapshot it began with. Providers that a reload does not touch keep their open lines.
"""

import ipaddress
import ssl
from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from typing import Any, cast
from urllib.parse import unquote, urlsplit

import msgspec

from trunkline import providers
from trunkline.config import schema
from trunkline.config.places import web_url
from trunkline.formats.conversation import FormatName
from trunkline.formats.document import Document
from trunkline.gateway.brought import Pools
from trunkline.gateway.cache_rules import CacheRules, cache_rules
from trunkline.gateway.credentials import ProviderKey
from trunkline.gateway.deployments import Deployment, Door
from trunkline.gateway.fetching import Allowed
from trunkline.gateway.fronts import Front
from trunkline.gateway.guarding import Guards
from trunkline.gateway.journey import travel
from trunkline.gateway.learnt import NOTHING, Learnt, learn
from trunkline.gateway.log_rules import LogRules, log_rules
from trunkline.gateway.logins import SetupError, keys_of
from trunkline.gateway.pricing import catalogue_of
from trunkline.gateway.state import Journey
from trunkline.gateway.transcribing import HeardDocument, travel_heard
from trunkline.ledger.catalogue import Catalogue
from trunkline.providers.base import SETTINGS, Provider, Unfilled
from trunkline.providers.families import Rules
from trunkline.providers.simulated import Settings, Simulated
from trunkline.routing.health import Health
from trunkline.routing.inherited import health_settings
from trunkline.routing.policies import Policies
from trunkline.transport.deadlines import Deadlines
from trunkline.transport.pool import Origin, Pool
from trunkline.transport.tls import Pair, Unusable, trusting

Travel = Callable[[Journey, Front], Awaitable[None]]


class Snapshot(msgspec.Struct, frozen=True):
    """Everything a request needs of the configuration."""

    config: schema.Config
    policies: Policies
    deployments: dict[str, Deployment]
    catalogue: Catalogue
    guards: Guards
    cache: CacheRules | None
    """None where no answers are kept."""
    log_rules: LogRules | None
    """What the request log keeps; None for nothing."""
    travel: Travel
    """How a request for a model's words is answered."""
    document: type[Document]
    """What its body is read as."""
    in_flight: int
    depth: int
    reply_limit: int
    fetch: Allowed
    keep_alive: float
    sources: dict[str, schema.Provider]
    """What each deployment was built from."""
    learnt: Learnt


def build(
    config: schema.Config,
    environment: Mapping[str, str],
    deadlines: Deadlines,
    previous: Snapshot | None,
    learnt: Learnt | None = None,
) -> Snapshot:
    """The snapshot of `config`. Raises `SetupError`. Call on the event loop's thread. `learnt`: of `config`, where it
    has been loaded before, since loading blocks.
    """
    sources = _sources(config, environment)
    deployments = _deployments(config, sources, environment, deadlines, previous)
    limits = config.server.limits
    return Snapshot(
        config=config,
        policies=Policies(config, {name: deployment.facts for name, deployment in deployments.items()}),
        deployments=deployments,
        guards=Guards(config.guard, previous.guards if previous is not None else None),
        log_rules=log_rules(config, previous.log_rules if previous is not None else None),
        travel=travel_heard if config.request_log else travel,
        document=HeardDocument if config.request_log else Document,
        catalogue=catalogue_of(config),
        cache=cache_rules(config, {name: _identity(source) for name, source in sources.items()}),
        in_flight=config.server.in_flight,
        depth=limits.depth,
        reply_limit=limits.reply,
        fetch=Allowed(config.fetch.hosts, config.fetch.limit, config.fetch.timeout),
        keep_alive=config.server.keep_alive,
        sources=sources,
        learnt=learnt if learnt is not None else learn(config, NOTHING),
    )


def declare(snapshot: Snapshot, health: Health, brought: Pools | None = None) -> Pools:
    """Tell `health` which providers there are from now on, with which keys, and which of `brought` there are: those
    with a provider that is there. What is known of those that stay, stays.
    """
    sources = snapshot.sources
    known = {name: pool for name, pool in (brought or {}).items() if pool.provider in sources and pool.keys}
    health.configure(health_settings(snapshot.config))
    common = {
        name: (_identity(sources[name]), [key for key in deployment.keys if key])
        for name, deployment in snapshot.deployments.items()
    }
    owned = {name: (_identity(sources[pool.provider]), [*pool.keys]) for name, pool in known.items()}
    health.declare({**common, **owned})
    return known


def _identity(provider: schema.Provider) -> str:
    """What a provider's health depends on: everything that is said of it but its keys, of which each has its own."""
    return provider.model_dump_json(exclude={"api_key", "api_keys"})


def replaced(old: Snapshot, new: Snapshot) -> list[Deployment]:
    """Deployments of `old` that `new` no longer uses: to be closed once nobody is on them."""
    kept = {id(deployment) for deployment in new.deployments.values()}
    return [deployment for deployment in old.deployments.values() if id(deployment) not in kept]


def _sources(config: schema.Config, environment: Mapping[str, str]) -> dict[str, schema.Provider]:
    """Every provider there is: written, found in the environment, and the simulated one."""
    written = dict(config.providers)
    for name in [*providers.in_environment(environment), providers.SIMULATED.type]:
        written.setdefault(name, schema.Provider(type=name))
    return written


def _deployments(
    config: schema.Config,
    sources: Mapping[str, schema.Provider],
    environment: Mapping[str, str],
    deadlines: Deadlines,
    previous: Snapshot | None,
) -> dict[str, Deployment]:
    """One for each provider, those of `previous` again that have not changed. Raises `SetupError` with what each of
    them lacks, and where it stands in the file.
    """
    deployments: dict[str, Deployment] = {}
    lacking: list[str] = []
    for name, source in sources.items():
        if previous is not None and previous.sources.get(name) == source:
            deployments[name] = previous.deployments[name]
            continue
        try:
            deployments[name] = _deploy(name, source, environment, deadlines)
        except SetupError as error:
            lacking.append(f"{config.told_place(('providers', name))}{error}")
    if lacking:
        raise SetupError("\n".join(lacking))
    return deployments


def _deploy(name: str, provider: schema.Provider, environment: Mapping[str, str], deadlines: Deadlines) -> Deployment:
    facts = _as_configured(name, provider, environment)
    if facts.inside:
        return _simulated(name, provider, facts)
    tls = cache(lambda: _tls(name, provider))
    pools: dict[Origin, Pool] = {}  # doors of one origin share its lines
    doors: dict[FormatName, Door] = {}
    for spoken in _formats(facts):
        page = facts.speaking(spoken)
        assert page is not None  # it is one of its formats
        origin, prefix, host = _origin(name, provider, page, environment, tls)
        pool = pools.setdefault(origin, Pool(origin, deadlines))
        headers = {key: value.get_secret_value() for key, value in provider.headers.items()}
        doors[spoken] = Door(page, pool, host=host, prefix=prefix, headers=headers)
    keys = keys_of(name, provider, facts, environment, deadlines, tls)
    return Deployment(name, facts, doors, keys)


def _simulated(name: str, provider: schema.Provider, facts: Provider) -> Deployment:
    settings = provider.simulated or schema.Simulated()
    upstream = Simulated(
        Settings(
            latency=settings.latency,
            tokens_per_second=settings.tokens_per_second,
            failure_rate=settings.failure_rate,
            seed=settings.seed,
        )
    )
    doors: dict[FormatName, Door] = {}
    for spoken in facts.formats:
        page = facts.speaking(spoken)
        assert page is not None
        doors[spoken] = Door(page, upstream, host="simulated", prefix="", headers={})
    return Deployment(name, facts, doors, [ProviderKey()])


def _as_configured(name: str, provider: schema.Provider, environment: Mapping[str, str]) -> Provider:
    """A type's page with what the operator says of this provider over it. Raises `SetupError`."""
    facts = providers.PROVIDERS[provider.type]
    unknown = [setting for setting in SETTINGS if getattr(provider, setting) and setting not in facts.settings]
    if unknown:
        raise SetupError(f"providers.{name}: the type {facts.type!r} has no `{unknown[0]}`.")
    said: dict[str, Any] = provider.dialect.model_dump(exclude_none=True) if provider.dialect is not None else {}
    if "refuses" in said:
        said["refuses"] = frozenset(said["refuses"])
    if provider.terminator is not None:
        said["ending"] = "done" if provider.terminator else "finish"
    moved = bool(facts.base_variable and environment.get(facts.base_variable))
    try:
        return facts.adjusted(
            format=provider.format, elsewhere=provider.base_url is not None or moved, overrides=cast("Rules", said)
        )
    except ValueError as error:
        raise SetupError(f"providers.{name}: {error}") from None


def _formats(facts: Provider) -> list[FormatName]:
    """Those in which it is spoken to."""
    return [facts.format, *(also.format for also in facts.also if not also.on_request and also.format != facts.format)]


def _origin(
    name: str,
    provider: schema.Provider,
    facts: Provider,
    environment: Mapping[str, str],
    tls: Callable[[], ssl.SSLContext],
) -> tuple[Origin, str, str]:
    """Where the provider is, the path its endpoints are below, and the value of `Host`."""
    settings: dict[str, str] = {setting: value for setting in SETTINGS if (value := getattr(provider, setting))}
    try:
        url = provider.base_url or facts.url(settings, environment)
    except Unfilled as error:
        raise SetupError(f"providers.{name}: {error}") from None
    if not url:
        raise SetupError(f"providers.{name}: a provider of type {facts.type!r} needs a base_url.")
    try:
        parts = urlsplit(web_url(url))
    except ValueError as error:  # that of the configuration was looked at before: it is the environment's
        raise SetupError(f"providers.{name}: {facts.base_variable}: {error}.") from None
    secure = parts.scheme == "https"
    proxy = urlsplit(provider.proxy.get_secret_value()) if provider.proxy is not None else None
    origin = Origin(
        host=parts.hostname or "",
        port=parts.port or (443 if secure else 80),
        tls=tls() if secure else None,
        allow_private=_may_be_private(provider, facts) or _literal(parts.hostname or ""),
        proxy=(proxy.hostname or "", proxy.port or 80) if proxy is not None else None,
        proxy_login=unquote(proxy.netloc.rpartition("@")[0]) if proxy is not None else "",
        max_idle=provider.max_idle,
    )
    return origin, parts.path.rstrip("/"), parts.netloc.rpartition("@")[2]


def _may_be_private(provider: schema.Provider, facts: Provider) -> bool:
    return facts.local if provider.allow_private is None else provider.allow_private


def _literal(host: str) -> bool:
    """An address written out, or `localhost`: whoever wrote it means it, and no name server can change it."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost"
    return True


def _tls(name: str, provider: schema.Provider) -> ssl.SSLContext:
    pair = Pair(provider.client_cert, provider.client_key) if provider.client_cert and provider.client_key else None
    try:
        return trusting(provider.ca, pair)
    except Unusable as error:
        raise SetupError(f"providers.{name}: {error}.") from None
