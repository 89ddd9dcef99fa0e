"""What the laws hear an answer with."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from tests.recorded.loopback import Loopback
from tests.recorded.plain.said import Answer


class Client(NamedTuple):
    """One format's SDK: asks the server, and says what it understood."""

    whole: Callable[[], Answer]
    stream: Callable[[], Answer]


@dataclass
class Ears:
    """The SDKs by format, and the server that they hear."""

    server: Loopback
    clients: dict[str, Client]
