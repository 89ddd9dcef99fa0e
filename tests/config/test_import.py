"""What it costs to import the configuration."""

import subprocess
import sys


def loaded_by(statement: str) -> set[str]:
    """Modules that a fresh interpreter has loaded after `statement`."""
    program = f"{statement}\nimport sys\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    return set(done.stdout.split())


def test_the_package_and_what_the_hot_path_needs_import_nothing_large() -> None:
    loaded = loaded_by(
        "import trunkline.config, trunkline.config.names, trunkline.config.problems, trunkline.config.watch"
    )
    assert "trunkline.config.watch" in loaded
    assert not loaded & {"pydantic", "yaml", "watchfiles", "anyio"}


def test_loading_needs_pydantic_and_yaml_but_nothing_that_watches() -> None:
    loaded = loaded_by("import trunkline.config.load")
    assert {"pydantic", "yaml"} <= loaded
    assert not loaded & {"watchfiles", "anyio", "starlette", "genai_prices"}
