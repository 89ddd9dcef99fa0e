"""`trunkline serve`: the process that answers requests, or the supervisor of those that do."""

import asyncio
import contextlib
import os
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import get_args

import click
import msgspec
import uvloop

from trunkline import __version__
from trunkline.cli import options
from trunkline.cli.administering import Administering
from trunkline.cli.controlling import Secured
from trunkline.cli.failure import Failure, Wrong, told
from trunkline.cli.ready import Facts, announcement, url
from trunkline.config import schema
from trunkline.config.places import Address
from trunkline.control.listener import ControlError, bind
from trunkline.control.serve import serve as serve_control
from trunkline.lifetime import Orders, Service, Signals, follow_file, obey
from trunkline.listening import CannotListen
from trunkline.running import Running, Status
from trunkline.serve import Process
from trunkline.setup import Options, data_directory, read_config
from trunkline.telemetry.lines import Format, Level
from trunkline.telemetry.log import Log, configure
from trunkline.workers.supervisor import CannotStart, Supervisor


@click.command("serve")
@options.config_option
@options.data_option
@click.option("--listen", type=options.HostPort(), help="Where applications call.  [default: `server.listen`]")
@click.option("--control", type=options.HostPort(), help="Metrics and administration.  [default: `server.control`]")
@click.option("--insecure", is_flag=True, help="Serve other machines although there are no keys.")
@click.option(
    "--log-format",
    type=click.Choice(get_args(Format)),
    help="How the log is written.  [default: `telemetry.log.format`, else console on a terminal]",
)
@click.option(
    "--log-level",
    type=click.Choice(get_args(Level)),
    help="The least severity that is logged.  [default: `telemetry.log.level`]",
)
@click.option("--quiet", is_flag=True, help="Say nothing on standard output.")
def command(
    config: Path | None,
    data: Path | None,
    listen: Address | None,
    control: Address | None,
    insecure: bool,
    log_format: Format | None,
    log_level: Level | None,
    quiet: bool,
) -> None:
    """Answer requests: start Trunkline.

    Works with no configuration at all. The log goes to standard error; when everything listens, standard output gets
    one line that says so, and examples to paste.

    SIGHUP, or a changed file, reloads the configuration; a bad one changes nothing. SIGTERM stops in order: readiness
    turns red, after `server.grace` no more is accepted, requests under way may finish within `server.shutdown`. SIGINT
    is the same without the grace. A second signal ends at once. The ledger loses nothing either way.
    """
    given = Options(
        config=config,
        data=data,
        listen=listen,
        control=control,
        insecure=insecure,
        log_format=log_format,
        log_level=log_level,
    )
    environment = options.environment()
    with told():
        configuration = read_config(given, environment)
        if log_format is None and "format" not in configuration.telemetry.log.model_fields_set and sys.stderr.isatty():
            given = msgspec.structs.replace(given, log_format="console")
            configuration = read_config(given, environment)
        entry = Running(data_directory(given, configuration, environment).run)
        try:
            _serve(Serving(given, environment, configuration, entry), quiet=quiet)
        finally:
            entry.close()


class Serving:
    """What one run of the command works with."""

    def __init__(
        self, given: Options, environment: Mapping[str, str], configuration: schema.Config, entry: Running
    ) -> None:
        self.given = given
        self.environment = environment
        self.configuration = configuration
        self.entry = entry
        self.status = Status(pid=os.getpid(), config=_absolute(given.config), url="")
        self.data = data_directory(given, configuration, environment)
        self.made: frozenset[str] = frozenset()
        """Secrets that were made for this process itself."""

    def facts(self, service: Service, control: socket.socket) -> Facts:
        """What there is to say once everything listens."""
        return Facts(
            config=self.configuration,
            address=service.address,
            control=Address(*control.getsockname()[:2]),
            open=service.open,
            insecure=self.given.insecure,
            secrets_made=service.secrets_made | self.made,
            recovered=service.recovered,
        )

    def listens(self, address: Address) -> None:
        """Note where applications reach us."""
        self._tell(msgspec.structs.replace(self.status, url=url(self.configuration, address)))

    def reloaded(self, taken: bool) -> None:
        """Note how a reload went, for `trunkline reload`."""
        self._tell(msgspec.structs.replace(self.status, reloads=self.status.reloads + 1, taken=taken))

    def _tell(self, status: Status) -> None:
        self.status = status
        with contextlib.suppress(OSError):  # a full disk must not end what answers requests
            self.entry.tell(status)


def _serve(serving: Serving, *, quiet: bool) -> None:
    """Run until we are told to end. Raises `Failure` where it cannot begin."""
    settings = serving.configuration.telemetry.log
    try:
        listener = bind(serving.configuration.server.control.host, serving.configuration.server.control.port)
        log = configure(settings.format, settings.level, sys.stderr)
        try:
            uvloop.run(_run(serving, listener, log, quiet=quiet))
        finally:
            log.close()
    except CannotStart as error:
        raise (Wrong if error.wrong else Failure)(str(error)) from None
    except (CannotListen, ControlError) as error:
        raise Failure(str(error)) from None


async def _run(serving: Serving, listener: socket.socket, log: Log, *, quiet: bool) -> None:
    orders: Orders = asyncio.Queue()
    Signals(orders)
    with contextlib.closing(listener):
        secured = Secured(serving.configuration.server, log.report)
        service = await _start(serving, log)
        serving.listens(service.address)
        administering = Administering(lambda: service.config, serving.data, serving.environment)
        serving.made = frozenset({"control_token"} if administering.token_made else ())
        if not quiet:
            with contextlib.suppress(OSError):  # nobody reads it
                click.echo(announcement(serving.facts(service, listener), serving.environment))

        async def collect() -> list[bytes]:
            return [*await service.snapshots(), *secured.snapshots()]

        def reloaded(taken: bool) -> None:
            serving.reloaded(taken and secured.take(service.settings))

        control = await serve_control(
            listener,
            collect=collect,
            unready=service.unready,
            version=__version__,
            administration=administering,
            tls=secured.context,
        )
        async with _following(serving.configuration, orders, log), secured.followed():
            await obey(service, orders, log.report, reloaded)
        await control.shutdown()
        administering.close()


async def _start(serving: Serving, log: Log) -> Service:
    """The data plane, up to listening."""
    config = serving.configuration
    if config.server.workers > 1:
        supervisor = Supervisor(serving.given, serving.environment, config, log.report)
        await supervisor.start()
        return supervisor
    process = Process(serving.given, serving.environment, log)
    await process.start(config)
    return process


@contextlib.asynccontextmanager
async def _following(config: schema.Config, orders: Orders, log: Log) -> AsyncIterator[None]:
    """Within the block, changes of the configuration's file, if there is one, order a reload."""
    if config.source is None:
        yield
        return
    following = asyncio.create_task(follow_file(config.source, config.digest, orders, log.report))
    try:
        yield
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


def _absolute(path: Path | None) -> str | None:
    return str(path.absolute()) if path is not None else None
