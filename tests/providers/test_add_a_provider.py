"""`docs/how-to/add-a-provider.md`, followed block after block in a copy of the package, and asked for a completion."""

import asyncio
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import yaml
from tests.faults.client import connect
from tests.faults.gateway import ask, gateway
from tests.house.documents import Block, blocks
from tests.house.source import ROOT, SRC
from tests.house.story import Story

from trunkline.providers.base import Provider

PAGE = ROOT / "docs" / "how-to" / "add-a-provider.md"
BLOCKS = [block for block in blocks(PAGE) if not block.text.startswith("make ")]


@pytest.fixture
def story(tmp_path: Path) -> Iterator[Story]:
    """A folder with the package's source in it, and the command that runs it."""
    shutil.copytree(SRC, tmp_path / "src" / "trunkline", ignore=shutil.ignore_patterns("__pycache__"))
    paths = {"PYTHONPATH": str(tmp_path / "src"), "PATH": f"{tmp_path}/.venv/bin:{os.environ['PATH']}"}
    with Story(tmp_path, paths) as story:
        yield story


def test_the_page_works_from_top_to_bottom(story: Story) -> None:
    assert [block.language for block in BLOCKS] == ["yaml", "sh", "text", "sh", "sh", "text"]
    for block in BLOCKS:
        story.follow(block)


async def _answered(configuration: Block) -> int:
    """The status of a request to the provider that is configured so, which another Trunkline plays."""
    async with gateway(models={"*": "simulated/chat"}) as played:
        written = configuration.text.replace("https://llm.acme.example/v1", f"http://127.0.0.1:{played.port}/v1")
        settings = yaml.safe_load(re.sub(r"\$\{\w+\}", "sk-acme", written))
        async with gateway(**settings) as running, connect(running.port) as client:
            return (await ask(client, "acme/their-model")).status


def test_what_is_configured_as_the_page_says_answers() -> None:
    assert asyncio.run(_answered(BLOCKS[0])) == 200


def test_a_page_is_ten_lines_of_facts() -> None:
    page = next(block.text for block in BLOCKS if "PROVIDER = " in block.text)
    provider = page[page.index("PROVIDER = ") : page.index("PAGE\n", page.index("PROVIDER = "))]
    assert len(provider.splitlines()) <= 10
    assert len(page.splitlines()) <= 20


def test_every_field_that_the_page_names_is_one() -> None:
    text = PAGE.read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`.+`) \|", text, re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert named <= {field.name for field in msgspec.structs.fields(Provider)}
    assert len(named) > 10
