"""Pictures by address for models that take only bytes: what is fetched, and that nothing else is called."""

import base64
import contextlib
from collections.abc import Iterator
from typing import Any

import msgspec
import openai
import pytest
from tests.compatibility.scenario import PICTURE
from tests.e2e.formats.hall import Hall
from tests.e2e.formats.upstreams import HELLO, MODELS
from tests.faults import http1
from tests.faults.connection import Exchange
from tests.faults.fault import Fault
from tests.faults.server import FaultServer
from tests.running import Background

from trunkline.formats.conversation import File, Image, Message, Request, ToolResult
from trunkline.gateway.errors import CannotExpress
from trunkline.gateway.fetching import MOST_AT_ONCE, Allowed, Fetcher, kind_of
from trunkline.transport.deadlines import Deadlines
from trunkline.transport.exchange import Upstream
from trunkline.transport.pool import Origin, Pool

ALLOWED = Allowed(hosts=("127.0.0.1", "*.example.com"), most=100_000, time=0.3)


async def answer(x: Exchange) -> None:
    """By the path."""
    path = x.request.target.partition("?")[0]
    if path == "/slow.png":
        await x.peer_ends()
    elif path == "/moved.png":
        await x.send(http1.message(302, b"", [("location", "/picture.png")]))
    elif path == "/missing.png":
        await x.send(http1.message(404, b"nothing"))
    elif path == "/page.png":
        await x.send(http1.message(200, b"<html>", [("content-type", "image/png")]))
    elif path == "/large.png":
        await x.send(http1.message(200, PICTURE + bytes(100_000)))
    elif path == "/empty.png":
        await x.send(http1.message(200, b""))
    elif path == "/notes.txt":
        await x.send(http1.message(200, b"some notes", [("content-type", "text/plain; charset=utf-8")]))
    else:
        await x.send(http1.message(200, PICTURE, [("content-type", "application/octet-stream")]))


SERVER = Fault("pictures", "Has pictures.", None, None, answer=answer)


def near(origin: Origin, deadlines: Deadlines) -> Upstream:
    """Leads to loopback addresses, too."""
    return Pool(msgspec.structs.replace(origin, allow_private=True), deadlines)


@contextlib.contextmanager
def pictures(*urls: str) -> Iterator[Request]:
    """A request with these pictures."""
    parts: list[Any] = [Image(url=url) for url in urls]
    yield Request(format="openai_chat", messages=[Message(role="user", parts=parts, at="messages[0]")])


async def inline(*urls: str, allowed: Allowed = ALLOWED, **options: Any) -> list[Any]:
    deadlines = Deadlines()
    with pictures(*urls) as request:
        await Fetcher(deadlines, **({"reach": near} | options)).inline(request, allowed)
        return list(request.messages[0].parts)


async def refused(*urls: str, **options: Any) -> str:
    with pytest.raises(CannotExpress) as caught:
        await inline(*urls, **options)
    assert caught.value.param == "messages[0]"
    return caught.value.message


async def test_a_picture_comes_as_its_bytes() -> None:
    async with FaultServer(SERVER) as server:
        url = server.url.removesuffix("/v1")
        [part] = await inline(f"{url}/picture.png?size=1#there")
        assert base64.b64decode(part.data) == PICTURE
        assert (part.url, part.media_type) == ("", "image/png")
        [request] = server.requests
        assert (request.method, request.target) == ("GET", "/picture.png?size=1")
        assert request.header("host") == f"127.0.0.1:{server.port}"
        assert request.header("authorization") is None


async def test_one_address_is_fetched_once() -> None:
    async with FaultServer(SERVER) as server:
        url = server.url.removesuffix("/v1")
        parts = await inline(f"{url}/a.png", f"{url}/b.png", f"{url}/a.png")
        assert [bool(part.data) for part in parts] == [True, True, True]
        assert sorted(request.target for request in server.requests) == ["/a.png", "/b.png"]


async def test_what_a_tool_shows_and_files_are_fetched_as_well() -> None:
    async with FaultServer(SERVER) as server:
        url = server.url.removesuffix("/v1")
        shown, notes = Image(url=f"{url}/a.png"), File(url=f"{url}/notes.txt")
        said = Message(role="user", parts=[ToolResult(call="c", content=[shown]), notes], at="messages[0]")
        system = Message(role="system", parts=[Image(url=f"{url}/b.png")], at="system")
        request = Request(format="anthropic_messages", instructions=system, messages=[said])
        await Fetcher(Deadlines(), near).inline(request, ALLOWED)
        assert base64.b64decode(shown.data) == PICTURE
        assert (base64.b64decode(notes.data), notes.media_type) == (b"some notes", "text/plain")
        assert isinstance(system.parts[0], Image)
        assert system.parts[0].data


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/slow.png", "took longer than 0.3 s"),
        ("/moved.png", "answered 302"),
        ("/missing.png", "answered 404"),
        ("/page.png", "is no picture"),
        ("/notes.txt", "is no picture"),
        ("/large.png", "too_large"),
        ("/empty.png", "answered with nothing"),
    ],
)
async def test_what_cannot_be_had_is_told(path: str, words: str) -> None:
    async with FaultServer(SERVER) as server:
        assert words in await refused(server.url.removesuffix("/v1") + path)
        assert len(server.requests) == 1, "redirects are not followed"


async def test_a_host_that_is_not_allowed_is_not_called() -> None:
    async with FaultServer(SERVER) as server:
        url = server.url.removesuffix("/v1")
        for hosts in ((), ("images.example.com",), ("*.0.0.1.example.com",)):
            assert "may not fetch from 127.0.0.1" in await refused(f"{url}/a.png", allowed=Allowed(hosts=hosts))
        assert server.connections == []


async def test_a_private_address_is_never_called() -> None:
    async with FaultServer(SERVER) as server:
        url = server.url.removesuffix("/v1")
        assert "blocked" in await refused(f"{url}/a.png", reach=Pool)
        local = Allowed(hosts=("localhost",), time=1.0)
        assert "blocked" in await refused(f"http://localhost:{server.port}/a.png", reach=Pool, allowed=local)
        assert server.connections == []


@pytest.mark.parametrize(
    "url",
    [
        "http://",
        "http://[::1",
        "http://127.0.0.1:99999/a.png",
        "http://127.0.0.1:x/a.png",
        "http:///a.png",
        f"http://{'a' * 64}.example.com/",
        f"http://{'a.' * 130}example.com/",
        "http://x..example.com/",
    ],
)
async def test_what_is_no_address_is_told(url: str) -> None:
    assert await refused(url)


@pytest.mark.parametrize("path", ["a b", "a\r\nx-evil: 1", "ü.png", "a\x00b"])
async def test_no_address_makes_a_header(path: str) -> None:
    async with FaultServer(SERVER) as server:
        url = f"{server.url.removesuffix('/v1')}/{path}"
        assert "percent-encoded" in await refused(url)
        assert server.connections == []


async def test_one_that_cannot_be_had_ends_the_others() -> None:
    async with FaultServer(SERVER) as server:
        url = server.url.removesuffix("/v1")
        slow = Allowed(hosts=("127.0.0.1",), time=60.0)
        assert "404" in await refused(f"{url}/slow.png", f"{url}/missing.png", allowed=slow)
        for connection in server.connections:
            await server.closed(connection, within=1)


async def test_no_more_is_fetched_than_one_request_may_name() -> None:
    async with FaultServer(SERVER) as server:
        url = server.url.removesuffix("/v1")
        await inline(*[f"{url}/{n}.png" for n in range(MOST_AT_ONCE)])
        assert len(server.requests) == MOST_AT_ONCE
        assert "more than 20 addresses" in await refused(*[f"{url}/{n}.png" for n in range(MOST_AT_ONCE + 1)])
        assert len(server.requests) == MOST_AT_ONCE


async def test_what_needs_no_fetching_is_left_alone() -> None:
    parts: list[Any] = [Image(data="aGFsbG8=", url=""), Image(file_id="file-1"), Image(url="gs://bucket/a.png")]
    request = Request(format="openai_chat", messages=[Message(role="user", parts=parts, at="messages[0]")])
    await Fetcher(Deadlines()).inline(request, Allowed())
    assert [part.url for part in parts] == ["", "", "gs://bucket/a.png"]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (PICTURE, "image/png"),
        (b"\xff\xd8\xff\xe0JFIF", "image/jpeg"),
        (b"GIF89a..", "image/gif"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"RIFF\x00\x00\x00\x00WAVE", ""),
        (b"%PDF-1.7", "application/pdf"),
        (b"", ""),
    ],
)
def test_a_picture_is_known_by_its_first_bytes(body: bytes, kind: str) -> None:
    assert kind_of(body) == kind


# In a request


@pytest.fixture(scope="module")
def hall() -> Iterator[Hall]:
    fetch = {"hosts": ["127.0.0.1"], "timeout": "1s"}
    models = {"bytes-then-urls": {"route": "fallback", "of": [MODELS["google"], MODELS["chat"]]}}
    with Background() as background, Hall(background, fetch=fetch, models=models) as hall:
        hall.running.process.gateway.fetcher._reach = near
        yield hall


def asking(url: str) -> Any:
    parts = [{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": url}}]
    return [{"role": "user", "content": parts}]


@pytest.mark.parametrize("upstream", ["google", "bedrock"])
def test_a_model_that_takes_bytes_gets_bytes(hall: Hall, upstream: str) -> None:
    server = hall.background.enter(FaultServer(SERVER))
    url = f"{server.url.removesuffix('/v1')}/a.png"
    said = hall.openai.chat.completions.create(model=MODELS[upstream], messages=asking(url))
    assert said.choices[0].message.content == HELLO.text
    request = hall.upstreams[upstream].requests[-1]
    asked = hall.upstreams[upstream].speaker.asked(request.target.replace("%3A", ":"), request.json())
    assert asked.pictures == [PICTURE]


def test_a_model_that_takes_addresses_gets_the_address(hall: Hall) -> None:
    server = hall.background.enter(FaultServer(SERVER))
    url = f"{server.url.removesuffix('/v1')}/a.png"
    for model in (MODELS["chat"], MODELS["anthropic"]):
        hall.openai.chat.completions.create(model=model, messages=asking(url))
    assert server.requests == []


def test_what_cannot_be_fetched_is_refused_with_its_place(hall: Hall) -> None:
    server = hall.background.enter(FaultServer(SERVER))
    url = f"{server.url.removesuffix('/v1')}/missing.png"
    with pytest.raises(openai.BadRequestError) as caught:
        hall.openai.chat.completions.create(model=MODELS["google"], messages=asking(url))
    assert (caught.value.param, caught.value.code) == ("messages[0]", "unsupported_parameter")
    assert "answered 404" in caught.value.message
    said = hall.openai.chat.completions.with_raw_response.create(model="bytes-then-urls", messages=asking(url))
    assert said.headers["x-trunkline-provider"] == "chat"
