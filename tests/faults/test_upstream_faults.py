"""Whatever an upstream does wrong, the client is told what the table says, the ledger has one row for each attempt,
and nothing is left behind."""

import re

import pytest
from tests.faults.client import connect
from tests.faults.expected import (
    LEDGER,
    LONG,
    SHORT,
    cases,
    check_row,
    deadline_for,
    model_of,
    outcome_of,
)
from tests.faults.fault import Fault
from tests.faults.gateway import ask, gateway
from tests.faults.leaks import no_leaks
from tests.faults.outcomes import TRUNCATED, WHOLE, Outcome, check
from tests.faults.server import FaultServer

NEXT = {"route": "fallback", "of": ["up/normal"], "deadline": {"first_token": LONG, "gap": LONG, "total": LONG}}
"""A model for the request after the faulty one; it may be tried again, should it meet a line that is closed."""
CLOSED_AS_IT_IS_USED = ("closes_on_next", "resets_on_next")


@pytest.mark.parametrize(("fault", "stream"), cases(), ids=str)
async def test_a_fault_has_its_outcome_and_the_next_request_is_answered(fault: Fault, stream: bool) -> None:
    outcome = outcome_of(fault, stream=stream)
    config = {
        "deadline": deadline_for(outcome, stream=stream),
        "models": {"next": NEXT | {"retries": {"attempts": 2}}},
        "providers": {"up": {"api_keys": ["first-key", "second-key"]}},  # a refused one is benched
    }
    async with no_leaks(), FaultServer(fault) as up, gateway(up.url, **config) as gw:
        up.release()
        async with connect(gw.port) as raw:
            check(await ask(raw, f"up/{model_of(fault)}", stream=stream), outcome, stream=stream)
            rows = await gw.rows()
            assert len(rows) == 1
            check_row(rows[0], fault, outcome, stream=stream)
            if fault.by_request:
                assert len(up.requests) == 1
                check(await ask(raw, "next", stream=stream), WHOLE, stream=stream)
        if fault.by_request:
            rows = await gw.rows()
            middle = ["failed"] if fault.name in CLOSED_AS_IT_IS_USED else []
            assert [row.outcome for row in rows[1:]] == [*middle, "ok"]
            assert len(rows) == len(up.requests) + len(middle)


@pytest.mark.parametrize(
    ("name", "outcome"), [("done_missing", WHOLE), ("done_missing_cut", TRUNCATED), ("ends_early", TRUNCATED)]
)
async def test_a_provider_without_terminator_ends_with_its_finish_reason_and_in_good_order(
    name: str, outcome: Outcome
) -> None:
    providers = {"up": {"terminator": False}}
    async with no_leaks(), FaultServer() as up, gateway(up.url, providers=providers) as gw, connect(gw.port) as raw:
        check(await ask(raw, f"up/{name}", stream=True), outcome, stream=True)
        assert [row.outcome for row in await gw.rows()] == [LEDGER[outcome]]


BEHIND_TLS = """normal one_byte_pieces close_unanswered reset_unanswered half_head_close length_short length_long
    chunk_cut http10 http10_cut cut_before_events cut_after_role cut_between_events cut_inside_event
    reset_mid_stream done_then_cut connection_close closes_idle resets_idle closes_on_next
    resets_on_next talks_when_idle early_answer early_refusal"""


@pytest.mark.parametrize(("fault", "stream"), [case for case in cases() if case[0].name in BEHIND_TLS.split()], ids=str)
async def test_tls_changes_nothing_about_a_fault(fault: Fault, stream: bool) -> None:
    outcome = outcome_of(fault, stream=stream)
    models = {"next": NEXT | {"retries": {"attempts": 2}}}
    async with no_leaks(), FaultServer(fault, certificate="good") as up, gateway(up.url, models=models) as gw:
        up.release()
        async with connect(gw.port) as raw:
            check(await ask(raw, f"up/{fault}", stream=stream), outcome, stream=stream)
            check(await ask(raw, "next", stream=stream), WHOLE, stream=stream)
        check_row((await gw.rows())[0], fault, outcome, stream=stream)


async def test_an_untrusted_upstream_sees_no_byte_of_the_request() -> None:
    for name in ("tls_wrong_name", "tls_unknown_ca", "tls_expired"):
        async with FaultServer(name) as up, gateway(up.url) as gw, connect(gw.port) as raw:
            response = await ask(raw, "up/any")
            assert "TLS failed" in response.json()["error"]["message"]
            connection = await up.connection()
            await up.closed(connection, within=1)
            assert connection.tls_error
            assert connection.received == b""


async def test_the_callers_own_mistake_comes_back_in_the_providers_words() -> None:
    async with FaultServer() as up, gateway(up.url) as gw, connect(gw.port) as raw:
        for name in ("caller_400", "caller_404"):
            async with connect(up.port) as direct:
                told = await ask(direct, name)
            response = await ask(raw, f"up/{name}")
            assert response.body == told.body
            assert response.header("content-type") == told.header("content-type")
            assert response.header("x-should-retry") == "false"


async def test_a_rate_limit_is_handed_on_with_its_time() -> None:
    async with FaultServer() as up, gateway(up.url) as gw, connect(gw.port) as raw:
        response = await ask(raw, "up/rate_429")
        assert response.header("retry-after") == "1"
        assert response.header("x-should-retry") == "false"


async def test_a_request_says_of_each_fault_who_and_what_it_was() -> None:
    words = {
        "mute": "within 0.15 s",
        "reset_unanswered": "reset the connection",
        "close_unanswered": "closed the connection",
        "garbage": "not a valid HTTP reply",
        "length_short": "broke off",
        "not_json": "not a JSON",
        "error_500": "answered 500",
    }
    deadline = {"total": SHORT}
    async with FaultServer() as up, gateway(up.url, deadline=deadline) as gw, connect(gw.port) as raw:
        for name, said in words.items():
            message = (await ask(raw, f"up/{name}")).json()["error"]["message"]
            assert f"up/{name}" in message
            assert re.search(said, message), message
            assert str(up.port) not in message
