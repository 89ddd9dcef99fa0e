"""The process's own gauges tell what the operating system says."""

import os
import re
import resource
import time
from pathlib import Path

from tests.telemetry.samples import Samples

from trunkline.telemetry import process
from trunkline.telemetry.metrics import Metrics


def test_the_gauges_of_a_process_are_real() -> None:
    metrics = Metrics()
    process.watch(metrics, "1.2.3")
    read = Samples(metrics)
    assert read.value("trunkline_build_info", version="1.2.3") == 1
    assert abs(time.time() - (read.value("trunkline_start_time_seconds") or 0)) < 60
    (resident,) = re.findall(r"VmRSS:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"))
    assert abs((read.value("trunkline_resident_memory_bytes") or 0) - int(resident) * 1024) < 20_000_000
    assert read.value("trunkline_max_fds") == resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def test_open_files_are_counted() -> None:
    metrics = Metrics()
    process.watch(metrics, "1.2.3")
    before = Samples(metrics).value("trunkline_open_fds")
    assert before is not None
    one = os.open(Path(__file__), os.O_RDONLY)
    try:
        assert Samples(metrics).value("trunkline_open_fds") == before + 1
    finally:
        os.close(one)
