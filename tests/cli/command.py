"""Runs commands inside the test's process, with an environment and a folder of their own."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result

from trunkline.cli import main
from trunkline.providers import PROVIDERS


class Place:
    """A folder to work in, as an operator has it: `trunkline.yaml` may lie there, and the state folder is below it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "trunkline.yaml"
        self.data = folder / "state" / "trunkline"
        self.environment: dict[str, str | None] = {"XDG_STATE_HOME": str(folder / "state"), "OPENAI_API_KEY": None}

    def configure(self, text: str) -> None:
        """Write `trunkline.yaml`."""
        self.config.write_text(text)

    def run(self, *words: str, code: int = 0, given: str | None = None) -> Result:
        """The result of `trunkline` with these words, which ends with `code`; `given` comes on standard input."""
        result = CliRunner(env=self.environment).invoke(main, list(words), input=given, prog_name="trunkline")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == code, result.output
        return result

    def json(self, *words: str, code: int = 0) -> Any:
        """What the command prints, as JSON."""
        return msgspec.json.decode(self.run(*words, "--json", code=code).stdout)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A new one, and the working directory is its folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TRUNKLINE_CONFIG", raising=False)
    monkeypatch.delenv("TRUNKLINE_DATA", raising=False)
    for facts in PROVIDERS.values():
        for name in facts.making:
            monkeypatch.delenv(name, raising=False)
    return Place(tmp_path)
