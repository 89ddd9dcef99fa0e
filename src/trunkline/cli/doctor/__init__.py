"""`trunkline doctor`: looks at everything Trunkline depends on."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import click
import msgspec

from trunkline.cli import options
from trunkline.cli.doctor import machine, upstreams
from trunkline.cli.doctor.findings import Finding, Level, fail, ok
from trunkline.config import schema
from trunkline.config.problems import ConfigError
from trunkline.gateway.logins import SetupError
from trunkline.gateway.snapshot import build
from trunkline.setup import Options, data_root, read_config
from trunkline.transport.deadlines import Deadlines

COLOURS: dict[Level, str] = {"ok": "green", "warn": "yellow", "fail": "red"}


@click.command("doctor")
@click.option("--offline", is_flag=True, help="Connect to no provider.")
@options.json_option
@options.config_option
@options.data_option
def command(offline: bool, as_json: bool, config: Path | None, data: Path | None) -> None:
    """Examine everything Trunkline depends on, and say what to do.

    The configuration, our own certificates, the data directory and its modes, the open-file limit, the disk, the store,
    the clock; and of every provider its name, port, certificate and whether it takes each key, which is seen by asking
    for its list of models. Nothing is changed, and no request costs anything. The exit code is 1 if anything failed.
    """
    given = Options(config=config, data=data)
    environment = options.environment()
    findings = []
    for finding in _findings(given, environment, offline=offline):
        findings.append(finding)
        if not as_json:
            _tell(finding)
    if as_json:
        click.echo(msgspec.json.encode(findings))
    if any(finding.level == "fail" for finding in findings):
        raise click.exceptions.Exit(1)


def _findings(given: Options, environment: Mapping[str, str], *, offline: bool) -> Iterator[Finding]:
    yield machine.open_files()
    yield machine.clock()
    try:
        config = read_config(given, environment)
    except ConfigError as error:
        for problem in error.problems:
            yield fail("configuration", str(problem), "")
        return
    yield ok("configuration", f"{given.config} is valid" if given.config else "none: the defaults hold")
    yield from machine.certificates(config)
    yield from machine.data_directory(data_root(given, config, environment), config)
    try:
        yield from asyncio.run(_providers(config, environment, offline=offline))
    except SetupError as error:
        yield fail("configuration", str(error), "")


async def _providers(config: schema.Config, environment: Mapping[str, str], *, offline: bool) -> Sequence[Finding]:
    """What is found about every provider; they are examined at the same time."""
    deadlines = Deadlines()
    snapshot = build(config, environment, deadlines, None)
    deployments = snapshot.deployments
    if offline:
        return [ok("providers", f"not tried: {', '.join(deployments)}")]
    stop = deadlines.start(asyncio.get_running_loop())
    try:
        found = await asyncio.gather(
            *(
                upstreams.examine(each, config.deadline.overridden_by(snapshot.sources[name].deadline).connect)
                for name, each in deployments.items()
            )
        )
    finally:
        for deployment in deployments.values():
            await deployment.close()
        stop()
    return [finding for each in found for finding in each]


def _tell(finding: Finding) -> None:
    mark = click.style(f"{finding.level.upper():4}", fg=COLOURS[finding.level], bold=finding.level != "ok")
    click.echo(f"{mark}  {finding.subject}: {finding.text}")
    if finding.remedy:
        click.echo(f"      {finding.remedy}")
