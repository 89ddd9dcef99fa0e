"""What the semantic cache knows, in the store: over a restart, in all replicas, encrypted, bounded, and erased."""

import asyncio
import contextlib
import datetime as dt
import shutil
import time
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import anthropic
import openai
import pytest
from msgspec.structs import replace
from tests import services
from tests.faults.gateway import LOOK_EVERY, RunningGateway, usual
from tests.faults.server import FaultServer
from tests.gateway.cached import Cached, cached, configured
from tests.gateway.test_semantics import AGAIN, ASKED, EMBEDDER, SENSE, WITH_EMBEDDER, ask, never_verify

from trunkline.gateway import semantic_keeping, semantics
from trunkline.store import open_store
from trunkline.store.base import Store
from trunkline.store.semantic_entries import SemanticKind, SemanticRecord

KEY = "a master key of thirty-two characters or more"
WITHIN = 10.0
"""Seconds."""

pytestmark = pytest.mark.shared


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where the store is that replicas share."""
    if request.param == "sqlite":
        return f"sqlite://{tmp_path}/shared.db"
    found: str = request.getfixturevalue("postgresql_url")
    return found


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes look often at what others have written."""
    monkeypatch.setattr(semantics, "FOLLOWS", 0.02)


@contextlib.asynccontextmanager
async def replica(url: str, upstream: FaultServer, **settings: Any) -> AsyncIterator[Cached]:
    said = {"cache": SENSE, **WITH_EMBEDDER, **settings}
    async with cached(said.pop("cache"), upstream, store=url, master_key=KEY, **said) as it:
        never_verify(it)
        yield it


@contextlib.asynccontextmanager
async def process(folder: Path, config: dict[str, Any], upstream: FaultServer) -> AsyncIterator[Cached]:
    """A gateway whose data stays where it is."""
    running = RunningGateway(folder, usual(folder, "", config))
    await running.start()
    try:
        it = Cached(upstream, running, openai.AsyncOpenAI(api_key="any"), anthropic.AsyncAnthropic(api_key="any"))
        never_verify(it)
        yield it
    finally:
        await running.close()


def parts(it: Cached) -> semantics.Semantics:
    return it.running.process.gateway.caching.semantics


def known(it: Cached) -> int:
    """How many entries a process has in memory."""
    return sum(len(held.cache) for held in parts(it)._caches.values())


def knows(it: Cached, entries: int) -> bool:
    return known(it) == entries


def failures(it: Cached) -> dict[str, int]:
    counted = it.running.process.metrics._events["cache_failures"]
    return {what: count for what, count in counted.items() if count}


async def until(true: Callable[[], bool]) -> None:
    """Wait for what another part does by itself."""
    for _ in range(round(WITHIN / LOOK_EVERY)):
        if true():
            return
        await asyncio.sleep(LOOK_EVERY)
    raise AssertionError("it never came")


async def tell(it: Cached, text: str, **request: Any) -> None:
    """Ask, and have it stored."""
    assert await ask(it, text, **request) == "miss"
    await parts(it).keeping.written()


@contextlib.contextmanager
def opened(url: str) -> Iterator[Store]:
    store = open_store(url)
    try:
        yield store
    finally:
        store.close()


def stored(url: str, embedder: str) -> list[SemanticRecord]:
    with opened(url) as store:
        return [it for _, it in store.semantic_until(SemanticKind(embedder, 384, 10_000), 1 << 40, 0, 1000)]


def identity(it: Cached) -> str:
    embedding = it.running.process.gateway.snapshot.learnt.embedding
    assert embedding is not None
    return embedding.embedder.identity


async def test_a_restarted_gateway_answers_without_asking_again(tmp_path: Path) -> None:
    async with FaultServer() as upstream:
        for text, result in ((ASKED, "miss"), (AGAIN, "semantic")):
            config = configured(upstream, SENSE, **WITH_EMBEDDER)
            async with process(tmp_path, config, upstream) as it:
                if result == "semantic":
                    await until(partial(knows, it, 1))
                assert await ask(it, text) == result
            assert it.running.problems() == []
        assert len(upstream.requests) == 1
    for file in (tmp_path / "data").glob("trunkline.db*"):
        content = file.read_bytes()
        assert b"password" not in content
        assert b"gemacht" not in content


@pytest.mark.usefixtures("impatient")
async def test_replicas_share_what_they_know(url: str) -> None:
    async with FaultServer() as upstream, replica(url, upstream) as one, replica(url, upstream) as other:
        await tell(one, ASKED)
        await until(lambda: known(other) == 1)
        assert await ask(other, AGAIN) == "semantic"
        await tell(other, "How do I close my account?")
        await until(lambda: known(one) == 2)
        assert await ask(one, "How can I close my account?") == "semantic"
        assert len(upstream.requests) == 2
        assert failures(one) == failures(other) == {}


@pytest.mark.usefixtures("impatient")
async def test_another_end_user_another_prompt_and_another_name_have_none_of_it(url: str) -> None:
    async with FaultServer() as upstream, replica(url, upstream) as one, replica(url, upstream) as other:
        await tell(one, ASKED, user="alice")
        await until(lambda: known(other) == 1)
        for fields in ({"user": "bob"}, {}, {"user": "alice", "system": "Be long."}):
            assert await ask(other, AGAIN, **fields) == "miss"
        assert await ask(other, AGAIN, user="alice") == "semantic"


@pytest.mark.usefixtures("impatient")
async def test_what_was_forgotten_is_not_given_from_the_store_either_and_makes_room(tmp_path: Path) -> None:
    url = f"sqlite://{tmp_path}/shared.db"
    async with FaultServer() as upstream:
        async with replica(url, upstream) as one:
            await tell(one, ASKED)
            one.running.process._store.forget_answers("everything", int(time.time()), "a test")
        async with replica(url, upstream) as other:
            await until(lambda: known(other) == 1)
            assert await ask(other, AGAIN) == "miss"
            assert known(other) == 1  # the new one


def flipped(record: SemanticRecord) -> SemanticRecord:
    return replace(record, sealed=record.sealed[:-1] + bytes([record.sealed[-1] ^ 1]))


@pytest.mark.parametrize(
    "damage",
    [
        flipped,
        lambda record: replace(record, sealed=record.sealed[: len(record.sealed) // 2]),
        lambda record: replace(record, sealed=b""),
        lambda record: replace(record, sealed=b"\x09" + record.sealed[1:]),
        lambda record: replace(record, expires=record.expires + 100_000),
        lambda record: replace(record, tenant="somebody else"),
        lambda record: replace(record, id=bytes(16)),
        lambda record: replace(record, kind=replace(record.kind, allowed=20_000)),
    ],
    ids=["flipped", "cut", "empty", "version", "longer", "tenant", "moved", "another cache"],
)
async def test_a_row_that_is_not_what_was_stored_is_ignored_and_counted(
    tmp_path: Path, damage: Callable[[SemanticRecord], SemanticRecord]
) -> None:
    url = f"sqlite://{tmp_path}/shared.db"
    async with FaultServer() as upstream:
        async with replica(url, upstream) as it:
            await tell(it, ASKED)
            embedder = identity(it)
        bad = damage(stored(url, embedder)[0])
        with opened(url) as store:
            store.erase_semantic([stored(url, embedder)[0].tenant])
            store.write_semantic([bad], b"an intruder")
        allowed = {"cache": {"ttl": "1h", "semantic": {"max_error": bad.kind.allowed / 1_000_000}}}
        async with replica(url, upstream, **allowed) as it:
            await until(lambda: bool(failures(it)))
            assert failures(it) == {"damaged": 1}
            assert known(it) == 0
            assert await ask(it, AGAIN) == "miss"


async def test_vectors_of_another_embedder_are_left_alone(url: str, tmp_path: Path) -> None:
    other = tmp_path / "embedder"
    shutil.copytree(EMBEDDER, other)
    with (other / "tokenizer.json").open("a") as file:
        file.write("\n")
    async with FaultServer() as upstream:
        async with replica(url, upstream) as it:
            await tell(it, ASKED)
            first = identity(it)
        async with replica(url, upstream, embedder={"path": str(other)}) as it:
            assert identity(it) != first
            assert await ask(it, AGAIN) == "miss"
            await parts(it).keeping.written()
            await until(lambda: all(held.newest >= 0 and not held.oldest for held in parts(it)._caches.values()))
            assert known(it) == 1
            assert failures(it) == {}


async def test_what_a_route_is_not_to_store_is_in_memory_only(tmp_path: Path) -> None:
    url = f"sqlite://{tmp_path}/shared.db"
    off = {"ttl": "1h", "semantic": {"max_error": "1%", "store": False}}
    async with FaultServer() as upstream, replica(url, upstream, cache=off) as it:
        await tell(it, ASKED)
        assert await ask(it, AGAIN) == "semantic"
        assert stored(url, identity(it)) == []


async def test_what_is_in_the_store_is_bounded(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(semantic_keeping, "ENTRIES", 2)
    monkeypatch.setattr(semantic_keeping, "SWEPT_AFTER", 1)
    async with FaultServer() as upstream, replica(url, upstream) as it:
        for text in (ASKED, "Where is my parcel?", "Which colours are there?", "Who is in charge?"):
            await tell(it, text)
        assert len(stored(url, identity(it))) == 2
        parts(it).keeping.most = 0
        await tell(it, "When do you open?")
        assert stored(url, identity(it)) == []
        assert known(it) == 5


@pytest.fixture
def own_url(own_postgresql: services.PostgreSQL) -> Iterator[str]:
    """A database on a server that the test may stop."""
    with services.new_database(own_postgresql.url) as url:
        yield url


async def test_while_the_store_is_away_the_memory_goes_on_and_what_waits_is_bounded(
    own_postgresql: services.PostgreSQL, own_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(semantic_keeping, "WAITING", 5000)
    async with FaultServer() as upstream, replica(own_url, upstream) as it:
        keeping = parts(it).keeping
        await tell(it, "Who is in charge?")
        with own_postgresql.paused():
            for text in (ASKED, "Where is my parcel?", "Which colours are there?"):
                assert await ask(it, text) == "miss"
            assert await ask(it, AGAIN) == "semantic"
            assert 0 < keeping._size <= 5000
            assert failures(it)["away"] >= 1
        await keeping.written()
        assert 1 < len(stored(own_url, identity(it))) < 4


async def test_what_still_waits_for_the_store_when_something_is_erased_is_not_written(
    own_postgresql: services.PostgreSQL, own_url: str
) -> None:
    async with FaultServer() as upstream, replica(own_url, upstream) as it:
        await tell(it, "Who is in charge?")
        with own_postgresql.paused():
            assert await ask(it, ASKED) == "miss"
            assert await ask(it, "Where is my parcel?") == "miss"
            keeping = parts(it).keeping
            await until(lambda: len(keeping._waiting) == 2)
            parts(it).clear()
            assert (len(keeping._waiting), keeping._size) == (0, 0)
        await keeping.written()
        under_way = 1  # sealed before, with a key that is destroyed by then
        assert len(stored(own_url, identity(it))) <= 1 + under_way


async def test_an_erased_tenants_entries_do_not_open_are_swept_and_leave_memory(url: str) -> None:
    async with FaultServer() as upstream, replica(url, upstream) as it:
        await tell(it, ASKED)
        [record] = stored(url, identity(it))
        vault = it.running.process._vault
        today = dt.datetime.now(dt.UTC).date()
        day = dt.timedelta(days=1)
        assert await asyncio.to_thread(vault.keyring.destroy, record.tenant, today - day, today) == 1
        parts(it).clear()
        assert await ask(it, "Where is my parcel?") == "miss"
        await until(lambda: all(held.newest >= 0 and not held.oldest for held in parts(it)._caches.values()))
        assert await ask(it, AGAIN) == "miss"
        assert failures(it) == {}
        await parts(it).keeping.written()
        await asyncio.to_thread(parts(it).keeping.sweep)
        assert record.id not in {each.id for each in stored(url, identity(it))}
        assert len(stored(url, identity(it))) == 2
