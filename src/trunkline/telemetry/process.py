"""What the operating system knows about this process."""

import os
import resource
import time
from collections.abc import Mapping
from pathlib import Path

from trunkline.telemetry.metrics import Labels, Metrics

_PROC = Path("/proc/self")


def watch(metrics: Metrics, version: str) -> None:
    """Have the process's own gauges read with every snapshot of `metrics`, from whose worker this is called."""
    started = time.time()
    metrics.gauge("trunkline_start_time_seconds", lambda: started)
    metrics.gauge("trunkline_build_info", lambda: {(version,): 1})
    metrics.gauge("trunkline_max_fds", lambda: resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    metrics.gauge("trunkline_resident_memory_bytes", _resident)
    metrics.gauge("trunkline_open_fds", _open_fds)


def _resident() -> Mapping[Labels, float]:
    """Bytes; nothing where there is no /proc."""
    try:
        pages = int((_PROC / "statm").read_bytes().split()[1])
    except OSError:
        return {}
    return {(): pages * os.sysconf("SC_PAGE_SIZE")}


def _open_fds() -> Mapping[Labels, float]:
    """Nothing where there is no /proc, and when none is left to look with."""
    try:
        count = len(os.listdir(_PROC / "fd"))  # noqa: PTH208  # names are enough, and Path.iterdir makes an object of each
    except OSError:
        return {}
    return {(): count - 1}  # without the one that was open for looking
