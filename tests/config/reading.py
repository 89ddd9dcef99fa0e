"""Short ways to read a configuration in tests."""

from collections.abc import Collection, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from trunkline.config.load import load
from trunkline.config.problems import ConfigError
from trunkline.config.schema import Config

TYPES = {"openai", "anthropic", "openai_compatible", "simulated"}


def read(
    content: str | bytes,
    env: Mapping[str, str] | None = None,
    *,
    types: Collection[str] = TYPES,
    environment: Collection[str] = ("openai",),
) -> Config:
    """The configuration in a file with this content."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "trunkline.yaml"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return load(path, env=env or {}, provider_types=types, environment_providers=environment)


def refusal(content: str | bytes, env: Mapping[str, str] | None = None) -> ConfigError | None:
    """The error for this content, if it is wrong."""
    try:
        read(content, env)
    except ConfigError as error:
        return error
    return None


def wrong(content: str | bytes, env: Mapping[str, str] | None = None) -> list[str]:
    """What is wrong with this content, each as `line:column  path: message`."""
    error = refusal(content, env)
    return [str(problem).removeprefix(f"{problem.file}:") for problem in error.problems] if error else []
