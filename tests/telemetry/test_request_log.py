"""One line for each request, whatever the client put into it."""

import asyncio
import os
import re
import tempfile
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.aio import within
from tests.telemetry.reading import parsed

from trunkline.telemetry.lines import Format, Level
from trunkline.telemetry.log import configure
from trunkline.telemetry.request_log import GATHERED, REMEMBERED, RequestLog

USUAL: dict[str, Any] = {
    "request": "0193f0a0-1111-7222-8333-444455556666",
    "label": "",
    "client": "127.0.0.1",
    "key": "support-backend",
    "path": "/v1/chat/completions",
    "model": "support-bot",
    "provider": "openai",
    "served": "gpt-4o",
    "status": 200,
    "stream": True,
    "attempts": 1,
    "seconds": 0.8125,
    "first": 0.25,
    "overhead": 0.00021,
    "cost": 123_456,
    "error": "",
    "detail": "",
}


async def logged(*requests: dict[str, Any], shape: Format = "json", level: Level = "info") -> bytes:
    """The lines of `requests`, each of which is as in `USUAL` where it says nothing else."""
    with tempfile.TemporaryFile() as file:
        log = configure(shape, level, file)
        request_log = RequestLog(log)
        for request in requests:
            request_log.line(**{**USUAL, **request})
        request_log.close()
        log.close()
        file.seek(0)
        return file.read()


@pytest.mark.parametrize("stream", [False, True])
async def test_a_request_is_an_object_on_a_line(stream: bool) -> None:
    (line,) = parsed(await logged({"stream": stream, "first": 0.25 if stream else None}))
    assert list(line)[:3] == ["time", "level", "event"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line.pop("time"))
    assert line == {
        "level": "info",
        "event": "request",
        "status": 200,
        "request": "0193f0a0-1111-7222-8333-444455556666",
        "label": "",
        "client": "127.0.0.1",
        "key": "support-backend",
        "path": "/v1/chat/completions",
        "model": "support-bot",
        "provider": "openai",
        "served": "gpt-4o",
        "stream": stream,
        "attempts": 1,
        "duration_ms": 812.5,
        "first_output_ms": 250.0 if stream else None,
        "overhead_ms": 0.21,
        "cost_nanodollars": 123_456,
        "error": "",
        "detail": "",
    }


async def test_the_console_leaves_out_what_is_empty() -> None:
    line = await logged({"cost": -1, "first": None}, shape="console")
    assert line.decode().partition(" ")[2] == (
        "info    request status=200 request=0193f0a0-1111-7222-8333-444455556666 client=127.0.0.1 key=support-backend "
        "path=/v1/chat/completions model=support-bot provider=openai served=gpt-4o stream=true attempts=1 "
        "duration_ms=812.5 overhead_ms=0.21\n"
    )


async def test_a_fault_of_the_servers_side_is_a_warning() -> None:
    caller = {"status": 404, "error": "model_not_found"}
    provider = {"status": 502, "error": "upstream_server_error"}
    truncated = {"status": 200, "error": "stream_truncated"}
    all_of_them: tuple[dict[str, Any], ...] = ({}, caller, provider, truncated)
    assert [line["level"] for line in parsed(await logged(*all_of_them))] == ["info", "info", "warning", "warning"]
    assert [line["status"] for line in parsed(await logged(*all_of_them, level="warning"))] == [502, 200]
    assert await logged(*all_of_them, level="error") == b""


HOSTILE = st.text(max_size=300) | st.sampled_from(["x" * 1_000_000, "\ud800", 'a"b\\c\n', "\x1b[31m", "\u2028", "\x00"])
SHAPES: list[Format] = ["json", "console"]


@given(HOSTILE, HOSTILE, HOSTILE, HOSTILE, st.sampled_from(SHAPES))
@within(20)
async def test_whatever_a_client_sends_is_one_bounded_line(
    model: str, label: str, path: str, detail: str, shape: Format
) -> None:
    line = await logged({"model": model, "label": label, "path": path, "detail": detail}, shape=shape)
    assert line.count(b"\n") == 1
    assert len(line) < 6000
    assert not re.search(rb"[\x00-\x09\x0b-\x1f]", line)
    assert b"gpt-4o" in line


TOKEN = st.from_regex(r"[A-Za-z0-9_-]{20,40}Zq9", fullmatch=True)


@given(
    TOKEN, st.sampled_from(["sk-{}", "Bearer {}", "gpt?key={}"]), st.sampled_from(["model", "label", "path", "detail"])
)
@within(20)
async def test_a_secret_where_a_name_belongs_is_not_written(token: str, form: str, field: str) -> None:
    assert token.encode() not in await logged({field: form.format(token)})


async def test_more_names_than_are_remembered_are_all_written() -> None:
    lines = parsed(await logged(*({"model": f"model-{number}"} for number in range(REMEMBERED + 50))))
    assert [line["model"] for line in lines] == [f"model-{number}" for number in range(REMEMBERED + 50)]


async def test_lines_are_written_together_when_there_are_many_and_soon_when_there_are_few() -> None:
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb", buffering=0) as lines, os.fdopen(writer, "wb") as stream:
        log = configure("json", "info", stream)
        request_log = RequestLog(log)
        request_log.line(**USUAL)
        few = await asyncio.to_thread(lines.read, 2 * GATHERED)
        for _ in range(GATHERED // len(few) + 1):
            request_log.line(**USUAL)
        many = await asyncio.to_thread(lines.read, 2 * GATHERED)
        request_log.close()
        log.close()
    assert few.count(b"\n") == 1
    assert many.count(b"\n") > 100


async def test_a_log_that_nobody_reads_holds_up_no_request() -> None:
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb"), os.fdopen(writer, "wb") as stream:
        log = configure("json", "info", stream)
        request_log = RequestLog(log)
        while not log.sink.dropped:  # the test's own bound is the assertion: nothing here may wait
            request_log.line(**USUAL)
        request_log.close()
    log.close()
