"""One process of Trunkline: what it is made of, how it starts, changes its configuration, and goes away."""

import asyncio
import gc
import os
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from trunkline import __version__
from trunkline.cache.memory import Memory
from trunkline.certificates.follower import Contexts, Follower
from trunkline.config import schema
from trunkline.config.places import Address
from trunkline.config.problems import ConfigError, written
from trunkline.gateway.alerting import Alerting
from trunkline.gateway.answers import Answers
from trunkline.gateway.app import Gateway, Report
from trunkline.gateway.applying import Charges, rules_of
from trunkline.gateway.brought import Opened, Pools
from trunkline.gateway.caching import Caching
from trunkline.gateway.identity import Digest, Keys
from trunkline.gateway.learnt import learn
from trunkline.gateway.lending import Lending
from trunkline.gateway.limiting import Limiting
from trunkline.gateway.logins import SetupError
from trunkline.gateway.remembered import ELSEWHERE, Remembered
from trunkline.gateway.semantic_keeping import Keeping
from trunkline.gateway.semantics import Semantics
from trunkline.gateway.snapshot import Snapshot, build, declare, replaced
from trunkline.gateway.transcripts import Transcripts
from trunkline.ledger.catalogue import load_catalogue
from trunkline.ledger.holding import Mark
from trunkline.ledger.ledger import Ledger, recover
from trunkline.listening import CannotListen, refuse_to_expose, server_limits
from trunkline.routing.health import Health
from trunkline.routing.targets import Target
from trunkline.setup import (
    Options,
    data_directory,
    follow_master_key,
    key_secret,
    open_configured_store,
    open_vault,
    read_config,
    secrets_of,
)
from trunkline.store.base import Store
from trunkline.store.errors import StoreError
from trunkline.telemetry.log import Log
from trunkline.telemetry.metrics import Metrics
from trunkline.telemetry.process import watch as watch_process
from trunkline.telemetry.request_log import RequestLog
from trunkline.transport.deadlines import Deadlines
from trunkline.transport.pool import Pool
from trunkline.transport.server import Server
from trunkline.transport.tls import Renewable
from trunkline.upkeep import Upkeep
from trunkline.vault.vault import Vault

if TYPE_CHECKING:
    from trunkline.store.shared_cache import SharedCache

FIXED = ("listen", "control", "workers", "data")
"""Settings of `server` that a running process keeps."""


class Process:
    """The parts of a running data plane, and their order of life."""

    def __init__(self, options: Options, environment: Mapping[str, str], log: Log) -> None:
        self.options = options
        self.environment = environment
        self.log = log
        self.report: Report = log.report
        self.started = time.time()
        self.metrics = Metrics()
        self.gateway: Gateway
        self.server: Server
        self.address = Address("", 0)
        """Where it listens."""
        self.secrets_made: frozenset[str] = frozenset()
        self.recovered = 0
        self.remembered: Remembered
        self._store: Store
        self._vault: Vault
        self._opened: Opened
        self._declared: Pools | None = None
        self._lending: Lending
        self._alerting: Alerting
        self._config_loaded = 0.0
        self._deadlines = Deadlines()
        self._tasks: list[asyncio.Task[None]] = []
        self._certificates = Follower(self.report)
        self._tls: Renewable | None = None

    # start

    async def start(self, config: schema.Config, *, shared: bool = False) -> None:
        """Everything up to listening. `shared`: other processes listen on the same port.

        Raises `SetupError`, `CannotListen`, `DataError`, `StoreError`, and `OSError` where the journal cannot be made.
        """
        loop = asyncio.get_running_loop()
        data = data_directory(self.options, config, self.environment)
        self.log.hide(secrets_of(config, self.environment))
        secret, secret_made = key_secret(config, data)
        self._store = open_configured_store(config, data)
        self._vault, master_made = open_vault(config, data, self._store)
        made = {"key_secret": secret_made, "master_key": master_made}
        self.secrets_made = frozenset(name for name, is_new in made.items() if is_new)
        self.recovered = recover(self._store, data.journal, Charges(rules_of(config)), self._told_of_ledger)
        self._deadlines.start(loop)
        snapshot = build(config, self.environment, self._deadlines, None)
        self._config_loaded = time.time()
        self._opened = Opened(self._vault.open, self.report)
        digest = Digest(secret)
        keys = Keys(self._store, digest, config, self._opened)
        keys.load()
        keys.local_only = not self.options.insecure
        self._tls = self._certificates.listen("tls", config.server.tls)
        refuse_to_expose(config.server.listen, locked=not keys.open or self.options.insecure)
        self._remember(config, Digest(secret))
        ledger = Ledger(self._store, data.journal, os.getpid(), self._ledger_trouble)
        log = RequestLog(self.log) if config.telemetry.log.requests else None
        health = Health()
        limiting = await self._limit(config, data.journal, ledger)
        self.gateway = Gateway(
            *(snapshot, keys, ledger, self.remembered, health),
            *(limiting, self._deadlines, self.metrics, log, self.report),
        )
        self.take_up()
        keys.changed = self.take_up
        self.gateway.caching = self._caching(config, data.semantic, digest)
        parts = (self._store, self._vault, self.metrics, self.report)
        self.gateway.transcripts = Transcripts(*parts, Digest(secret))
        upkeep = Upkeep(self.gateway, self._store, self._vault, self.report, self.take_up)
        self.server = self.gateway.server = Server(self.gateway, server_limits(config.server), self._deadlines)
        await self._listen(config.server.listen, shared=shared)
        self._gauges()
        following = self._certificates.run(self._contexts)
        answering = self.gateway.caching.semantics.run(lambda: self.gateway.snapshot)
        kept_up = (upkeep.follow_keys(), upkeep.sweep(), following, answering)
        running = (*kept_up, self._warm(snapshot), self._alerting.run())
        self._tasks = [loop.create_task(task) for task in running]
        gc.collect()
        gc.freeze()  # what exists now lives as long as the process: later collections need not look at it
        gc.set_threshold(50_000, 20, 50)

    async def _listen(self, listen: Address, *, shared: bool) -> None:
        try:
            host, port = await self.server.listen(listen.host, listen.port, tls=self._tls, shared=shared)
        except OSError as error:
            await self.close()
            raise CannotListen(listen, error) from None
        self.address = Address(host, port)

    def _remember(self, config: schema.Config, digest: Digest) -> None:
        patience = ELSEWHERE if config.server.workers > 1 else 0.0
        self.remembered = Remembered(self._store, self._vault, self.metrics, self.report, digest, patience=patience)
        self.remembered.on = config.responses.store

    async def _limit(self, config: schema.Config, journal: Path, ledger: Ledger) -> Limiting:
        shared = config.shared.get_secret_value() if config.shared is not None else None
        mark = Mark(journal, os.getpid())
        self._lending = Lending(self._store, shared, config.when_shared_away, mark, ledger, self._limits_trouble)
        self._alerting = Alerting(self._store, self.metrics.event, self.report)
        await self._alerting.configure(config.alerts, self._deadlines, budgets=bool(config.budgets))
        limiting = Limiting(self._lending, self.metrics.event)
        limiting.configure(config)
        return limiting

    def _limits_trouble(self, which: str, text: str) -> None:
        self.report("limits.not_reached", which=which, problem=text)

    def _caching(self, config: schema.Config, learnt: Path, digest: Digest) -> Caching:
        shared = _shared_cache(config.shared.get_secret_value()) if config.shared is not None else None
        answers = Answers(Memory(config.cache.size), self._vault, self.metrics, shared)
        keeping = Keeping(self._store, self._vault, self.metrics, digest, config.cache.size)
        return Caching(answers, Semantics(config.cache.size, learnt, keeping))

    def _ledger_trouble(self, name: str, text: str) -> None:
        self.gateway.loop.call_soon_threadsafe(self.metrics.event, "ledger_failures", "store")
        self._told_of_ledger(name, text)

    def _told_of_ledger(self, name: str, text: str) -> None:
        self.report(name, problem=text)

    async def _warm(self, snapshot: Snapshot) -> None:
        """Get ready for the configured models before they are first asked for: their names and their prices."""
        policies, learnt, now = snapshot.policies, snapshot.learnt, monotonic()
        if learnt.difficulty is not None and learnt.embedding is not None and learnt.difficulty.embedding is None:
            self.report("complexity.without_embedder", problem="its model was fitted with another one, or with none")
        targets = policies.targets()
        self.metrics.know([*policies.names, *map(str, targets)])
        if any(deployment.facts.catalogue for deployment in snapshot.deployments.values()):
            await asyncio.to_thread(load_catalogue)

        def price(target: Target) -> None:
            facts = snapshot.deployments[target.provider].facts
            snapshot.catalogue.look_up(target.provider, facts.catalogue, target.model, now, datetime.now(UTC))

        for target in targets:
            await asyncio.to_thread(policies.learn, [target], price)

    def _gauges(self) -> None:
        gateway, server, gauge = self.gateway, self.server, self.metrics.gauge
        gauge("trunkline_requests_in_flight", lambda: float(server.in_flight))
        gauge("trunkline_connections", lambda: float(len(server.connections)))
        gauge("trunkline_refused_connections_total", lambda: float(server.turned_away))
        gauge("trunkline_log_dropped_lines_total", lambda: float(self.log.sink.dropped))
        gauge("trunkline_guard_decisions_total", lambda: gateway.guard_decisions)
        gauge("trunkline_ledger_lag_rows", lambda: float(gateway.ledger.lag))
        gauge("trunkline_lease_round_trips_total", lambda: float(self._lending.round_trips))
        gauge("trunkline_config_loaded_timestamp_seconds", lambda: self._config_loaded)
        gauge("trunkline_upstream_connections", self._upstream_connections)
        for name, read in self._certificates.readings().items():
            gauge(name, read)
        watch_process(self.metrics, __version__)

    def _upstream_connections(self) -> dict[tuple[str, ...], float]:
        found: dict[tuple[str, ...], float] = {}
        for name, deployment in self.gateway.snapshot.deployments.items():
            pools = [upstream for upstream in deployment.upstreams if isinstance(upstream, Pool)]
            idle = sum(len(pool.idle) for pool in pools)
            if pools:
                found[name, "idle"] = float(idle)
                found[name, "busy"] = float(sum(len(pool.lines) for pool in pools) - idle)
        return found

    # while it runs

    def take_up(self) -> None:
        """Have tenants' keys with providers be used as they are now known, if that has changed."""
        gateway = self.gateway
        if gateway.keys.pools is not self._declared:
            self._declared = gateway.keys.pools
            self.log.hide([*secrets_of(gateway.snapshot.config, self.environment), *self._opened.secrets])
            gateway.brought = declare(gateway.snapshot, gateway.health, self._declared)

    def _contexts(self) -> Contexts:
        """The TLS contexts in use whose files may change."""
        found = {"server.tls": self._tls} if self._tls is not None else {}
        for name, deployment in self.gateway.snapshot.deployments.items():
            for upstream in deployment.upstreams:
                if isinstance(upstream, Pool) and isinstance(upstream.origin.tls, Renewable):
                    found[written(("providers", name))] = upstream.origin.tls  # one for all that lead to a provider
        return found

    @property
    def config(self) -> schema.Config:
        """The configuration, as it is now."""
        return self.gateway.snapshot.config

    @property
    def settings(self) -> schema.Server:
        """The settings of the server, as they are now."""
        return self.gateway.snapshot.config.server

    @property
    def open(self) -> bool:
        """Whether requests are answered without keys."""
        return self.gateway.keys.open

    def unready(self) -> list[str]:
        """Why no new requests should come here; empty when they may."""
        return self.gateway.unready()

    async def snapshots(self) -> list[bytes]:
        """The metrics, as the control plane wants them of every process."""
        return [self.metrics.snapshot()]

    async def reload(self) -> bool:
        """Read the configuration again and put it to work; a bad one changes nothing. Whether it was taken."""
        gateway = self.gateway
        old = gateway.snapshot
        try:
            config = await asyncio.to_thread(read_config, self.options, self.environment)
            learnt = await asyncio.to_thread(learn, config, old.learnt)
            await asyncio.to_thread(self._follow_master_key, config)
            snapshot = build(config, self.environment, self._deadlines, old, learnt)
            locked = bool(config.keys) or gateway.keys.made or self.options.insecure
            refuse_to_expose(self.address, locked=locked)
            self._certificates.listen("control_tls", config.server.control_tls)  # its own process takes it, if it can
            self._certificates.take("tls", self._tls, config.server.tls)
            await asyncio.to_thread(self._certificates.look, self._contexts())
        except (ConfigError, SetupError, StoreError) as error:
            self.metrics.event("reloads", "rejected")
            self.report("config.rejected", problems=str(error).splitlines())
            return False
        gateway.snapshot = snapshot
        self.remembered.on = config.responses.store
        gateway.brought = declare(snapshot, gateway.health, self._declared)
        await asyncio.to_thread(gateway.keys.configure, config)
        self.take_up()
        gateway.limiting.configure(config)
        await self._alerting.configure(config.alerts, self._deadlines, budgets=bool(config.budgets))
        gateway.caching.answers.memory.most = config.cache.size
        gateway.caching.semantics.keeping.most = config.cache.size
        for deployment in replaced(old, snapshot):
            await deployment.close()
        self._tasks.append(gateway.loop.create_task(self._warm(snapshot)))
        self._tasks = [task for task in self._tasks if not task.done()]
        self.metrics.event("reloads", "ok")
        self._config_loaded = time.time()
        fixed = _needs_restart(old.config.server, config.server)
        self.report("config.reloaded", models=len(config.models), needs_restart=fixed)
        return True

    def _follow_master_key(self, config: schema.Config) -> None:
        """In a worker thread. Raises `SetupError`, `StoreError`."""
        follow_master_key(self.options, config, self.environment, self._store, self._vault)

    # end

    async def drain(self, grace: float, patience: float) -> None:
        """Go away in order: readiness red, then no new connections, then the last answers, then the ledger."""
        self.gateway.ready = False
        self.report("stopping", in_flight=self.server.in_flight, grace=grace)
        await asyncio.sleep(grace)
        self.server.stop_accepting()
        if not await self.server.drained(patience):
            self.report("stopping.cut", in_flight=self.server.in_flight)

    async def close(self) -> None:
        """End at once, without losing a row of the ledger."""
        self.gateway.ready = False
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.server.close()
        self.gateway.shadows.close()
        for losers in list(self.gateway.losers):
            losers.cut()
        await self.gateway.caching.close()
        for deployment in self.gateway.snapshot.deployments.values():
            await deployment.close()
        if self.gateway.snapshot.learnt.embedding is not None:
            await asyncio.to_thread(self.gateway.snapshot.learnt.embedding.close)
        await self.gateway.questions.close()
        await self.gateway.transcripts.close()
        await self.remembered.close()
        await self._alerting.close()
        await self._lending.close()
        await self.gateway.ledger.close()
        if self.gateway.log is not None:
            self.gateway.log.close()
        self._deadlines.stop()
        self._store.close()


def _shared_cache(url: str) -> "SharedCache":
    from trunkline.store.shared_cache import SharedCache  # with its library, which only those who have one wait for

    return SharedCache(url)


def _needs_restart(old: schema.Server, new: schema.Server) -> list[str]:
    """Settings that have changed and that a running process keeps. Of TLS it keeps only whether there is any."""
    fixed = [name for name in FIXED if getattr(new, name) != getattr(old, name)]
    fixed += [name for name in ("tls", "control_tls") if (getattr(new, name) is None) != (getattr(old, name) is None)]
    return [f"server.{name}" for name in fixed]
