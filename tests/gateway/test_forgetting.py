"""Kept answers that the operator has forgotten, by the name that was asked for or by tag."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from tests.faults.gateway import LOOK_EVERY, SETTLED_WITHIN
from tests.gateway.cached import Cached, cached
from tests.gateway.test_shared_answers import stored, two, written

from trunkline.cache.entry import VERSION, Entry
from trunkline.cache.forgetting import Forgotten, names_of
from trunkline.cli.administering import Administering
from trunkline.data import DataDirectory
from trunkline.tenancy.managing import Wrong

FAQ = {"x-trunkline-tags": "feature=faq,plan=free"}


async def forget(it: Cached, **which: Any) -> None:
    """As the command line does it, beside the gateway; returns when that has noticed."""
    process = it.running.process
    administering = Administering(lambda: process.config, DataDirectory(it.running.data), {})
    administering.manager("test").forget_answers(**which)
    administering.close()
    await noticed(it)


async def noticed(it: Cached) -> None:
    """Returns when the gateway has learnt that something was forgotten."""
    forgotten = it.running.process.gateway.caching.answers.memory.forgotten
    for _ in range(round(SETTLED_WITHIN / LOOK_EVERY)):
        if forgotten.latest:
            return
        await asyncio.sleep(LOOK_EVERY)
    raise AssertionError("nothing was forgotten")


@pytest.mark.parametrize(
    ("which", "gone"),
    [
        ({"model": "openai/normal"}, True),
        ({"tag": "feature=faq"}, True),
        ({"everything": True}, True),
        ({"model": "openai/other"}, False),
        ({"tag": "feature=shop"}, False),
    ],
)
async def test_an_answer_is_forgotten_by_any_of_its_names(which: dict[str, Any], gone: bool) -> None:
    async with cached() as it:
        assert [await it.result(headers=FAQ) for _ in range(2)] == ["miss", "hit"]
        await forget(it, **which)
        assert await it.result(headers=FAQ) == ("miss" if gone else "hit")


def test_only_what_was_asked_before_is_forgotten_and_only_by_its_names() -> None:
    forgotten = Forgotten()
    forgotten.learn([("tag feature=faq", 1000)])
    old = Entry(VERSION, b"", 0, 0, 0, 0, 0, 0, "", "", "", b"", 990.0, names_of("m", {"feature": "faq"}))
    assert forgotten.covers(old)
    assert not forgotten.covers(Entry(VERSION, b"", 0, 0, 0, 0, 0, 0, "", "", "", b"", 1002.0, old.names))
    assert not forgotten.covers(Entry(VERSION, b"", 0, 0, 0, 0, 0, 0, "", "", "", b"", 990.0, names_of("m", {})))


async def test_what_is_forgotten_is_forgotten_by_all_replicas_wherever_it_is_kept(
    redis_url: str, tmp_path: Path
) -> None:
    async with two(redis_url, tmp_path) as (one, other):
        assert await one.result() == "miss"
        await written(one)
        await forget(one, model="openai/normal")
        await noticed(other)
        assert stored(redis_url)
        assert await other.result() == "miss"
        assert [row.action for row in one.running.process._store.changes(10, 1)] == ["forgotten"]


@pytest.mark.parametrize("which", [{}, {"model": "a", "everything": True}, {"tag": "feature"}, {"model": "a" * 300}])
async def test_exactly_one_kind_of_answers_is_forgotten(which: dict[str, Any]) -> None:
    async with cached() as it:
        with pytest.raises(Wrong):
            await forget(it, **which)
