"""Trunkline in front of the real upstreams, as the benchmark starts it, for every API."""

from __future__ import annotations

import json
import os
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from bench.apis import ANTHROPIC, GEMINI, OPENAI, TRANSLATED, Api
from bench.backends import Backends, open_backends
from bench.errors import Failed, Unavailable
from bench.families import RELAYED, SOAKING, TRANSLATION, chosen
from bench.gateway import Gateway, expect_reply, expect_stream, expect_tool_call, running
from bench.measures import ALL, START
from bench.payload import chat_body, tool_body
from bench.peers import Place
from bench.peers.nginx import Nginx
from bench.peers.tensorzero import TensorZero
from bench.peers.trunkline import Trunkline
from bench.process import Process
from bench.replies import whole_reply
from bench.scripts import Pace
from bench.venue import Certificate, Venue

CORE = min(os.sched_getaffinity(0))
APIS = [OPENAI, ANTHROPIC, GEMINI]


@pytest.fixture
def venue(tmp_path: Path) -> Venue:
    issued, authority = trustme.CA(), tmp_path / "authority.pem"
    certificate = issued.issue_cert("127.0.0.1")
    chain, key = tmp_path / "server.pem", tmp_path / "server.key"
    chain.write_bytes(b"".join(blob.bytes() for blob in certificate.cert_chain_pems))
    certificate.private_key_pem.write_to_path(key)
    issued.cert_pem.write_to_path(authority)
    return Venue(CORE, CORE, tmp_path, Certificate(chain, key, authority))


@pytest.fixture
def backends(venue: Venue) -> Iterator[Backends]:
    with open_backends(venue) as found:
        yield found


def post(url: str, body: bytes) -> tuple[str, bytes]:
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as reply:
        return reply.headers["content-type"], reply.read()


@pytest.mark.parametrize("api", APIS, ids=lambda api: api.name)
def test_both_upstreams_answer_in_the_api_of_the_path(backends: Backends, api: Api) -> None:
    fixed, own = (upstream.speaking(api).target().url for upstream in (backends.plain, backends.streaming.upstream))
    text = json.loads(whole_reply(api, with_tools=False))
    assert [json.loads(post(url, chat_body(api.model))[1]) for url in (fixed, own)] == [text, text]
    assert json.loads(post(own, tool_body(api.model))[1]) == json.loads(whole_reply(api, with_tools=True))


def test_the_streaming_upstream_streams_in_the_api_of_the_path(backends: Backends) -> None:
    backends.streaming.pace(Pace(chunks=2, interval=0))
    upstream = backends.streaming.upstream
    asked = chat_body("any", stream=True)
    gemini = f"{upstream.speaking(GEMINI).base_url}/models/{GEMINI.model}:streamGenerateContent"
    replies = [
        post(upstream.target().url, asked),
        post(upstream.speaking(ANTHROPIC).target().url, asked),
        post(f"{gemini}?alt=sse", b"{}"),
        post(gemini, b"{}"),
    ]
    assert [kind.partition(";")[0] for kind, _ in replies] == ["text/event-stream"] * 3 + ["application/json"]
    chat, messages, events, array = (stream for _, stream in replies)
    assert chat.endswith(b"data: [DONE]\n\n")
    assert messages.startswith(b"event: message_start\n")
    assert events.count(b"\r\n\r\n") == 3
    assert len(json.loads(array)) == 3


@pytest.mark.parametrize("api", APIS, ids=lambda api: api.name)
def test_trunkline_gives_an_openai_client_what_the_upstream_says(backends: Backends, venue: Venue, api: Api) -> None:
    peer = Trunkline()
    try:
        peer.prepare()
    except Unavailable as error:
        pytest.skip(str(error))
    backends.streaming.pace(Pace(chunks=5, interval=0.001))
    with running(peer, backends.streaming.upstream.speaking(api), venue) as gateway:
        expect_reply(gateway)
        expect_tool_call(gateway)
        expect_stream(gateway, 5)
        with pytest.raises(Failed, match="5 of 6"):
            expect_stream(gateway, 6)


def test_a_gateway_that_does_not_translate_has_no_figures(backends: Backends, tmp_path: Path) -> None:
    target = backends.streaming.upstream.speaking(ANTHROPIC).target()
    with Process(["sleep", "60"], core=CORE, log=tmp_path / "log") as process:
        gateway = Gateway("direct", process, target, "any", 0)
        with pytest.raises(Failed, match="answered 200"):
            expect_reply(gateway)
        with pytest.raises(Failed, match="without a tool call"):
            expect_tool_call(gateway)


def test_a_peer_that_cannot_translate_says_why(backends: Backends, tmp_path: Path) -> None:
    for api in TRANSLATED:
        with pytest.raises(Unavailable, match="does not translate"):
            Nginx().launch(Place(tmp_path, 1, backends.plain.speaking(api)))
    with pytest.raises(Unavailable, match="no setting"):
        TensorZero().launch(Place(tmp_path, 1, backends.plain.speaking(GEMINI)))


def test_every_figure_is_of_one_family() -> None:
    named = [measure.key for family in (*RELAYED, *TRANSLATION, SOAKING) for measure in family.measures]
    assert sorted(named) == sorted(measure.key for measure in ALL if measure not in START)
    assert chosen(translated_only=True, soak=False) == TRANSLATION
    assert chosen(translated_only=False, soak=True) == [*RELAYED, *TRANSLATION, SOAKING]
