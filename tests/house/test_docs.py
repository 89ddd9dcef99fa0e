"""What the documentation tells is so: its commands, configurations and programs work, and its links lead somewhere."""

import json
import re
import shlex
import subprocess
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import click
import pytest
import yaml
from tests.faults.gateway import gateway
from tests.house.documents import Block, anchors, blocks, links, pages
from tests.house.source import ROOT
from tests.house.story import SHELL, USUAL, Story, make_targets, run_python
from tests.running import Background, base_url

from trunkline.cli import main
from trunkline.config.load import load
from trunkline.config.problems import ConfigError
from trunkline.providers import PROVIDERS

STORIES = [ROOT / "docs" / "tutorial" / "first-steps.md"]
"""Pages that are followed from top to bottom; of the others every block stands for itself."""
OTHERS = [block for page in pages() if page not in STORIES for block in blocks(page)]

FAST = {"simulated": {"simulated": {"latency": "0s", "tokens_per_second": 1_000_000}}}
ANYTHING = {"*": "simulated/chat"}

CHECKED = {"sh", "python", "yaml", "json"}
NOT_CHECKED = {
    "": "what a command's help shows (cli.md is generated)",
    "text": "what something says, in part",
    "js": "needs an SDK that the tests do not install",
    "nginx": "another program's configuration",
}


def of(*languages: str) -> list[Block]:
    return [block for block in OTHERS if block.language in languages]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Where a gateway answers that takes any key and serves any model at once."""
    with Background() as background:
        running = background.enter(gateway(providers=FAST, models=ANYTHING))
        yield base_url(running).removeprefix("http://").removesuffix("/v1")


@pytest.mark.slow
@pytest.mark.parametrize("page", STORIES, ids=lambda page: page.stem)
def test_a_tutorial_works_from_top_to_bottom(page: Path, tmp_path: Path, address: str) -> None:
    """With OpenAI played by another Trunkline."""
    with Story(tmp_path, {"OPENAI_BASE_URL": f"http://{address}/v1"}) as story:
        for block in blocks(page):
            story.follow(block)


def test_every_block_says_what_it_is() -> None:
    assert [str(block) for block in OTHERS if block.language not in CHECKED | NOT_CHECKED.keys()] == []


@pytest.mark.parametrize("block", of("python"), ids=str)
def test_a_program_runs(block: Block, address: str) -> None:
    assert run_python(block, address)


@pytest.mark.parametrize("block", of("yaml"), ids=str)
def test_a_configuration_is_valid(block: Block, tmp_path: Path) -> None:
    """Those that are for other programs say in their first line whose they are: `# compose.yaml`."""
    whose = re.match(r"# ([\w.-]+)\n", block.text)
    if whose is not None and whose[1] != "trunkline.yaml":
        assert yaml.safe_load(block.text)
        return
    told = refused(block.text, tmp_path)
    assert bool(told) == (block.mark == "wrong"), told


@pytest.mark.parametrize("block", of("json"), ids=str)
def test_json_is_json(block: Block) -> None:
    assert json.loads(block.text)


@pytest.mark.parametrize("block", of("sh"), ids=str)
def test_a_command_is_one(block: Block, address: str) -> None:
    """A shell can read it, what it asks of `make` and `trunkline` is there, and what asks only Trunkline is run."""
    subprocess.run([*SHELL[:1], "-n", "-c", block.text], check=True, timeout=10)
    lines = block.text.replace("\\\n", " ").splitlines()
    assert {line.split()[1] for line in lines if line.startswith("make ")} <= make_targets()
    for arguments in trunkline_commands(lines):
        parse(main, arguments)
    programs = {line.split()[0] for line in lines if line and not line.startswith("#")}
    if programs == {"curl"} and set(re.findall(r"https?://([^/\s]+)", block.text)) == {USUAL}:
        script = block.text.replace(USUAL, address)
        done = subprocess.run([*SHELL, script], check=True, capture_output=True, text=True, timeout=30)
        assert '"error"' not in done.stdout


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for link in links(page):
        if link.startswith(("https://", "http://")):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def refused(text: str, folder: Path) -> str:
    """What is wrong with a configuration; every variable and every secret that it names has some value."""
    for name in re.findall(r"\$\{file:([^}]+)\}", text):
        secret = folder / Path(name).name
        secret.write_text(f"sk-{secret.name}-0123456789")
        text = text.replace(name, str(secret))
    variables = {name: f"sk-{name}-0123456789" for name in re.findall(r"\$\{(\w+)(?::-[^}]*)?\}", text)}
    return problems(text, folder / "trunkline.yaml", variables, {"openai"})


def problems(text: str, path: Path, variables: Mapping[str, str], environment: Collection[str]) -> str:
    path.write_text(text, encoding="utf-8")
    try:
        load(path, env=variables, provider_types=PROVIDERS.keys(), environment_providers=environment)
    except ConfigError as error:
        return str(error)
    return ""


def trunkline_commands(lines: list[str]) -> Iterator[list[str]]:
    """The arguments of every call of `trunkline` in lines of a shell."""
    for line in lines:
        for found in re.finditer(
            r"(?:^|[|;&(]|\bsudo(?: -u \w+)?|\bexec \w+)\s*(?:\S*/)?trunkline( [^|;&()<>#]*)", line
        ):
            yield shlex.split(found[1])


def parse(command: click.Command, arguments: list[str], parent: click.Context | None = None) -> None:
    """Raises what click would say of the command line, without running anything."""
    context = command.make_context(command.name or "trunkline", list(arguments), parent=parent)
    if isinstance(command, click.Group):
        _, inner, rest = command.resolve_command(context, [*context._protected_args, *context.args])
        assert inner is not None
        parse(inner, rest, context)
