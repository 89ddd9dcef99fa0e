"""The reference page of the command line."""

from pathlib import Path

from trunkline.cli import COMMANDS
from trunkline.cli.reference import render

PAGE = Path(__file__).parents[2] / "docs/reference/cli.md"


def test_the_page_is_what_help_says() -> None:
    assert PAGE.read_text(encoding="utf-8") == render(), "run: make docs"


def test_every_command_and_option_is_on_it() -> None:
    page = render()
    for name in COMMANDS:
        assert f"## `trunkline {name}`\n" in page
    for name in ("create", "list", "revoke", "hash"):
        assert f"## `trunkline keys {name}`\n" in page
    assert "| `--listen HOST:PORT` | Where applications call. [default: `server.listen`] |" in page
