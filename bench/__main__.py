"""`python -m bench`: measure the gateways side by side. See README.md in this folder."""

from __future__ import annotations

import dataclasses
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

import click
from rich.console import Console

from bench import machine, wrk
from bench.backends import open_backends
from bench.errors import BenchError, Unavailable
from bench.families import Family, chosen
from bench.output import save, show
from bench.peers import Peer
from bench.peers.registry import QUICK, all_peers
from bench.quiet import Patience
from bench.results import Results
from bench.run import run_rounds
from bench.session import Bench, Timing
from bench.venue import HERE, WORK, Venue, open_venue

WIDTH_WITHOUT_TERMINAL = 150


@click.command()
@click.option("--quick", is_flag=True, help="Only nginx and Trunkline, one short round: three minutes.")
@click.option("--only", help="Only these peers, separated by commas.")
@click.option("--translated", is_flag=True, help="Only what is translated: an OpenAI client, Anthropic and Gemini.")
@click.option("--rounds", type=click.IntRange(1, 20), help="How often everything is measured (default 3, quick 1).")
@click.option("--soak", type=click.IntRange(min=0), default=0, help="Also send so many requests and watch the memory.")
@click.option("--patience", type=click.FloatRange(0), default=0, help="Seconds to wait in all for a quiet machine.")
@click.option("--peers", "list_peers", is_flag=True, help="Install the peers, list them, and measure nothing.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the results (default bench/results; bench/.work/results for a part of it).",
)
def main(
    *,
    quick: bool,
    only: str | None,
    translated: bool,
    rounds: int | None,
    soak: int,
    patience: float,
    list_peers: bool,
    out: Path | None,
) -> None:
    """Measure Trunkline beside nginx and other gateways: one at a time on one core, load and upstream on another."""
    console = Console(width=None if sys.stdout.isatty() else WIDTH_WITHOUT_TERMINAL)
    signal.signal(signal.SIGTERM, _interrupt)
    results = Results()
    peers = _prepare(_chosen(only, quick=quick), results, console)
    if list_peers:
        return
    if not peers:
        raise click.ClickException("there is nothing to measure")
    timing = Timing.quick() if quick else Timing()
    timing = dataclasses.replace(timing, rounds=rounds or timing.rounds, soak_requests=soak)
    families = chosen(translated_only=translated, soak=soak > 0)
    complete = _measure(families, peers, timing, patience, results, console)
    show(results, console)
    whole = complete and not (quick or only or translated)
    folder = out or (HERE if whole else WORK) / "results"
    for path in save(results, folder):
        console.print(f"Written: {path}", soft_wrap=True)
    sys.exit(0 if complete else 1)


def _chosen(only: str | None, *, quick: bool) -> list[Peer]:
    peers = all_peers()
    names = only.split(",") if only else QUICK if quick else [peer.name for peer in peers]
    known = {peer.name: peer for peer in peers}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise click.UsageError(f"no such peer: {', '.join(unknown)}; there are {', '.join(known)}")
    return [peer for peer in peers if peer.name in names]


def _prepare(peers: Sequence[Peer], results: Results, console: Console) -> list[Peer]:
    """Install what can be installed; the peers that can be measured."""
    ready = []
    for peer in peers:
        with console.status(f"preparing {peer.name}"):
            try:
                results.peers[peer.name] = peer.prepare()
            except Unavailable as error:
                results.absent[peer.name] = str(error)
                console.print(f"{peer.name}: not available: {error}", markup=False)
                continue
        results.settings[peer.name] = peer.settings
        console.print(f"{peer.name} {results.peers[peer.name]}: {peer.settings}", markup=False)
        ready.append(peer)
    return ready


def _measure(
    families: Sequence[Family],
    peers: Sequence[Peer],
    timing: Timing,
    patience: float,
    results: Results,
    console: Console,
) -> bool:
    """Fill the results; false when interrupted, with what there is by then."""
    results.machine = machine.describe()
    results.run = {"date": machine.today(), "rounds": timing.rounds, "steady_seconds": timing.steady}
    begin = time.monotonic()

    def say(text: str) -> None:
        console.print(f"{time.monotonic() - begin:5.0f} s  {text}", style="dim", markup=False)

    try:
        with open_venue() as venue, open_backends(venue) as backends:
            results.run |= {"cores": _cores(venue), "load": wrk.version(), "upstream": backends.program}
            say(_cores(venue))
            bench = Bench(venue, backends, timing, Patience(venue.cores, patience))
            run_rounds(bench, families, peers, results, say)
    except KeyboardInterrupt:
        say("interrupted: what follows is incomplete")
        return False
    except BenchError as error:
        say(f"stopped, and what follows is incomplete: {error}")
        return False
    return True


def _cores(venue: Venue) -> str:
    if venue.shared_core:
        return "There is only one core: gateway, load and upstream share it, and the figures say little."
    return f"Gateway alone on core {venue.gateway_core}, load and upstream on core {venue.load_core}."


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    """End as with Ctrl-C, so that everything we started is ended too."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
