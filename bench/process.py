"""Processes pinned to a core, what their tree has used, and their certain end. Linux only: reads /proc."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from bench.venue import without_paths

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
STOP_SECONDS = 5.0
_UTIME, _STIME, _CUTIME, _CSTIME = 11, 12, 13, 14  # proc(5), /proc/pid/stat, counted after the command's ")"


class Process:
    """A child process on one core, with its output in a log file; ended with all its children on leaving."""

    def __init__(
        self,
        argv: Sequence[str],
        *,
        core: int,
        log: Path,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        talk: bool = False,
    ) -> None:
        """Start it. `talk` connects its standard input and output to us instead of to nothing and the log."""
        self.log = log
        self.started = time.perf_counter()
        with log.open("wb") as output, pinned(core):
            self._popen: subprocess.Popen[bytes] = subprocess.Popen(
                list(argv),
                env={**os.environ, **(env or {})},
                cwd=cwd,
                stdin=subprocess.PIPE if talk else subprocess.DEVNULL,
                stdout=subprocess.PIPE if talk else output,
                stderr=output,
                start_new_session=True,  # Ctrl-C reaches us alone, and we end it in order
            )
        self.pid = self._popen.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def ended(self) -> int | None:
        """Its exit status, or None while it runs."""
        return self._popen.poll()

    @property
    def stdin(self) -> IO[bytes]:
        assert self._popen.stdin is not None
        return self._popen.stdin

    @property
    def stdout(self) -> IO[bytes]:
        assert self._popen.stdout is not None
        return self._popen.stdout

    def cpu_seconds(self) -> float:
        """User and system time of the tree so far, to 10 ms."""
        return sum(_cpu_ticks(pid) for pid in tree(self.pid)) / TICKS_PER_SECOND

    def memory_mb(self) -> float:
        """Resident memory of the tree in MB, shared pages counted once (PSS)."""
        return sum(_pss_kb(pid) for pid in tree(self.pid)) * 1024 / 1e6

    def last_words(self) -> str:
        """The last line of its log, to say why it ended, fit to be published."""
        lines = self.log.read_text(errors="replace").strip().splitlines()
        return without_paths(lines[-1].strip()) if lines else "(it said nothing)"

    def stop(self) -> None:
        """Ask it to end, wait a little, then end what is left of its session."""
        try:
            if self.ended is None:
                self._popen.terminate()
                with suppress(subprocess.TimeoutExpired):
                    self._popen.wait(STOP_SECONDS)
        finally:  # also when Ctrl-C is pressed once more
            for pid in _pids():
                if _session(pid) == self.pid:
                    with suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
            self._popen.wait()
        for pipe in (self._popen.stdin, self._popen.stdout):
            if pipe:
                with suppress(BrokenPipeError):
                    pipe.close()


@contextmanager
def pinned(core: int) -> Iterator[None]:
    """Run the body, and whatever it starts, on one core; then go back to where we were."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def tree(root: int) -> list[int]:
    """`root` and all its descendants that are alive."""
    children: dict[int, list[int]] = defaultdict(list)
    for pid in _pids():
        if fields := _stat(pid):
            children[int(fields[1])].append(pid)
    found = [root] if _stat(root) else []
    for pid in found:  # grows while we walk it
        found.extend(children[pid])
    return found


class CpuMeter:
    """CPU time of one process tree since the meter was made."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._since, self._before = time.perf_counter(), process.cpu_seconds()

    def read(self) -> tuple[float, float]:
        """CPU seconds, and the share of a core that this is."""
        cpu = self._process.cpu_seconds() - self._before
        return cpu, cpu / (time.perf_counter() - self._since)


class StrangerMeter:
    """CPU time that programs we did not start took of our cores since the meter was made."""

    def __init__(self, cores: Iterable[int]) -> None:
        self._cores = set(cores)
        self._since, self._before = time.perf_counter(), self._seconds()

    def read(self) -> float:
        """The share of a core."""
        return max(0.0, self._seconds() - self._before) / (time.perf_counter() - self._since)

    def _seconds(self) -> float:
        ours = sum(_cpu_ticks(pid) for pid in tree(os.getpid())) / TICKS_PER_SECOND
        return _busy_seconds(self._cores) - ours


def _busy_seconds(cores: set[int]) -> float:
    """What programs used of the cores so far (user, nice, system); interrupts belong to whom they serve."""
    names = {f"cpu{core}" for core in cores}
    lines = (line.split() for line in Path("/proc/stat").read_text().splitlines())
    return sum(sum(map(int, line[1:4])) for line in lines if line[0] in names) / TICKS_PER_SECOND


def _pids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _stat(pid: int) -> list[str] | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = text.rpartition(")")[2].split()
    return None if fields[0] == "Z" else fields


def _session(pid: int) -> int | None:
    fields = _stat(pid)
    return int(fields[3]) if fields else None


def _cpu_ticks(pid: int) -> int:
    fields = _stat(pid)
    return sum(int(fields[at]) for at in (_UTIME, _STIME, _CUTIME, _CSTIME)) if fields else 0


def _pss_kb(pid: int) -> int:
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))
