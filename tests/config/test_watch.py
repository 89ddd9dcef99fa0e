"""Noticing that the file is another. Real files, real notifications; every wait has a bound."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from shutil import rmtree

import pytest

from trunkline.config.watch import changes

Next = Callable[[], Awaitable[None]]


@asynccontextmanager
async def watching(path: Path, in_use: bytes = b"one") -> AsyncIterator[Next]:
    """Gives a function that waits for the next change. In the end, every change must have been waited for."""
    seen: asyncio.Queue[None] = asyncio.Queue()
    digest = hashlib.sha256(in_use).hexdigest()

    async def watch() -> None:
        async for _ in changes(path, digest):
            seen.put_nowait(None)

    task = asyncio.create_task(watch())
    try:
        yield lambda: asyncio.wait_for(seen.get(), 10)
        assert seen.empty()
        assert not task.done()
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.wait_for(task, 5)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "trunkline.yaml"
    file.write_text("one")
    return file


def write(file: Path, content: str) -> None:
    file.write_text(content)


def remove(file: Path) -> None:
    file.unlink()


def replace(file: Path, content: str) -> None:
    """What editors do: write another file and rename it."""
    other = file.with_name(".trunkline.yaml.swp")
    other.write_text(content)
    other.rename(file)


async def test_a_written_file_is_a_change(file: Path) -> None:
    async with watching(file) as change:
        for content in ("two", "three"):
            write(file, content)
            await change()


async def test_a_replaced_file_is_a_change(file: Path) -> None:
    async with watching(file) as change:
        for content in ("two", "three"):
            replace(file, content)
            await change()


async def test_the_swapped_link_of_a_config_map_is_a_change(tmp_path: Path) -> None:
    def publish(version: str) -> None:
        """As a kubelet does (AtomicWriter): a new directory, then a renamed link, then the old one goes."""
        (tmp_path / f"..{version}").mkdir()
        (tmp_path / f"..{version}" / "trunkline.yaml").write_text(version)
        (tmp_path / "..data_tmp").symlink_to(f"..{version}")
        (tmp_path / "..data_tmp").rename(tmp_path / "..data")

    publish("2026_01")
    file = tmp_path / "trunkline.yaml"
    file.symlink_to("..data/trunkline.yaml")
    async with watching(file, b"2026_01") as change:
        publish("2026_02")
        rmtree(tmp_path / "..2026_01")
        await change()
        assert file.read_text() == "2026_02"
        publish("2026_03")
        await change()


async def test_what_a_link_points_to_may_be_in_another_directory(tmp_path: Path, file: Path) -> None:
    link = tmp_path / "elsewhere" / "trunkline.yaml"
    link.parent.mkdir()
    link.symlink_to(file)
    async with watching(link) as change:
        for content in ("two", "three"):
            write(file, content)
            await change()


async def test_the_same_content_and_other_files_are_no_change(file: Path) -> None:
    async with watching(file) as change:
        write(file, "one")
        replace(file, "one")
        write(file.with_name("other"), "two")
        write(file, "two")
        await change()
        replace(file, "two")
        write(file, "three")
        await change()


async def test_a_file_that_is_gone_is_no_change_until_it_is_back(file: Path) -> None:
    async with watching(file) as change:
        for content in ("two", "three"):
            remove(file)
            write(file.with_name("other"), content)
            write(file, content)
            await change()


async def test_what_was_written_before_the_watch_began_is_a_change(file: Path) -> None:
    async with watching(file, b"before") as change:
        await change()


async def test_a_directory_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        await anext(changes(tmp_path / "none" / "trunkline.yaml", "digest"))
