"""Read `trunkline.yaml` into a `Config`, or say everything that is wrong with it."""

import hashlib
from collections.abc import Collection, Mapping
from pathlib import Path as FilePath
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from trunkline.config.check import check
from trunkline.config.document import MAX_BYTES, Document, parse
from trunkline.config.expand import expand
from trunkline.config.explain import explain
from trunkline.config.problems import ConfigError, Problem
from trunkline.config.schema import Config


def load(
    path: FilePath | None,
    *,
    env: Mapping[str, str],
    provider_types: Collection[str],
    environment_providers: Collection[str],
) -> Config:
    """The configuration in the file at `path`; without a file, the defaults.

    `env` is what `${VARIABLE}` refers to. `provider_types` are the types that a provider may have;
    `environment_providers` are those that exist by their keys in the environment, and may be referred to without
    being written. Raises `ConfigError` with every problem.
    """
    data = b"" if path is None else _read(path)
    folder = FilePath() if path is None else path.parent
    document = parse(data, str(path or ""))
    expand(document, env, folder)
    check(document, provider_types, environment_providers)
    context = {
        "source": path,
        "digest": hashlib.sha256(data).hexdigest(),
        "folder": folder,
        "marks": document.marks,
    }
    config, errors = _validate(document, context)
    for error in errors:
        explain(error, document)
    if config is None or document.problems:
        raise ConfigError(document.problems)
    return config


def _read(path: FilePath) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        reason = error.strerror or type(error).__name__
    raise ConfigError([Problem(str(path), 1, 1, "", f"the file cannot be read: {reason}")])


def _validate(document: Document, context: Mapping[str, Any]) -> tuple[Config | None, list[ErrorDetails]]:
    """The model, or pydantic's errors; not its exception, which holds the values and would go into tracebacks."""
    try:
        return Config.model_validate(document.root, context=dict(context)), []
    except ValidationError as error:
        return None, error.errors(include_url=False)
