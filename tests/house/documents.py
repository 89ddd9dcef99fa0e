"""The documentation as tests read it: pages, links, and blocks of code."""

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
from tests.house.source import ROOT, files

_FENCE = re.compile(r"^(?:<!-- (?P<mark>\w+) -->\n)?```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


class Block(msgspec.Struct, frozen=True):
    """One fenced block."""

    page: Path
    line: int
    language: str
    text: str
    mark: str
    """What a comment just above says of it: `fails`, `wrong`, or nothing."""

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def pages() -> list[Path]:
    """Every page of the documentation."""
    return [path for path in files() if path.suffix == ".md"]


def blocks(page: Path) -> Iterator[Block]:
    """The fenced blocks of a page, in their order."""
    text = page.read_text(encoding="utf-8")
    for found in _FENCE.finditer(text):
        line = text.count("\n", 0, found.start()) + 1
        yield Block(page, line, found["language"], found["text"], found["mark"] or "")


def links(page: Path) -> Iterator[str]:
    """Where a page's links go, but for those in code."""
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    yield from _LINK.findall(re.sub(r"`[^`\n]*`", "", text))


def anchors(page: Path) -> set[str]:
    """What a link into a page may name, made of its headings as is usual for Markdown on the web."""
    headings = _HEADING.findall(_FENCE.sub("", page.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
