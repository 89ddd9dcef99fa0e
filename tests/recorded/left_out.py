"""Recordings of which no law is asked: `left_out.yaml`."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml
from tests.recorded.exchanges import Exchange


def left_out(exchange: Exchange, law: str) -> bool:
    """Whether an entry for this law, or for all, names the recording, or its provider with the way it was captured."""
    return any(
        law in entry.get("laws", "abcd")
        and (
            exchange.name in entry.get("recordings", ())
            or (exchange.provider, exchange.capture) == (entry.get("provider"), entry.get("capture"))
        )
        for entry in _entries()
    )


@cache
def _entries() -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = yaml.safe_load((Path(__file__).with_suffix(".yaml")).read_text(encoding="utf-8"))
    return entries
