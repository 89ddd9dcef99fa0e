"""How a running Trunkline takes in another configuration: by its file, by SIGHUP, by `trunkline reload`."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest
from tests import aio
from tests.cli.command import Place
from tests.cli.serving import WITHIN, Served, serving

from trunkline.data import DataDirectory
from trunkline.running import Running, Status

bounded = aio.within(2 * WITHIN)

FIRST = {"bot": "simulated/echo"}
SECOND = {"bot": "simulated/error-500", "new": "simulated/echo"}
BAD = {"bot": "nowhere/echo"}


async def reload(served: Served) -> tuple[int, str]:
    """What `trunkline reload` says, and how it ends."""
    command = [sys.executable, "-P", "-m", "trunkline", "reload", "--data", str(served.data)]
    ran = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await ran.communicate()
    return await ran.wait(), said.decode()


@bounded
async def test_a_changed_file_is_taken_without_being_asked(tmp_path: Path) -> None:
    async with serving(tmp_path, models=FIRST) as served:
        assert (await served.ask("new")).status == 404
        served.write({"models": SECOND})
        await served.has_logged("config.reloaded")
        assert (await served.ask("new")).status == 200
        assert (await served.ask("bot")).status == 502
        assert await served.metric('trunkline_reloads_total{result="ok"}') == 1


@bounded
async def test_a_bad_file_changes_nothing_and_is_reported(tmp_path: Path) -> None:
    async with serving(tmp_path, models=FIRST) as served:
        served.write({"models": BAD})
        [line] = await served.has_logged("config.rejected")
        assert "unknown provider" in line["problems"][0]
        assert (await served.ask("bot")).status == 200
        assert await served.metric('trunkline_reloads_total{result="rejected"}') == 1
        served.write({"models": SECOND})
        await served.has_logged("config.reloaded")
        assert (await served.ask("new")).status == 200


@bounded
async def test_sighup_reads_what_the_file_refers_to_again(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text("simulated/echo")
    async with serving(tmp_path, models={"bot": f"${{file:{target}}}"}) as served:
        target.write_text("simulated/error-500")
        served.signal(signal.SIGHUP)
        await served.has_logged("config.reloaded")
        assert (await served.ask("bot")).status == 502


@bounded
async def test_the_reload_command_says_what_happened(tmp_path: Path) -> None:
    async with serving(tmp_path, environment={"TARGET": "simulated/echo"}, models={"bot": "${TARGET}"}) as served:
        code, said = await reload(served)
        assert (code, said) == (0, f"Process {served.process.pid} has read {served.config} again.\n")
        before = served.status()
        assert before is not None
        served.write({"models": BAD})
        code, said = await reload(served)
        assert code == 2
        assert "unknown provider" in said
        assert (await served.ask("bot")).status == 200


@bounded
async def test_what_needs_a_restart_is_named(tmp_path: Path) -> None:
    async with serving(tmp_path, models=FIRST) as served:
        served.write({"server": {"workers": 2}, "models": FIRST})
        [line] = await served.has_logged("config.reloaded")
        assert line["needs_restart"] == ["server.workers"]


@bounded
async def test_a_request_under_way_keeps_the_configuration_it_began_with(tmp_path: Path) -> None:
    slow = {"simulated": {"simulated": {"latency": "300ms", "tokens_per_second": 100_000}}}
    async with serving(tmp_path, models=FIRST, providers=slow) as served:
        begun = asyncio.create_task(served.ask("bot"))
        served.write({"models": {"bot": "simulated/error-500"}, "providers": slow})
        await served.has_logged("config.reloaded")
        assert (await begun).status == 200


@bounded
async def test_the_last_keys_cannot_be_taken_from_a_listener_that_others_reach(tmp_path: Path) -> None:
    keys = [{"name": "app", "key": "sk-the-application"}]
    async with serving(tmp_path, server={"listen": "0.0.0.0:0"}, keys=keys) as served:
        served.write({"server": {"listen": "0.0.0.0:0"}})
        [line] = await served.has_logged("config.rejected")
        assert "has no keys" in line["problems"][0]
        assert (await served.ask("simulated/echo")).status == 401


def test_without_a_running_process_there_is_nothing_to_reload(place: Place) -> None:
    assert "no Trunkline is running" in place.run("reload", code=1).stderr
    assert "no Trunkline is running" in place.run("reload", "--data", str(place.folder), code=1).stderr


def test_a_file_left_behind_does_not_get_a_signal_to_another_process(place: Place) -> None:
    folder = DataDirectory(place.data).run
    entry = Running(folder)
    entry.tell(Status(pid=os.getpid(), config=None, url=""))
    left = (folder / "trunkline.pid").read_bytes()
    entry.close()
    (folder / "trunkline.pid").write_bytes(left)
    asked = []
    before = signal.signal(signal.SIGHUP, lambda *_: asked.append("reload"))
    try:
        assert "no Trunkline is running" in place.run("reload", code=1).stderr
    finally:
        signal.signal(signal.SIGHUP, before)
    assert asked == []


@pytest.mark.parametrize("where", ["server: {data: elsewhere}", ""])
def test_the_data_directory_may_stand_in_the_file(place: Place, where: str) -> None:
    place.configure(where)
    root = place.folder / "elsewhere" if where else place.data
    assert (
        f"no Trunkline is running on {root.relative_to(place.folder) if where else root}"
        in place.run("reload", code=1).stderr
    )
