"""Operational events: one line each, whatever they hold, and nothing of them secret."""

import asyncio
import logging
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.telemetry.reading import log_to, objects

from trunkline.telemetry import lines
from trunkline.telemetry.lines import Format
from trunkline.telemetry.log import LONGEST_LINE, Log
from trunkline.telemetry.redact import Guard

STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def test_an_event_is_an_object_on_a_line(tmp_path: Path) -> None:
    with log_to(tmp_path / "log") as log:
        log.warning("provider_key.benched", provider="openai", why="upstream_auth", attempts=2)
    (event,) = objects(tmp_path / "log")
    assert list(event)[:3] == ["time", "level", "event"]
    assert STAMP.fullmatch(event.pop("time"))
    assert event == {
        "level": "warning",
        "event": "provider_key.benched",
        "provider": "openai",
        "why": "upstream_auth",
        "attempts": 2,
    }


def test_the_console_tells_the_same_for_people(tmp_path: Path) -> None:
    with log_to(tmp_path / "log", "console") as log:
        log.warning("provider_key.benched", provider="openai", why="no credit", attempts=2)
    stamp, _, rest = (tmp_path / "log").read_text().partition(" ")
    assert STAMP.fullmatch(stamp)
    assert rest == 'warning provider_key.benched provider=openai why="no credit" attempts=2\n'


def test_what_is_below_the_level_is_not_written(tmp_path: Path) -> None:
    with log_to(tmp_path / "log", level="warning") as log:
        log.debug("one")
        log.info("two")
        log.warning("three")
        log.error("four")
    assert [event["event"] for event in objects(tmp_path / "log")] == ["three", "four"]


def test_a_report_has_the_level_its_fields_tell(tmp_path: Path) -> None:
    with log_to(tmp_path / "log") as log:
        log.report("config.reloaded", models=3)
        log.report("keys.not_read", problem="the disk is gone")
        log.report("config.rejected", problems=["line 3", "line 7"])
        log.report("request.bug", exception=ValueError("no"))
    assert [event["level"] for event in objects(tmp_path / "log")] == ["info", "warning", "warning", "error"]


def refuse() -> None:
    raise ValueError("the key sk-abcdefghijklmnop is refused\nfor good")


def failing() -> ValueError:
    """An exception with a traceback and a secret in it."""
    with pytest.raises(ValueError, match="refused") as caught:
        refuse()
    return caught.value


def test_an_exception_tells_where_it_came_from_and_no_secret(tmp_path: Path) -> None:
    with log_to(tmp_path / "log") as log:
        log.error("request.bug", exception=failing())
    (event,) = objects(tmp_path / "log")
    assert event["exception"] == "ValueError: the key [redacted] is refused\nfor good"
    assert "in refuse" in event["traceback"]
    assert "sk-abc" not in event["traceback"]


def test_no_line_of_a_traceback_on_the_console_passes_for_an_event(tmp_path: Path) -> None:
    with log_to(tmp_path / "log", "console") as log:
        log.error("request.bug", exception=failing(), detail="a\n2026-01-01T00:00:00.000Z info faked")
    first, *rest = (tmp_path / "log").read_text().splitlines()
    assert STAMP.match(first)
    assert rest
    assert all(line.startswith("    ") for line in rest)


HOSTILE = {
    "line feed": "a\nb",
    "carriage return": "a\r\n",
    "colour": "\x1b[31mred",
    "C1 control": "\x9b31m",
    "line separator": "\u2028",
    "half a surrogate pair": "\ud800",
    "NUL": "\x00",
    "ten megabytes": "x" * 10_000_000,
    "many long": ["y" * 9000] * 1000,
    "no text as a name": {1: 2},
}


@pytest.mark.parametrize("shape", ["json", "console"])
@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_value_stays_on_its_line(tmp_path: Path, shape: Format, value: object) -> None:
    with log_to(tmp_path / "log", shape) as log:
        log.info("before", value=value)
        log.info("after")
    written = (tmp_path / "log").read_bytes()
    assert written.count(b"\n") == 2
    assert len(written) < LONGEST_LINE + 200
    assert not re.search(rb"[\x00-\x09\x0b-\x1f\x7f]", written)
    assert shape == "json" or "\x9b" not in written.decode()


@given(st.text(max_size=20), st.dictionaries(st.text(max_size=10), st.text(max_size=30) | st.integers() | st.floats()))
def test_every_event_is_one_line_in_both_formats(event: str, fields: dict[str, object]) -> None:
    guard = Guard()
    for shape in (lines.json, lines.console):
        line = shape("2026-01-01T00:00:00.000Z", "info", guard.text(event), guard.fields(fields))
        assert line.count(b"\n") == 1
        assert line.endswith(b"\n")
        assert shape is lines.json or line.decode()[:-1].isprintable()


def test_a_field_cannot_take_the_place_of_the_lines_own(tmp_path: Path) -> None:
    with log_to(tmp_path / "log") as log:
        log.warning("real", event="faked", level="info", time="never")
    (event,) = objects(tmp_path / "log")
    assert (event["level"], event["event"], event["event_"]) == ("warning", "real", "faked")


def test_secrets_of_the_configuration_are_hidden(tmp_path: Path) -> None:
    with log_to(tmp_path / "log") as log:
        log.hide(["mistral-has-no-prefix"])
        log.error("upstream.refused", detail="it said: mistral-has-no-prefix is wrong", mistral="mistral-has-no-prefix")
    assert "mistral-has-no-prefix" not in (tmp_path / "log").read_text()


def test_what_libraries_log_goes_the_same_way(tmp_path: Path) -> None:
    before = set(logging.getLogger().handlers)
    with log_to(tmp_path / "log"):
        (ours,) = set(logging.getLogger().handlers) - before
        logging.getLogger("asyncio").error("Task was destroyed: %s", "Bearer abcdefgh", exc_info=failing())
        logging.getLogger("uvicorn.error").info("Started server process")
        mistaken = {"name": "some.library", "levelno": logging.WARNING, "msg": "%d of %d", "args": ("wrong",)}
        ours.handle(logging.makeLogRecord(mistaken))  # itself, for pytest's own handler fails at such a record
    refused, wrong = objects(tmp_path / "log")
    assert (refused["level"], refused["event"]) == ("error", "asyncio")
    assert refused["message"] == "Task was destroyed: Bearer [redacted]"
    assert "in refuse" in refused["traceback"]
    assert (wrong["level"], wrong["event"]) == ("warning", "some.library")
    assert "%d of %d" in wrong["message"]


async def test_a_task_that_dies_unseen_is_in_the_log(tmp_path: Path) -> None:
    loop = asyncio.get_running_loop()
    with log_to(tmp_path / "log"):
        loop.default_exception_handler({"message": "a task died", "exception": failing()})
    (event,) = objects(tmp_path / "log")
    assert event["event"] == "asyncio"
    assert "sk-abc" not in str(event)


def test_a_closed_log_leaves_logging_as_it_was_and_writes_nothing(tmp_path: Path) -> None:
    root = logging.getLogger()
    before = root.level, list(root.handlers)
    with log_to(tmp_path / "log") as log:
        assert (root.level, list(root.handlers)) != before
    assert (root.level, list(root.handlers)) == before
    log.error("too late")
    assert (tmp_path / "log").read_bytes() == b""
    assert log.sink.dropped == 1


def test_threads_may_log_at_once(tmp_path: Path) -> None:
    def tell(log: Log, name: str) -> None:
        for number in range(200):
            log.info("told", name=name, number=number)

    with log_to(tmp_path / "log") as log:
        threads = [threading.Thread(target=tell, args=(log, name)) for name in "abcd"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    events = objects(tmp_path / "log")
    assert sorted((event["name"], event["number"]) for event in events) == [(n, i) for n in "abcd" for i in range(200)]


PROGRAM = """
import os, sys
from trunkline.telemetry.log import configure
stream = sys.stderr
log = configure("json", "info", stream)
log.info("told")
log.close()
print(log.sink.dropped)
"""


def test_a_process_started_without_standard_error_runs_and_counts() -> None:
    command = [sys.executable, "-c", PROGRAM]
    shell = subprocess.run(["sh", "-c", 'exec "$@" 2>&-', "sh", *command], stdout=subprocess.PIPE, check=True)
    assert shell.stdout == b"1\n"
