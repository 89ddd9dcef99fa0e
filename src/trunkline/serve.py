"""One process of Trunkline: what it is made of, how it starts, changes its configuration, and goes away."""

import asyncio
import contextlib
import gc
import os
import resource
import signal
import ssl
import time
from collections.abc import Mapping
from pathlib import Path
from time import monotonic

import msgspec

from trunkline import __version__, providers
from trunkline.config import schema
from trunkline.config.load import load
from trunkline.config.problems import ConfigError
from trunkline.data import DataDirectory, default_root
from trunkline.gateway.app import Gateway, Report
from trunkline.gateway.identity import POLL, Caller, Digest, Keys
from trunkline.gateway.snapshot import SetupError, Snapshot, build, replaced
from trunkline.ledger.ledger import Ledger, recover
from trunkline.store import open_store
from trunkline.store.base import Store
from trunkline.store.errors import StoreError
from trunkline.telemetry.log import RequestLog
from trunkline.telemetry.metrics import Metrics
from trunkline.telemetry.process import watch as watch_process
from trunkline.transport.connection import Limits
from trunkline.transport.deadlines import Deadlines
from trunkline.transport.pool import Pool
from trunkline.transport.server import Server

FIXED = ("listen", "control", "workers", "data", "tls")
"""Settings of `server` that a running process keeps."""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line says, over what the file says."""

    config: Path | None = None
    data: Path | None = None
    listen: tuple[str, int] | None = None
    insecure: bool = False
    """Serve other machines without keys."""


def read_config(options: Options, environment: Mapping[str, str]) -> schema.Config:
    """The configuration as the command line's options and the environment make it. Raises `ConfigError`."""
    return load(
        options.config,
        env=environment,
        provider_types=providers.PROVIDERS.keys(),
        environment_providers=providers.in_environment(environment).keys(),
    )


def data_directory(options: Options, config: schema.Config, environment: Mapping[str, str]) -> DataDirectory:
    """Where this Trunkline keeps what it keeps. Raises `DataError`."""
    return DataDirectory(options.data or config.server.data or default_root(environment))


def open_configured_store(config: schema.Config, data: DataDirectory) -> Store:
    """The store of the configuration, by default a file in the data directory. Raises `StoreError`."""
    return open_store(f"sqlite://{(config.store.path if config.store is not None else data.store).resolve()}")


def key_secret(config: schema.Config, data: DataDirectory) -> tuple[bytes, bool]:
    """The secret of the HMAC of keys, and whether it was made just now. Raises `DataError`."""
    if config.key_secret is not None:
        return config.key_secret.get_secret_value().encode(), False
    return data.secret()


def configured_keys(config: schema.Config, digest: Digest) -> list[tuple[bytes, Caller]]:
    """The keys that stand in the file, by digest."""
    found = []
    for key in config.keys:
        if key.key is not None:
            known = digest(key.key.get_secret_value().encode())
        else:
            known = bytes.fromhex((key.hash or "").rpartition(":")[2])
        expires = int(key.expires.timestamp()) if key.expires is not None else None
        found.append(
            (known, Caller(key=key.name, models=tuple(key.models or ()), tags=dict(key.tags), expires=expires))
        )
    return found


class Process:
    """The parts of a running data plane, and their order of life."""

    def __init__(self, options: Options, environment: Mapping[str, str], report: Report) -> None:
        self.options = options
        self.environment = environment
        self.report = report
        self.started = time.time()
        self.metrics = Metrics()
        self.gateway: Gateway
        self.server: Server
        self.address: tuple[str, int] = ("", 0)
        self.secret_made = False
        self.recovered = 0
        self._store: Store
        self._digest: Digest
        self._config_loaded = 0.0
        self._deadlines = Deadlines()
        self._tasks: list[asyncio.Task[None]] = []
        self._tls: ssl.SSLContext | None = None
        self._tls_changed = 0.0

    # start

    async def start(self, config: schema.Config, *, number: int = 0, shared: bool = False) -> None:
        """Everything up to listening. `shared`: other processes listen on the same port."""
        loop = asyncio.get_running_loop()
        data = data_directory(self.options, config, self.environment)
        secret, self.secret_made = key_secret(config, data)
        self._digest = Digest(secret)
        self._store = open_configured_store(config, data)
        self.recovered = recover(self._store, data.journal)
        self._deadlines.start(loop)
        snapshot = build(config, self.environment, self._deadlines, None)
        self._config_loaded = time.time()
        keys = Keys(self._store, self._digest)
        keys.configure(configured_keys(config, self._digest))
        keys.load()
        ledger = Ledger(self._store, data.journal, os.getpid(), self._ledger_trouble)
        log = RequestLog(config.telemetry.log.format) if config.telemetry.log.requests else None
        self.gateway = Gateway(snapshot, keys, ledger, self._deadlines, self.metrics, log, self.report)
        self.server = self.gateway.server = Server(self.gateway, server_limits(config.server), self._deadlines)
        self._tls = self._load_tls(config.server)
        host, port = self.options.listen or (config.server.listen.host, config.server.listen.port)
        _refuse_to_expose(host, keys, insecure=self.options.insecure)
        self.address = await self.server.listen(host, port, tls=self._tls, shared=shared)
        self._gauges()
        self._tasks = [loop.create_task(self._follow_keys()), loop.create_task(self._warm(snapshot))]
        gc.collect()
        gc.freeze()  # what exists now lives as long as the process: later collections need not look at it
        gc.set_threshold(50_000, 20, 50)

    def _ledger_trouble(self, name: str, text: str) -> None:
        self.gateway.loop.call_soon_threadsafe(self.metrics.event, "ledger_failures", "store")
        self.report(name, problem=text)

    async def _warm(self, snapshot: Snapshot) -> None:
        """Look up what the configured models cost before they are first asked for."""
        now = monotonic()
        for name in snapshot.routes.names:
            route = snapshot.routes.resolve(name)
            for target in route.targets if route is not None else ():
                deployment = snapshot.deployments[target.provider]
                await asyncio.to_thread(
                    snapshot.catalogue.look_up, target.provider, deployment.facts.catalogue, target.model, now
                )

    def _gauges(self) -> None:
        gateway, server, gauge = self.gateway, self.server, self.metrics.gauge
        gauge("trunkline_requests_in_flight", lambda: float(server.in_flight))
        gauge("trunkline_connections", lambda: float(len(server.connections)))
        gauge("trunkline_refused_connections_total", lambda: float(server.turned_away))
        gauge("trunkline_ledger_lag_rows", lambda: float(gateway.ledger.lag))
        gauge("trunkline_config_loaded_timestamp_seconds", lambda: self._config_loaded)
        gauge("trunkline_upstream_connections", self._upstream_connections)
        watch_process(self.metrics, __version__)

    def _upstream_connections(self) -> dict[tuple[str, ...], float]:
        found: dict[tuple[str, ...], float] = {}
        for name, deployment in self.gateway.snapshot.deployments.items():
            if isinstance(deployment.upstream, Pool):
                idle = len(deployment.upstream.idle)
                found[name, "idle"] = float(idle)
                found[name, "busy"] = float(len(deployment.upstream.lines) - idle)
        return found

    def _load_tls(self, settings: schema.Server) -> ssl.SSLContext | None:
        tls = settings.tls
        if tls is None:
            return None
        context = self._tls or ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        try:
            context.load_cert_chain(tls.cert, tls.key)
            if tls.client_ca is not None:
                context.load_verify_locations(tls.client_ca)
                context.verify_mode = ssl.CERT_REQUIRED
        except (OSError, ssl.SSLError) as error:
            raise SetupError(f"server.tls: the certificate cannot be used: {error}") from None
        context.set_alpn_protocols(["http/1.1"])
        self._tls_changed = max(tls.cert.stat().st_mtime, tls.key.stat().st_mtime)
        return context

    # while it runs

    async def _follow_keys(self) -> None:
        """Take in changes of the keys within a second of their making, and a renewed certificate."""
        troubled = False
        while True:
            await asyncio.sleep(POLL)
            try:
                await asyncio.to_thread(self.gateway.keys.load)
                self._follow_certificate()
                troubled = False
            except (StoreError, SetupError, OSError) as error:
                if not troubled:
                    self.report("keys.not_read", problem=str(error))
                troubled = True

    def _follow_certificate(self) -> None:
        tls = self.gateway.snapshot.config.server.tls
        if tls is None or self._tls is None:
            return
        if max(tls.cert.stat().st_mtime, tls.key.stat().st_mtime) != self._tls_changed:
            self._load_tls(self.gateway.snapshot.config.server)
            self.report("tls.reloaded", certificate=str(tls.cert))

    async def reload(self) -> bool:
        """Read the configuration again and put it to work; a bad one changes nothing. Whether it was taken."""
        gateway = self.gateway
        try:
            config = await asyncio.to_thread(read_config, self.options, self.environment)
            snapshot = build(config, self.environment, self._deadlines, gateway.snapshot)
        except (ConfigError, SetupError) as error:
            self.metrics.event("reloads", "rejected")
            self.report("config.rejected", problems=str(error).splitlines())
            return False
        old, gateway.snapshot = gateway.snapshot, snapshot
        gateway.keys.configure(configured_keys(config, self._digest))
        for deployment in replaced(old, snapshot):
            await deployment.upstream.close()
        self._tasks.append(gateway.loop.create_task(self._warm(snapshot)))
        self._tasks = [task for task in self._tasks if not task.done()]
        self.metrics.event("reloads", "ok")
        self._config_loaded = time.time()
        fixed = [f"server.{name}" for name in FIXED if getattr(config.server, name) != getattr(old.config.server, name)]
        self.report("config.reloaded", models=len(config.models), needs_restart=fixed)
        return True

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
        for deployment in self.gateway.snapshot.deployments.values():
            await deployment.upstream.close()
        await self.gateway.ledger.close()
        self._deadlines.stop()
        if self.gateway.log is not None:
            self.gateway.log.close()
        self._store.close()


def server_limits(settings: schema.Server) -> Limits:
    """The transport's limits; connections are bounded by what the process may open."""
    files, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files < most:
        with contextlib.suppress(ValueError, OSError):  # a container may forbid it: then the lower limit holds
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
            files = most
    return Limits(
        head=settings.limits.headers,
        body=settings.limits.body,
        head_time=settings.timeouts.headers,
        body_time=settings.timeouts.body,
        idle_time=settings.timeouts.idle,
        write_stall=settings.timeouts.write_stall,
        connections=max(64, (files - 128) // 2),
    )


def _refuse_to_expose(host: str, keys: Keys, *, insecure: bool) -> None:
    if keys.open and not insecure and host not in ("127.0.0.1", "::1", "localhost"):
        raise SetupError(
            f"Trunkline has no keys, and {host} can be reached from other machines. Create one with "
            "`trunkline keys create`, write one under `keys`, listen on 127.0.0.1, or pass --insecure."
        )


def install_signals(stop: asyncio.Queue[signal.Signals]) -> None:
    """Signals as values, in the order they come."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, stop.put_nowait, number)
