"""What the control plane answers, over real sockets."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics_families
from prometheus_client.parser import text_string_to_metric_families
from tests.control.client import ask, control_plane, two_workers
from tests.telemetry.reading import log_to, objects

from trunkline.control.app import HEADERS


async def collected() -> list[bytes]:
    """The metrics of two workers."""
    return [worker.snapshot() for worker in two_workers()]


@pytest.mark.parametrize(
    ("accept", "kind", "parse"),
    [
        ("*/*", "text/plain; version=0.0.4; charset=utf-8", text_string_to_metric_families),
        (
            "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=0.0.4;q=0.3",
            "application/openmetrics-text; version=1.0.0; charset=utf-8",
            open_metrics_families,
        ),
    ],
)
async def test_metrics_of_all_workers_are_added_up(accept: str, kind: str, parse: Callable[[str], object]) -> None:
    async with control_plane(collect=collected) as plane:
        reply = await ask(plane, "/metrics", headers={"Accept": accept})
    assert (reply.status, reply.headers["content-type"]) == (200, kind)
    assert parse(reply.body.decode())
    assert (
        b'trunkline_requests_total{model="openai/gpt-4o",provider="openai",status="200",stream="true"} 3.0\n'
        in reply.body
    )


async def test_many_may_read_the_metrics_at_once() -> None:
    async with control_plane(collect=collected) as plane:
        replies = await asyncio.gather(*(ask(plane, "/metrics") for _ in range(8)))
    assert {reply.status for reply in replies} == {200}
    assert len({reply.body for reply in replies}) == 1


async def test_health_tells_whether_traffic_may_come_and_why_not() -> None:
    async with control_plane() as plane:
        assert (await ask(plane, "/health/live")).json == {"status": "live"}
        reply = await ask(plane, "/health/ready")
        assert (reply.status, reply.json) == (200, {"status": "ready", "reasons": []})
    async with control_plane(unready=["shutting down"]) as plane:
        assert (await ask(plane, "/health/live")).status == 200
        reply = await ask(plane, "/health/ready")
        assert (reply.status, reply.json) == (503, {"status": "unready", "reasons": ["shutting down"]})


async def test_the_version_is_told() -> None:
    async with control_plane() as plane:
        assert (await ask(plane, "/version")).json == {"name": "trunkline", "version": "1.2.3"}


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE"])
async def test_only_get_is_taken(method: str) -> None:
    async with control_plane() as plane:
        reply = await ask(plane, "/version", method)
    assert reply.status == 405
    assert set(reply.headers["allow"].split(", ")) == {"GET", "HEAD"}


async def test_head_is_get_without_a_body() -> None:
    async with control_plane() as plane:
        reply = await ask(plane, "/version", "HEAD")
    assert (reply.status, reply.body) == (200, b"")


async def test_an_unknown_path_is_told() -> None:
    async with control_plane() as plane:
        reply = await ask(plane, "/metrics/<script>")
    assert reply.status == 404
    assert reply.headers["content-type"] == "application/json"
    assert b"unknown_url" in reply.body


@pytest.mark.parametrize("path", ["/version", "/metrics", "/health/ready", "/nothing"])
async def test_every_answer_has_strict_headers(path: str) -> None:
    async with control_plane() as plane:
        reply = await ask(plane, path)
        refused = await ask(plane, path, headers={"Host": "evil.example"})
    for headers in (reply.headers, refused.headers):
        assert HEADERS.items() <= headers.items()
        assert "date" in headers
        assert "server" not in headers


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:4001", "127.0.0.1", "127.0.0.1:80", "127.8.8.8", "[::1]", "[::1]:4001"]
)
async def test_a_local_host_is_answered(host: str) -> None:
    async with control_plane() as plane:
        assert (await ask(plane, "/version", headers={"Host": host})).status == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "10.0.0.1", "[::2]", "[", "", "local host"],
)
async def test_a_page_whose_name_was_rebound_to_this_machine_is_not_answered(host: str) -> None:
    async with control_plane() as plane:
        reply = await ask(plane, "/metrics", headers={"Host": host})
    assert (reply.status, reply.json["error"]) == (
        403,
        {"code": "local_only", "message": "Only a local Host is answered here, such as localhost or 127.0.0.1."},
    )


async def test_where_others_may_connect_any_host_is_answered() -> None:
    async with control_plane(host="0.0.0.0") as plane:
        assert (await ask(plane, "/version", headers={"Host": "trunkline.internal:4001"})).status == 200


async def test_two_hosts_are_none() -> None:
    async with control_plane() as plane:
        reader, writer = await asyncio.open_connection(*plane.address)
        writer.write(b"GET /version HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n")
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
    assert answer.startswith(b"HTTP/1.1 403 ")


async def test_workers_that_do_not_answer_are_not_waited_for_for_ever() -> None:
    async def silent() -> list[bytes]:
        await asyncio.Event().wait()
        return []

    async with control_plane(collect=silent, patience=0.05) as plane:
        reply = await ask(plane, "/metrics")
    assert reply.status == 503
    assert b"workers_silent" in reply.body


async def test_a_bug_is_told_as_one_and_is_in_the_log_without_its_secrets(tmp_path: Path) -> None:
    async def broken() -> list[bytes]:
        raise ValueError("a worker said sk-abcdefghijklmnop")

    with log_to(tmp_path / "log"):
        async with control_plane(collect=broken) as plane:
            reply = await ask(plane, "/metrics")
    assert reply.status == 500
    assert reply.json["error"] == {
        "code": "internal_error",
        "message": "Trunkline failed at this request. Its log has the reason.",
    }
    (event,) = objects(tmp_path / "log")
    assert (event["level"], event["exception"]) == ("error", "ValueError: a worker said [redacted]")
    assert "sk-abc" not in str(event)
