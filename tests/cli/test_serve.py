"""`trunkline serve`: starting, and what it says."""

import asyncio
import json
import re
import socket
import sys
from pathlib import Path

import pytest
from tests import aio
from tests.cli.command import Place
from tests.cli.serving import WITHIN, Served, serving, until

from trunkline import __version__
from trunkline.cli.ready import Facts, announcement
from trunkline.config.places import Address
from trunkline.data import DataDirectory
from trunkline.setup import Options, read_config
from trunkline.store import open_store
from trunkline.vault.keyring import MasterKey

bounded = aio.within(2 * WITHIN)


@bounded
async def test_it_says_once_that_it_is_ready_and_where(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        assert served.said[0] == f"Trunkline {__version__} is ready on http://127.0.0.1:{served.port} with simulated"
        assert sum("ready" in line for line in served.said) == 1
        assert (await served.get("/health/ready")).status == 200
        assert (await served.get("/health/ready", control=True)).status == 200


@pytest.mark.slow
@bounded
async def test_the_curl_line_and_the_python_lines_work_as_they_stand(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        [curl] = [line for line in served.said if line.startswith("curl ")]
        ran = await asyncio.create_subprocess_exec("sh", "-c", f"{curl} -s", stdout=asyncio.subprocess.PIPE)
        body, _ = await ran.communicate()
        said = json.loads(body)["choices"][0]["message"]["content"]
        assert said
        snippet = served.said[served.said.index("from openai import OpenAI") :]
        assert len(snippet) == 4
        ran = await asyncio.create_subprocess_exec(
            sys.executable, "-c", "\n".join(snippet), stdout=asyncio.subprocess.PIPE
        )
        printed, _ = await ran.communicate()
        assert printed.decode().strip() == said.strip()


@bounded
async def test_a_first_start_tells_of_the_secret_it_made_and_of_missing_keys(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        said = "\n".join(served.said)
        assert "only programs on this machine are answered" in said
        assert "secret under which keys are stored was made" in said
        assert "master key, which encrypts what is kept, was made" in said
    async with serving(tmp_path) as served:
        assert "secret" not in "\n".join(served.said)
        assert "master key" not in "\n".join(served.said)


@bounded
async def test_quiet_says_nothing_and_serves(tmp_path: Path) -> None:
    served = Served(tmp_path, {})
    starting = asyncio.create_task(served.start("--quiet"))
    await until(lambda: bool((status := served.status()) and status.url), "it runs", served.log_text)
    await served.end()
    await starting
    assert served.said == []


@bounded
async def test_the_command_line_is_stronger_than_the_file(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["--listen", f"127.0.0.1:{port}", "--log-format", "console", "--log-level", "warning"]
    served = Served(tmp_path, {"server": {"listen": "127.0.0.1:1"}})
    await served.start(*words)
    assert served.port == port
    await served.ask("simulated/error-500")
    await until(lambda: "warning" in served.log_text(), "a warning")
    await served.end()
    assert not served.log_text().startswith("{")
    assert "stopping" not in served.log_text()


@bounded
async def test_with_a_key_a_request_without_it_is_refused(tmp_path: Path) -> None:
    async with serving(tmp_path, keys=[{"name": "app", "key": "sk-the-application"}]) as served:
        assert (await served.ask("simulated/echo")).status == 401
        assert (await served.ask("simulated/echo", key="sk-the-application")).status == 200
        assert "only programs on this machine" not in "\n".join(served.said)
        assert "authorization: Bearer sk-tl-..." in "\n".join(served.said)


@bounded
async def test_one_line_of_log_for_each_request_and_no_secret_in_it(tmp_path: Path) -> None:
    async with serving(tmp_path, keys=[{"name": "app", "key": "sk-the-application"}]) as served:
        await served.ask("simulated/echo", key="sk-the-application")
        await served.ask("sk-the-application", key="sk-the-application")
        lines = await served.has_logged("request", 2)
        assert [line["status"] for line in lines] == [200, 404]
        assert lines[0]["key"] == "app"
    assert "the-application" not in served.log_text()


def test_mistakes_of_the_configuration_end_it_with_2(place: Place) -> None:
    place.configure("models: {bot: simulate/chat}\nserver: {workers: none}\n")
    told = place.run("serve", code=2)
    assert told.stdout == ""
    assert "2 problems" in told.stderr
    assert "trunkline.yaml:1:15" in told.stderr


def test_what_cannot_be_put_to_work_ends_it_with_2(place: Place) -> None:
    place.configure("providers: {openai: {}}\n")
    free = ["--listen", "127.0.0.1:0", "--control", "127.0.0.1:0"]
    assert "providers.openai: no key" in place.run("serve", *free, code=2).stderr
    (place.folder / "cert.pem").write_text("no certificate")
    place.configure("server: {tls: {cert: cert.pem, key: cert.pem}}\n")
    assert "server.tls.cert: cert.pem holds no certificate" in place.run("serve", *free, code=2).stderr


@pytest.mark.parametrize("listener", ["--listen", "--control"])
def test_an_address_in_use_is_told_in_one_line(place: Place, listener: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        words = {"--listen": "127.0.0.1:0", "--control": "127.0.0.1:0", listener: f"127.0.0.1:{port}"}
        told = place.run("serve", *(word for pair in words.items() for word in pair), code=1)
    assert re.fullmatch(rf"Error: .*127\.0\.0\.1:{port}: .*\n", told.stderr) or "already listens" in told.stderr
    assert told.stderr.count("\n") == 1
    assert list((place.data / "journal").iterdir()) == []


def test_an_address_that_is_not_ours_is_told(place: Place) -> None:
    told = place.run("serve", "--insecure", "--listen", "192.0.2.1:4000", "--control", "127.0.0.1:0", code=1)
    assert "cannot listen on 192.0.2.1:4000" in told.stderr
    told = place.run("serve", "--insecure", "--listen", "nowhere.invalid:4000", "--control", "127.0.0.1:0", code=1)
    assert "cannot listen on nowhere.invalid:4000: " in told.stderr
    assert "Unknown error" not in told.stderr


def test_a_data_directory_that_others_can_read_is_refused(place: Place) -> None:
    place.data.mkdir(parents=True)
    place.data.chmod(0o755)
    told = place.run("serve", "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0", code=1)
    assert f"chmod 700 {place.data}" in told.stderr


def test_a_store_is_not_served_with_another_master_key_or_without_its_own(place: Place) -> None:
    free = ["--listen", "127.0.0.1:0", "--control", "127.0.0.1:0"]
    data = DataDirectory(place.data)
    store = open_store(f"sqlite://{data.store}")
    store.begin_vault(MasterKey(b"the one it was begun with, in some tests").check)
    store.close()
    told = place.run("serve", *free, code=2).stderr
    assert f"{data.master_key} is missing" in told
    assert not data.master_key.exists()
    data.secret(data.master_key)
    told = place.run("serve", *free, code=2).stderr
    assert f"{data.master_key}: This is not the master key that the store was begun with." in told
    place.configure("master_key: another than the one it was begun with\n")
    told = place.run("serve", *free, code=2).stderr
    assert "`master_key`: This is not the master key that the store was begun with." in told
    assert "another than" not in told


def test_without_keys_it_does_not_listen_to_other_machines(place: Place) -> None:
    told = place.run("serve", "--listen", "0.0.0.0:0", "--control", "127.0.0.1:0", code=2)
    assert "trunkline keys create" in told.stderr
    assert "--insecure" in told.stderr


@bounded
async def test_without_keys_it_listens_to_others_if_it_is_told_to(tmp_path: Path) -> None:
    async with serving(tmp_path, "--insecure", server={"listen": "0.0.0.0:0"}) as served:
        assert "everybody who reaches this address is answered" in "\n".join(served.said)
        assert (await served.ask("simulated/echo")).status == 200


@bounded
async def test_a_second_one_on_the_same_data_directory_is_refused(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        (tmp_path / "second").mkdir()
        second = Served(tmp_path / "second", {})
        second.data = served.data
        await second.start()
        assert await second.ended() == 1
        assert f"process {served.process.pid}" in second.log_text()


def facts(config: str, folder: Path, environment: dict[str, str], **more: bool) -> str:
    """What would be said."""
    file = folder / "trunkline.yaml"
    file.write_text(config)
    told = Facts(
        config=read_config(Options(config=file), environment),
        address=Address("0.0.0.0", 4000),
        control=Address("127.0.0.1", 4001),
        open=more.get("open", True),
        insecure=False,
        secrets_made=frozenset(),
        recovered=3,
    )
    return announcement(told, environment)


def test_the_examples_name_a_model_that_answers(tmp_path: Path) -> None:
    assert 'model="simulated/chat"' in facts("", tmp_path, {})
    assert 'model="openai/gpt-4o-mini"' in facts("", tmp_path, {"OPENAI_API_KEY": "sk-x"})
    config = 'models: {"gpt-*": openai/gpt-*, bot: simulated/chat}'
    assert 'model="bot"' in facts(config, tmp_path, {"OPENAI_API_KEY": "sk-x"})


def test_the_examples_call_an_address_that_can_be_called(tmp_path: Path) -> None:
    said = facts("", tmp_path, {})
    assert "is ready on http://0.0.0.0:4000" in said
    assert "curl http://127.0.0.1:4000/v1/chat/completions" in said


def test_what_a_killed_predecessor_left_is_told(tmp_path: Path) -> None:
    assert "3 attempts were under way when Trunkline was killed" in facts("", tmp_path, {})
