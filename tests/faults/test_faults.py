"""Every fault does what it says, as a bare client sees it without a gateway between."""

import asyncio
import json
import ssl

import pytest
from tests.faults import certificates, http1, replies
from tests.faults.client import RawClient, chat_request, connect
from tests.faults.fault import Fault
from tests.faults.leaks import no_leaks
from tests.faults.outcomes import WHOLE, check
from tests.faults.server import FaultServer
from tests.faults.table import FAULTS

BY_REQUEST = [fault for fault in FAULTS.values() if fault.by_request]

WITH_OUTCOME = [
    (fault, stream) for fault in BY_REQUEST for stream in (False, True) if fault.outcome(stream=stream) is not None
]

AS_SEEN = {
    "no response": "mute half_head hints_for_ever",
    "closed": "close_unanswered",
    "reset": "reset_unanswered",
    "cut head": "half_head_close",
    "cut body": """length_short chunk_cut last_chunk_missing reset_mid_stream cut_before_events cut_after_role
        cut_between_events cut_inside_event cut_inside_character done_missing_cut done_then_cut""",
    "no more of the body": "length_stall stall_before_events stall_mid_stream stall_inside_event",
    "malformed": "garbage two_lengths length_and_chunked chunk_bad_size chunk_overflow",
    "101": "switching_protocols",
    "204": "no_content",
    "304": "not_modified",
    "307": "redirect",
    "400": "caller_400 auth_400_google auth_400_xai quota_400",
    "401": "auth_401",
    "402": "quota_402",
    "403": "auth_403",
    "404": "caller_404",
    "413": "early_refusal",
    "429": "quota_429 rate_429",
    "500": "error_500",
    "502": "error_502_html",
    "503": "error_503",
    "529": "error_529",
    "200": """header_300k http10_cut gzipped ends_early error_event named_error_event error_event_first done_missing
        done_then_more not_json broken_json error_in_200 empty_200""",
}
"""What a bare client sees of each fault that is not, already without a gateway, answered well."""

SEEN = {name: seen for seen, names in AS_SEEN.items() for name in names.split()}


async def see(raw: RawClient) -> str:
    """The next response in a word."""
    try:
        response = await raw.response()
    except asyncio.IncompleteReadError:
        return "cut head"
    except ConnectionResetError as end:
        return "closed" if "without a response" in str(end) else "reset"
    except http1.MalformedError:
        return "malformed"
    except AssertionError as late:
        return "no more of the body" if "more of the body" in str(late) else "no response"
    return str(response.status) if response.complete else "cut body"


@pytest.mark.parametrize(("fault", "stream"), WITH_OUTCOME, ids=str)
async def test_a_bare_client_sees_the_fault(fault: Fault, stream: bool) -> None:
    patience = 0.03 if SEEN.get(fault.name, "").startswith("no ") else 5
    async with no_leaks(), FaultServer() as upstream, connect(upstream.port, within=patience) as raw:
        upstream.release()
        await raw.send(chat_request(fault.name, stream=stream))
        if fault.name in SEEN:
            assert await see(raw) == SEEN[fault.name]
        else:
            check(await raw.response(), WHOLE, stream=stream)
        assert upstream.requests[0].fault == fault.name


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("fault", BY_REQUEST, ids=str)
async def test_the_socket_of_a_client_that_left_is_seen_closed_whatever_the_fault(fault: Fault, stream: bool) -> None:
    async with no_leaks(), FaultServer() as upstream:
        upstream.release()
        async with connect(upstream.port) as raw:
            await raw.send(chat_request(fault.name, stream=stream))
            seen = await upstream.request()
        end = await upstream.closed(seen.connection, within=1)
    assert end.how != "here" or "reset" in fault.name
    assert seen.connection.received == seen.head.raw + seen.body
    assert seen.connection.received == chat_request(fault.name, stream=stream)


async def test_a_stream_is_cut_where_the_fault_says() -> None:
    kept = {"cut_between_events": 4, "cut_inside_event": 4, "cut_inside_character": 4, "cut_after_role": 1}
    async with FaultServer() as upstream:
        for name, events in kept.items():
            async with connect(upstream.port) as raw:
                await raw.send(chat_request(name, stream=True))
                whole = replies.chat_events(name, usage=False)
                rest = bytes((await raw.response()).body).removeprefix(b"".join(whole[:events]))
                assert whole[events].startswith(rest)
                assert bool(rest) == ("inside" in name)
                if name == "cut_inside_character":
                    with pytest.raises(UnicodeDecodeError, match="unexpected end of data"):
                        rest.decode()


async def test_usage_is_streamed_when_asked_for() -> None:
    async with FaultServer() as upstream, connect(upstream.port) as raw:
        await raw.send(chat_request("any", stream=True, stream_options={"include_usage": True}))
        *events, done = (await raw.response()).data()
        *chunks, last = map(json.loads, events)
        assert done == "[DONE]"
        assert last["choices"] == []
        assert last["usage"] == replies.USAGE
        assert all(chunk["usage"] is None for chunk in chunks)


@pytest.mark.parametrize(
    ("name", "refusal"),
    [
        ("tls_wrong_name", "IP address mismatch"),
        ("tls_unknown_ca", "unable to get local issuer"),
        ("tls_expired", "certificate has expired"),
        ("tls_plain", "wrong version number|WRONG_VERSION_NUMBER|record layer failure"),
        ("tls_close", "EOF"),
    ],
)
async def test_a_verifying_client_refuses_bad_tls_and_no_request_is_seen(name: str, refusal: str) -> None:
    async with no_leaks(), FaultServer(name) as upstream:
        with pytest.raises(ssl.SSLError, match=refusal):
            async with connect(upstream.port, tls=certificates.client_context()):
                pass
        connection = await upstream.connection()
        assert (await upstream.closed(connection, within=1)).how in ("fin", "reset")
        assert connection.tls_error or name in ("tls_plain", "tls_close")
        assert upstream.requests == []


@pytest.mark.parametrize("name", ["accept_mute", "accept_close", "accept_reset", "tls_mute"])
async def test_a_connection_may_fail_before_any_request(name: str) -> None:
    async with no_leaks(), FaultServer(name) as upstream:
        async with connect(upstream.port) as raw:
            if "mute" in name:
                await raw.send(b"hello?")
                with pytest.raises(AssertionError):
                    await raw.closed(within=0.01)
            else:
                assert await raw.closed() == ("fin" if name == "accept_close" else "reset")
        await upstream.closed(await upstream.connection(), within=1)


async def test_a_kept_connection_is_closed_or_reset_as_the_next_request_is_written() -> None:
    for name, ending in [("closes_on_next", "fin"), ("resets_on_next", "reset")]:
        async with FaultServer() as upstream, connect(upstream.port) as raw:
            await raw.send(chat_request(name))
            check(await raw.response(), WHOLE, stream=False)
            assert raw.is_open()
            await raw.send(chat_request(name))
            assert await raw.closed() == ending
            assert raw.leftover == b""


def test_every_fault_says_what_it_does_and_what_comes_of_it() -> None:
    for fault in FAULTS.values():
        assert fault.does.split("\n")[0].endswith((".", ".)")), fault.name
        assert fault.reply or fault.stream or fault.name == "firehose", fault.name
