"""Waiting until a server answers."""

from __future__ import annotations

import http.client
import ssl
import time
from pathlib import Path
from urllib.parse import urlsplit

from bench.errors import Failed
from bench.process import Process

_PAUSE_SECONDS = 0.002


def wait_for_answer(url: str, process: Process, seconds: float, *, ca: Path | None = None, expect: int = 200) -> float:
    """Ask `url` again and again until it answers as expected; the seconds since the process was started.

    Raises `Failed` when the process ends first or time is up.
    """
    context = ssl.create_default_context(cafile=str(ca)) if ca else None
    deadline = time.perf_counter() + seconds
    seen = "no answer"
    while time.perf_counter() < deadline:
        if process.ended is not None:
            raise Failed(f"ended at its start with status {process.ended}: {process.last_words()}")
        try:
            status = _ask(url, context)
        except (OSError, http.client.HTTPException) as error:
            seen = type(error).__name__
        else:
            if status == expect:
                return time.perf_counter() - process.started
            seen = f"status {status}"
        time.sleep(_PAUSE_SECONDS)
    raise Failed(f"not ready after {seconds:.0f} s: {seen}")


def wait_for_file(path: Path, process: Process, seconds: float) -> str:
    """The content of a file that the process writes when it knows its address."""
    deadline = time.perf_counter() + seconds
    while time.perf_counter() < deadline:
        if path.exists() and (text := path.read_text()):
            return text
        if process.ended is not None:
            break
        time.sleep(_PAUSE_SECONDS)
    raise Failed(f"did not say where it listens: {process.last_words()}")


def _ask(url: str, context: ssl.SSLContext | None) -> int:
    parts = urlsplit(url)
    assert parts.hostname
    connection: http.client.HTTPConnection
    if context:
        connection = http.client.HTTPSConnection(parts.hostname, parts.port, timeout=1, context=context)
    else:
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=1)
    try:
        connection.request("GET", parts.path)
        reply = connection.getresponse()
        reply.read()
        return reply.status
    finally:
        connection.close()
