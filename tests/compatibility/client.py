"""What every client of the matrix offers: one conversation with a model, by one official SDK."""

import json
from typing import Any, Protocol

from tests.compatibility.scenario import Call, Scenario, Seen


class Client(Protocol):
    """One SDK pointed at Trunkline."""

    name: str

    def converse(self, scenario: Scenario, url: str, model: str, *, stream: bool) -> list[Seen]:
        """What the program saw, turn by turn: tools are run and their results sent back as the SDK's users do it."""


def result_of(scenario: Scenario, name: str) -> str:
    """What the program's tool answers."""
    return next(tool.result for tool in scenario.tools if tool.name == name)


def call(name: str, arguments: str | dict[str, Any] | None) -> Call:
    """A call as the SDK gave it."""
    return Call(name, json.loads(arguments or "{}") if not isinstance(arguments, dict) else arguments)
