"""How orders are carried out."""

import asyncio
from pathlib import Path

from trunkline.config import schema
from trunkline.config.places import Address
from trunkline.lifetime import Order, Orders, follow_file, obey


class Noted:
    """A service that notes what it is told to do. It drains for ever, and its reloads do as `reloads` says."""

    address = Address("127.0.0.1", 4000)
    secrets_made: frozenset[str] = frozenset()
    recovered = 0
    open = True
    settings = schema.Server()

    def __init__(self, *reloads: bool | Exception, drained: bool = False) -> None:
        self.done: list[object] = []
        self.reported: list[str] = []
        self._reloads = iter(reloads)
        self._drained = drained

    @property
    def config(self) -> schema.Config:
        return schema.Config()

    def unready(self) -> list[str]:
        return []

    async def snapshots(self) -> list[bytes]:
        return []

    async def reload(self) -> bool:
        result = next(self._reloads)
        if isinstance(result, Exception):
            raise result
        return result

    async def drain(self, grace: float, patience: float) -> None:
        self.done.append((grace, patience))
        if not self._drained:
            await asyncio.Event().wait()

    async def close(self) -> None:
        self.done.append("closed")

    def report(self, event: str, **_: object) -> None:
        self.reported.append(event)

    async def obeys(self, *given: Order) -> list[object]:
        """What it has done when it has ended."""
        orders: Orders = asyncio.Queue()
        for order in given:
            orders.put_nowait(order)
        await obey(self, orders, self.report, lambda taken: self.done.append(("reloaded", taken)))
        return self.done


async def test_drain_has_the_grace_and_leave_has_not() -> None:
    assert await Noted(drained=True).obeys("drain") == [(5.0, 30.0), "closed"]
    assert await Noted(drained=True).obeys("leave") == [(0.0, 30.0), "closed"]


async def test_end_ends_at_once_also_while_it_drains() -> None:
    assert await Noted().obeys("end") == ["closed"]
    assert await Noted().obeys("drain", "end") == [(5.0, 30.0), "closed"]


async def test_what_else_comes_while_it_drains_changes_nothing() -> None:
    assert await Noted().obeys("drain", "drain", "reload", "leave", "end") == [(5.0, 30.0), "closed"]


async def test_reloads_are_told_one_by_one_and_a_bug_in_one_ends_nothing() -> None:
    service = Noted(True, RuntimeError("a bug"), False)
    done = await service.obeys("reload", "reload", "reload", "end")
    assert done == [("reloaded", True), ("reloaded", False), ("reloaded", False), "closed"]
    assert service.reported == ["config.not_reloaded"]


async def test_a_folder_that_cannot_be_watched_is_reported(tmp_path: Path) -> None:
    reported: list[tuple[str, object]] = []
    missing = tmp_path / "nowhere" / "trunkline.yaml"
    await follow_file(missing, "", asyncio.Queue(), lambda event, **fields: reported.append((event, fields)))
    [(event, fields)] = reported
    assert event == "config.not_watched"
    assert str(missing.parent) in str(fields)
