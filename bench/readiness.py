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
_ANSWER_SECONDS = 1.0


def wait_for_answer(url: str, process: Process, seconds: float, *, ca: Path | None = None, expect: int = 200) -> float:
    """Ask `url` again and again until it answers as expected; the seconds since the process was started.

    Raises `Failed` when the process ends first or time is up.
    """
    deadline = time.perf_counter() + seconds
    seen = "no answer"
    while time.perf_counter() < deadline:
        if process.ended is not None:
            raise Failed(f"ended at its start with status {process.ended}: {process.last_words()}")
        try:
            status = _ask(url, ca)
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


def open_connection(url: str, seconds: float, ca: Path | None) -> http.client.HTTPConnection:
    """A connection to the URL's host that is given so long for each answer; over TLS where there is a `ca`."""
    parts = urlsplit(url)
    assert parts.hostname
    if ca is None:
        return http.client.HTTPConnection(parts.hostname, parts.port, timeout=seconds)
    context = ssl.create_default_context(cafile=str(ca))
    return http.client.HTTPSConnection(parts.hostname, parts.port, timeout=seconds, context=context)


def _ask(url: str, ca: Path | None) -> int:
    connection = open_connection(url, _ANSWER_SECONDS, ca)
    try:
        connection.request("GET", urlsplit(url).path)
        reply = connection.getresponse()
        reply.read()
        return reply.status
    finally:
        connection.close()
