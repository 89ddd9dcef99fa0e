"""The recorded exchanges in this format, as parameters of tests."""

from typing import Any

import pytest
from tests.recorded.exchanges import Exchange, exchange
from tests.recorded.recordings import folder, index, missing

_APIS = ("messages", "invoke", "invoke_stream")


def _recorded() -> list[Exchange]:
    found = [exchange(entry["file"].removesuffix(".json"), entry["api"]) for entry in index() if entry["api"] in _APIS]
    return [one for one in found if one is not None and one.format == "anthropic_messages"]


def _parameters(chosen: list[Exchange]) -> list[Any]:
    """One for each, or one that says why there are none."""
    if chosen or folder().exists():
        return [pytest.param(one, id=one.name) for one in chosen]
    return [missing()]


_ALL = _recorded()
REQUESTS = _parameters([one for one in _ALL if one.request is not None])
REPLIES = _parameters([one for one in _ALL if one.replies])
STREAMS = _parameters([one for one in _ALL if one.stream])
