"""Who reads the request log of a running gateway, as the command line and the control plane do."""

from typing import Any

from tests.faults.gateway import RunningGateway

from trunkline.cli.opened import Hidden
from trunkline.data import DataDirectory
from trunkline.kept.disclosing import Disclosure
from trunkline.kept.showing import ShownTranscript
from trunkline.setup import open_configured_store
from trunkline.store.content import LogFilter


class Reader:
    """Opens a store of its own, which `close` closes."""

    def __init__(self, running: RunningGateway) -> None:
        config, data = running.process.config, DataDirectory(running.data)
        self.store = open_configured_store(config, data)
        self.disclosure = Disclosure(self.store, config, Hidden(config, data, self.store), "test")

    def entries(self, **only: str) -> list[ShownTranscript]:
        """All there are of those, the earliest first."""
        end_user = only.pop("end_user", "")
        listed = self.disclosure.entries(LogFilter(**only), end_user, most=1000)
        return [self.disclosure.entry(it.id) for it in reversed(listed)]

    def close(self) -> None:
        self.store.close()


async def log_of(running: RunningGateway, **only: str) -> list[ShownTranscript]:
    """The request log once all is settled, the earliest first."""
    await running.idle()
    await running.process.gateway.transcripts.written()
    reader = Reader(running)
    try:
        return reader.entries(**only)
    finally:
        reader.close()


def words(shown: ShownTranscript) -> str:
    """All that was said in it, as one text."""
    return f"{shown.input} {shown.output}"


def last(shown: list[ShownTranscript]) -> Any:
    """The last of them."""
    assert shown
    return shown[-1]
