"""The fault upstream and the raw client, tried out on each other."""

import asyncio
import itertools
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests import aio
from tests.faults import certificates, http1, replies
from tests.faults.client import RawClient, chat_body, chat_request, connect, request
from tests.faults.connection import Exchange
from tests.faults.fault import Fault
from tests.faults.leaks import no_leaks
from tests.faults.outcomes import TRUNCATED, WHOLE, check, passed_on
from tests.faults.server import FaultServer


def sends(data: bytes) -> Fault:
    """An upstream that answers with these bytes and closes."""

    async def answer(x: Exchange) -> None:
        await x.send(data)
        await x.close()

    return Fault("sends", "Sends what the test says.", None, None, answer=answer)


async def ask(raw: RawClient, fault: str, *, stream: bool = False) -> None:
    await raw.send(chat_request(f"fault/{fault}", stream=stream))


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 200 OK\ncontent-length: 0\n\n\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 0\nx: y\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length : 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nx: a\r\n b\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nx: a\x00b\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: +1\r\n\r\nx",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 20 OK\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/2 200 OK\r\ncontent-length: 0\r\n\r\n",
    ],
)
async def test_no_slip_in_a_response_gets_past_the_client(data: bytes) -> None:
    async with FaultServer(sends(data)) as upstream, connect(upstream.port) as raw:
        await raw.send(chat_request("any"))
        with pytest.raises(http1.MalformedError):
            await raw.response()


@given(parts=st.lists(st.binary(min_size=1, max_size=20), max_size=5), cuts=st.lists(st.integers(0, 200)))
@aio.within(5)
async def test_a_chunked_body_reads_the_same_however_it_is_split(parts: list[bytes], cuts: list[int]) -> None:
    data = b"".join(map(http1.chunk, parts)) + b"0\r\nx-sum: 1\r\n\r\n"
    reader = asyncio.StreamReader()
    body = http1.Body(reader, -1)

    async def read_all() -> bytes:
        got = b""
        while part := await body.part():
            got += part
        return got

    reading = asyncio.create_task(read_all())
    borders = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    for start, end in itertools.pairwise(borders):
        reader.feed_data(data[start:end])
        await asyncio.sleep(0)
    assert await reading == b"".join(parts)
    assert body.chunks == [len(part) for part in parts]
    assert body.trailers == [("x-sum", "1")]


async def test_the_ways_to_end_a_connection_are_told_apart() -> None:
    async with FaultServer() as upstream:
        async with connect(upstream.port) as raw:
            await ask(raw, "close_unanswered")
            assert await raw.closed() == "fin"
        async with connect(upstream.port) as raw:
            await ask(raw, "reset_unanswered")
            assert await raw.closed() == "reset"
        async with connect(upstream.port) as raw:
            assert raw.is_open()
            raw.reset()
        assert (await upstream.closed(upstream.connections[0], within=1)).how == "fin"
        assert (await upstream.closed(upstream.connections[1], within=1)).how == "here"
        assert (await upstream.closed(await upstream.connection(2), within=1)).how == "reset"


async def test_a_connection_that_stays_open_fails_the_test_on_either_side() -> None:
    async with FaultServer("mute") as upstream, connect(upstream.port) as raw:
        await ask(raw, "mute")
        seen = await upstream.request()
        with pytest.raises(AssertionError, match="not closed: <connection 0, open"):
            await upstream.closed(seen.connection, within=0.01)
        with pytest.raises(AssertionError, match="keeps the connection open"):
            await raw.closed(within=0.01)


async def test_a_cut_body_is_not_complete() -> None:
    async with FaultServer() as upstream:
        for name, stream in [("length_short", False), ("last_chunk_missing", False), ("reset_mid_stream", True)]:
            async with connect(upstream.port) as raw:
                await ask(raw, name, stream=stream)
                response = await raw.response()
                assert response.body
                assert not response.complete


async def test_faults_are_played_in_order_then_chosen_by_header_then_by_model_then_by_the_upstream() -> None:
    async with FaultServer("caller_404") as upstream, connect(upstream.port) as raw:
        upstream.play("error_500", "normal")
        statuses = []
        for headers, model in [([], "x"), ([], "x"), ([("x-fault", "error_503")], "auth_401"), ([], "p/auth_401")]:
            await raw.send(request(headers=headers, body=chat_body(model)))
            statuses.append((await raw.response()).status)
        await ask(raw, "no such fault")
        assert [*statuses, (await raw.response()).status] == [500, 200, 503, 401, 404]
        assert len(upstream.connections) == 1
        assert upstream.counts == dict.fromkeys(["error_500", "normal", "error_503", "auth_401", "caller_404"], 1)


async def test_an_answer_comes_before_the_request_was_sent() -> None:
    whole = chat_request("fault/early_answer", pad="p" * 1_000_000)
    async with FaultServer() as upstream, connect(upstream.port) as raw:
        await raw.send(whole[:500])
        check(await raw.response(), WHOLE, stream=False)
        assert not upstream.requests[0].complete
        await raw.send(whole[500:])
        assert (await upstream.request()).json()["pad"] == "p" * 1_000_000


async def test_an_upstream_that_stops_reading_blocks_the_client_until_released() -> None:
    whole = chat_request("fault/stops_reading", pad="p" * 20_000_000)
    async with FaultServer(receive_buffer=4096) as upstream, connect(upstream.port) as raw:
        sending = asyncio.create_task(raw.send(whole))
        assert await raw.wire.stuck() < 10_000_000
        upstream.release()
        await sending
        check(await raw.response(), WHOLE, stream=False)


async def test_a_client_that_takes_byte_by_byte_blocks_the_upstream() -> None:
    async with no_leaks(), FaultServer() as upstream, connect(upstream.port, receive_buffer=4096) as raw:
        await ask(raw, "firehose", stream=True)
        wire = (await upstream.connection()).wire
        stuck_at = await wire.stuck()
        assert await raw.take() + await raw.take() == b"HT"
        assert len(raw.wire._sock.recv(10, socket.MSG_PEEK)) == 10, "bytes left the kernel that nobody had asked for"
        assert await wire.stuck() == stuck_at
        await raw.take(2_000_000)
        assert await wire.stuck() > stuck_at


async def test_single_bytes_travel_alone() -> None:
    async with FaultServer() as upstream, connect(upstream.port) as raw:
        connection = await upstream.connection()
        lengths = []
        receive = connection.wire.receive

        async def note_length(size: int = 0) -> bytes:
            lengths.append(len(data := await receive()))
            return data

        connection.wire.receive = note_length  # type: ignore[method-assign]  # only to look on
        await raw.send_slowly(chat_request("normal"))
        check(await raw.response(), WHOLE, stream=False)
        assert lengths.count(1) > 0.9 * sum(lengths)


async def test_a_stream_is_read_event_by_event_and_goes_on_when_released() -> None:
    async with FaultServer() as upstream, connect(upstream.port) as raw:
        await ask(raw, "held_mid_stream", stream=True)
        response = await raw.response_head()
        first = [await raw.event() for _ in range(4)]
        assert not response.complete
        upstream.release()
        rest = [await raw.event() for _ in range(len(replies.PIECES) - 3 + 2)]
        assert rest[-1] == replies.DONE
        assert await raw.event() == b""
        assert b"".join(first + rest) == response.body
        assert response.complete


async def test_informational_responses_trailers_and_leftovers_are_kept_apart() -> None:
    async with FaultServer() as upstream, connect(upstream.port) as raw:
        await ask(raw, "early_hints")
        assert [head.line for head in (await raw.response()).informational] == ["HTTP/1.1 103 Early Hints"] * 2
        await ask(raw, "byte_chunks")
        response = await raw.response()
        assert response.trailers == [("x-checksum", "none")]
        assert set(response.chunks) == {1}
        await ask(raw, "length_long")
        check(await raw.response(), WHOLE, stream=False)
        assert b"somebody else" in raw.leftover


async def test_a_client_that_says_no_more_still_gets_its_answer() -> None:
    async with FaultServer() as upstream, connect(upstream.port) as raw:
        await ask(raw, "held")
        await raw.half_close()
        await upstream.closed(await upstream.connection(), within=1)
        upstream.release()
        check(await raw.response(), WHOLE, stream=False)


async def test_an_upstream_refuses_goes_down_and_comes_back_on_its_port() -> None:
    async with FaultServer("refuse") as upstream:
        with pytest.raises(ConnectionRefusedError):
            async with connect(upstream.port):
                pass
    async with FaultServer() as upstream:
        async with connect(upstream.port) as raw:
            await upstream.down()
            await raw.closed()
        with pytest.raises(ConnectionRefusedError):
            async with connect(upstream.port):
                pass
        await upstream.up()
        async with connect(upstream.port) as raw:
            await ask(raw, "normal")
            check(await raw.response(), WHOLE, stream=False)


async def test_any_fault_can_be_behind_tls_and_a_cut_says_no_goodbye() -> None:
    for name, goodbye in [("cut_between_events", False), ("connection_close", True)]:
        async with no_leaks(), FaultServer(certificate="good") as upstream:
            async with connect(upstream.port, tls=certificates.client_context()) as raw:
                await ask(raw, name, stream=True)
                response = await raw.response()
                assert response.body
                assert await raw.closed() == "fin"
                assert raw.wire.goodbye is goodbye
            seen = await upstream.request()
            assert (await upstream.closed(seen.connection, within=1)).how == "fin"
            assert seen.connection.received.startswith(b"POST /v1/chat/completions HTTP/1.1\r\n")


async def test_large_messages_go_through_tls() -> None:
    trusting = certificates.client_context()
    async with (
        FaultServer("header_300k", certificate="good") as upstream,
        connect(upstream.port, tls=trusting) as raw,
    ):
        await raw.send(chat_request("any", pad="p" * 300_000))
        assert len((await raw.response()).head.raw) > 300_000
        assert (await upstream.request()).json()["pad"] == "p" * 300_000


async def test_a_request_that_is_not_http_and_a_script_that_fails_fail_the_block() -> None:
    async def send_and_wait(data: bytes) -> None:
        async with FaultServer() as upstream, connect(upstream.port) as raw:
            await raw.send(data)
            await raw.closed()

    with pytest.raises(ExceptionGroup, match="must not be") as malformed:
        await send_and_wait(b"POST / HTTP/1.1\r\nhost : x\r\n\r\n")
    assert malformed.group_contains(http1.MalformedError, match="host :")
    with pytest.raises(ExceptionGroup) as misused:
        await send_and_wait(chat_request("tls_expired"))
    assert misused.group_contains(AssertionError, match="not for a single request")


async def test_a_long_run_is_counted_without_being_kept() -> None:
    async with FaultServer(record=False) as upstream, connect(upstream.port) as raw:
        for _ in range(50):
            await ask(raw, "error_500")
            await raw.response()
        assert upstream.counts == {"error_500": 50}
        assert upstream.requests == []
        assert upstream.connections == []


async def test_an_outcome_is_not_taken_for_another() -> None:
    async with FaultServer() as upstream, connect(upstream.port) as raw:
        await ask(raw, "error_event", stream=True)
        response = await raw.response()
        for outcome in (WHOLE, TRUNCATED):
            with pytest.raises((AssertionError, KeyError)):
                check(response, outcome, stream=True)
        await ask(raw, "auth_401")
        with pytest.raises(AssertionError, match="account was told"):
            check(await raw.response(), passed_on(401), stream=False)
