"""Whoever reads the log, or does not: the gateway goes on, and what was lost is counted."""

import fcntl
import io
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from trunkline.telemetry.sink import MOST_WAITING, Sink

PATIENCE = 10.0
"""Seconds within which what must happen has happened."""
AT_ONCE = 1.0
"""Seconds, far more than what does not wait takes on a busy machine, and less than anything that waits."""


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """The reading and the writing end of a pipe; a test may close either."""
    ends = os.pipe()
    yield ends
    for end in ends:
        if Path(f"/proc/self/fd/{end}").exists():
            os.close(end)


def read_all(end: int) -> bytes:
    """Everything up to the end of the pipe."""
    return b"".join(iter(lambda: os.read(end, 65536), b""))


def until(ready: Callable[[], bool]) -> None:
    """Returns once another thread has made `ready()` true."""
    last = time.monotonic() + PATIENCE
    while not ready():
        assert time.monotonic() < last
        time.sleep(0.001)


def fill(end: int) -> int:
    """Write until the pipe takes no more; how many bytes that were."""
    os.set_blocking(end, False)
    written = 0
    try:
        while True:
            written += os.write(end, b"x" * 4096)
    except BlockingIOError:
        os.set_blocking(end, True)
        return written


def test_lines_arrive_in_their_order_and_whole(tmp_path: Path) -> None:
    lines = [b"%d %b\n" % (number, b"x" * (number % 700)) for number in range(5000)]
    with (tmp_path / "log").open("wb") as file:
        sink = Sink(file)
    for line in lines:
        sink.put(line)
    sink.close()
    assert (tmp_path / "log").read_bytes() == b"".join(lines)
    assert sink.dropped == 0


def test_threads_may_write_at_once(tmp_path: Path) -> None:
    with (tmp_path / "log").open("wb") as file:
        sink = Sink(file)

    def write(name: int) -> None:
        for number in range(1000):
            sink.put(b"%d-%d\n" % (name, number))

    threads = [threading.Thread(target=write, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sink.close()
    written = (tmp_path / "log").read_bytes().splitlines()
    assert sorted(written) == sorted(b"%d-%d" % (name, n) for name in range(4) for n in range(1000))


def test_a_reader_that_reads_nothing_holds_nobody_up(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    fill(writer)
    with os.fdopen(os.dup(writer), "wb") as stream:
        sink = Sink(stream)
    line, count = b"x" * 1023 + b"\n", MOST_WAITING // 1024
    began = time.monotonic()
    for _ in range(2 * count):
        sink.put(line)
    assert time.monotonic() - began < PATIENCE / 2
    assert sink.dropped == count
    os.close(reader)  # lets the writing thread go
    sink.close()
    assert sink.dropped == 2 * count


def test_closing_does_not_wait_for_a_reader_for_ever(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    fill(writer)
    with os.fdopen(os.dup(writer), "wb") as stream:
        sink = Sink(stream, patience=0.05)
    sink.put(b"never read\n")
    began = time.monotonic()
    sink.close()
    assert time.monotonic() - began < AT_ONCE
    os.close(reader)


def test_a_pipe_whose_reader_is_gone_loses_lines_and_nothing_else(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    with os.fdopen(os.dup(writer), "wb") as stream:
        sink = Sink(stream)
    os.close(reader)
    sink.put(b"one\ntwo\n")
    sink.close()
    assert sink.dropped == 2


def test_a_full_disk_loses_lines_and_nothing_else() -> None:
    with Path("/dev/full").open("wb") as stream:
        sink = Sink(stream)
    sink.put(b"one\n")
    sink.close()
    assert sink.dropped == 1


def test_no_standard_error_at_all_loses_lines_and_nothing_else() -> None:
    closed = io.StringIO()
    closed.close()
    for stream in (None, closed, io.StringIO()):
        sink = Sink(stream)
        sink.put(b"one\n")
        sink.close()
        assert sink.dropped == 1


def test_a_stream_closed_by_somebody_else_is_still_ours(tmp_path: Path) -> None:
    with (tmp_path / "log").open("wb") as stream:
        sink = Sink(stream)
        number = stream.fileno()
    other = os.open(tmp_path / "other", os.O_WRONLY | os.O_CREAT)
    assert other == number, "the number is used again, as that of a client's socket would be"
    sink.put(b"one\n")
    sink.close()
    os.close(other)
    assert (tmp_path / "log").read_bytes() == b"one\n"
    assert (tmp_path / "other").read_bytes() == b""


def test_a_descriptor_that_another_process_made_non_blocking_is_waited_for(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    filled = fill(writer)
    os.set_blocking(writer, False)
    with os.fdopen(os.dup(writer), "wb") as stream:
        sink = Sink(stream)
    os.close(writer)
    sink.put(b"one\n")
    received: list[bytes] = []
    thread = threading.Thread(target=lambda: received.append(read_all(reader)))
    thread.start()
    sink.close()
    thread.join(PATIENCE)
    assert received == [b"x" * filled + b"one\n"]
    assert sink.dropped == 0


def test_half_a_line_does_not_swallow_the_next(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    size = fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    os.set_blocking(writer, False)
    with os.fdopen(os.dup(writer), "wb") as stream:
        sink = Sink(stream, patience=0.05)
    os.close(writer)
    sink.put(b"y" * size + b"\n")  # the pipe takes all but the line's end
    until(lambda: sink.dropped == 1)
    first = os.read(reader, size)
    sink.put(b"two\n")
    sink.close()
    assert first == b"y" * size
    assert read_all(reader) == b"\ntwo\n"
    assert sink.dropped == 1
