"""What a request asks of its own route, within what the operator allows."""

import json
from typing import Any

import anthropic
import pytest
from tests.e2e.routing.stage import HELLO, Stage, route, stage

ABC = {"a": "normal", "b": "normal", "c": "normal"}
OF = ("a/m", "b/m", "c/m")
DEAR, CHEAP = {"input": 10, "output": 10}, {"input": 1, "output": 1}
KEY = "tl-0123456789abcdef0123456789abcdef"


def wish(**provider: Any) -> dict[str, Any]:
    """Arguments for the SDK that wish this of the route."""
    return {"extra_body": {"provider": provider}}


def header(**headers: str) -> dict[str, Any]:
    return {"extra_headers": {f"x-trunkline-{name}": value for name, value in headers.items()}}


async def providers_of(on: Stage, **asked: Any) -> str:
    """Who answers, whole and streamed."""
    whole, streamed = (await on.ask(stream=False, **asked)).provider, (await on.ask(stream=True, **asked)).provider
    assert whole == streamed
    return whole


async def test_providers_may_be_put_in_order_chosen_and_left_out() -> None:
    async with stage(ABC, route("fallback", *OF)) as on:
        assert await providers_of(on) == "a"
        assert await providers_of(on, **wish(order=["c"])) == "c"
        assert await providers_of(on, **wish(only=["b", "c"])) == "b"
        assert await providers_of(on, **wish(ignore=["a"])) == "b"


async def test_without_fallbacks_nobody_else_is_asked() -> None:
    async with stage({**ABC, "a": "error_500"}, route("fallback", *OF)) as on:
        error = await on.refused(**wish(order=["a"], allow_fallbacks=False))
        assert error.status_code == 502
        assert (on.asked("a"), on.asked("b"), on.asked("c")) == (1, 0, 0)


async def test_the_cheapest_may_be_asked_for_in_two_ways() -> None:
    prices = {"a": {"price": DEAR}, "b": {"price": CHEAP}, "c": {"price": DEAR}}
    async with stage(ABC, route("fallback", *OF), providers=prices) as on:
        assert await providers_of(on, **wish(sort="price")) == "b"
        assert await providers_of(on, model="it:floor") == "b"
        assert await providers_of(on, **wish(max_price={"prompt": 5})) == "b"


async def test_the_quickest_may_be_asked_for_in_two_ways() -> None:
    async with stage(ABC, route("fallback", *OF)) as on:
        health = on.running.process.gateway.health
        for provider, seconds in (("a", 4.0), ("b", 3.0), ("c", 2.0)):
            ticket = health.begin(f"{provider}/m", 0.0)
            assert ticket is not None
            ticket.first_output(seconds)
            ticket.end("ok", seconds + 1.0, output=100 if provider == "b" else 20)
        assert (await on.ask(**wish(sort="latency"))).provider == "c"
        assert (await on.ask(**wish(sort="throughput"))).provider == "b"
        assert (await on.ask("it:nitro")).provider == "b"


@pytest.mark.parametrize("stream", [False, True])
async def test_models_of_a_request_are_tried_in_turn(stream: bool) -> None:
    acts = {"a": "error_500", "b": "error_503", "c": "normal"}
    async with stage(acts, "a/m", models={"second": "b/m"}) as on:
        answer = await on.ask(stream=stream, extra_body={"models": ["second", "c/m"]})
        assert (answer.provider, answer.attempts) == ("c", 3)


FIELDS: dict[str, Any] = {
    "models": ["it", "b/m"],
    "provider": {"order": ["a"], "data_collection": "allow"},
    "session_id": "conversation-17",
    "route": "fallback",
}


@pytest.mark.parametrize("stream", [False, True])
async def test_what_is_wished_is_not_handed_on_to_a_provider(stream: bool) -> None:
    async with stage({**ABC, "a": "error_500"}, route("fallback", *OF)) as on:
        assert (await on.ask(stream=stream, seed=7, extra_body=FIELDS)).provider == "b"
        for name in ("a", "b"):
            sent = on.upstreams[name].requests[0].json()
            assert not sent.keys() & FIELDS.keys()
            assert (sent["messages"], sent["seed"], sent["model"]) == (HELLO, 7, "m")


@pytest.mark.parametrize("stream", [False, True])
async def test_what_is_wished_is_handed_on_to_a_provider_that_is_a_router_itself(stream: bool) -> None:
    providers = {"b": {"router": True}}
    async with stage({**ABC, "a": "error_500"}, route("fallback", "a/m", "b/m"), providers=providers) as on:
        await on.ask(stream=stream, extra_body=FIELDS)
        assert not on.upstreams["a"].requests[0].json().keys() & FIELDS.keys()
        assert on.upstreams["b"].requests[0].json().items() >= FIELDS.items()


async def test_what_cannot_be_honoured_is_not_passed_over_in_silence() -> None:
    async with stage(ABC, route("fallback", "a/m", "b/m")) as on:
        error = await on.refused(**wish(quantizations=["fp8"]))
        assert (error.status_code, error.code) == (400, "no_candidate")
        assert "provider.quantizations" in error.message
        assert not on.asked("a") + on.asked("b")
    async with stage(ABC, route("fallback", "a/m", "b/m"), providers={"b": {"router": True}}) as on:
        assert await providers_of(on, **wish(quantizations=["fp8"])) == "b"


async def test_what_has_the_wrong_form_is_told_with_its_path() -> None:
    async with stage(ABC, "a/m") as on:
        error = await on.refused(**wish(order="a"))
        assert (error.status_code, error.param) == (400, "provider.order")
        error = await on.refused(**header(timeout="soon"))
        assert (error.status_code, error.param) == (400, "x-trunkline-timeout")


# the data policy and prices


@pytest.mark.parametrize("stream", [False, True])
async def test_data_goes_only_where_it_may_whoever_demands_it(stream: bool) -> None:
    providers: Any = {
        "a": {"data": {"region": "us", "training": False, "retention": "30d"}},
        "b": {"data": {"region": "eu", "training": True, "retention": "0s"}},
        "c": {"data": {"region": "eu", "training": False, "retention": "0s"}},
    }
    models = {"european": route("fallback", *OF, data={"region": "eu"})}
    async with stage(ABC, route("fallback", *OF), models=models, providers=providers) as on:
        assert (await on.ask("it", stream=stream)).provider == "a"
        assert (await on.ask("european", stream=stream)).provider == "b"
        assert (await on.ask("european", stream=stream, **wish(data_collection="deny"))).provider == "c"
        assert (await on.ask("it", stream=stream, **wish(zdr=True))).provider == "c"
        error = await on.refused("european", stream=stream, **wish(only=["a"]))
        assert (error.status_code, error.code) == (400, "no_candidate")
        assert "a/m" in error.message


async def test_data_never_goes_elsewhere_when_all_that_may_have_it_fail() -> None:
    providers: Any = {"b": {"data": {"region": "eu"}}}
    it = route("fallback", *OF, data={"region": "eu"})
    async with stage({**ABC, "b": "error_500"}, it, providers=providers) as on:
        assert (await on.refused()).status_code == 502
        assert (on.asked("a"), on.asked("c")) == (0, 0)


async def test_no_model_is_dearer_than_the_cap() -> None:
    prices = {"a": {"price": DEAR}, "b": {"price": CHEAP}, "c": {"price": DEAR}}
    it = route("fallback", *OF, max_price={"input": 5})
    async with stage({**ABC, "b": "error_500"}, it, providers=prices) as on:
        assert (await on.refused()).status_code == 502
        error = await on.refused(**wish(ignore=["b"]))
        assert (error.status_code, error.code) == (400, "no_candidate")
        assert (on.asked("a"), on.asked("b"), on.asked("c")) == (0, 1, 0)


# headers


async def test_another_route_may_be_named() -> None:
    async with stage(ABC, "a/m", models={"other": "b/m"}) as on:
        assert await providers_of(on, **header(route="other")) == "b"
        assert (await on.refused(**header(route="nobody"))).status_code == 404


@pytest.mark.parametrize("stream", [False, True])
async def test_a_request_may_ask_for_less_time(stream: bool) -> None:
    async with stage({"a": "mute", "b": "mute"}, route("fallback", "a/m", "b/m")) as on:
        error = await on.refused(stream=stream, **header(timeout="120ms"))
        assert error.status_code == 504
        assert (on.asked("a"), on.asked("b")) == (1, 0)
        [view] = on.running.process.gateway.health.view(0.0)
        assert view.failures == 0, "that a caller has no time is no fault of the provider's"


async def test_tags_of_the_request_decide_and_those_of_the_key_win() -> None:
    it = {"route": "conditional", "rules": [{"when": "tags.plan == 'free'", "to": "a/m"}], "else": "b/m"}
    async with stage(ABC, it) as on:
        assert await providers_of(on, **header(tags="plan=free")) == "a"
        assert await providers_of(on, **header(tags="plan=paid,feature=x")) == "b"
        assert await providers_of(on) == "b"
        assert json.loads((await on.rows())[0].tags) == {"plan": "free"}
    keys = [{"name": "backend", "key": KEY, "tags": {"plan": "paid"}}]
    async with stage(ABC, it, keys=keys) as on:
        on.client.api_key = KEY
        assert await providers_of(on, **header(tags="plan=free,feature=x")) == "b"
        assert json.loads((await on.rows())[0].tags) == {"plan": "paid", "feature": "x"}


async def test_the_operator_bounds_what_may_be_asked() -> None:
    keys = [{"name": "backend", "key": KEY, "requests_may": ["tags"], "models": ["it"]}]
    async with stage(ABC, "a/m", keys=keys) as on:
        on.client.api_key = KEY
        for asked in (header(route="it"), wish(order=["a"]), header(timeout="1s"), header(priority="high")):
            error = await on.refused(**asked)
            assert error.status_code == 400
            assert "may not set" in error.message
        assert await providers_of(on, **header(tags="x=y")) == "a"


async def test_a_key_s_models_bind_every_name_that_a_request_brings() -> None:
    keys = [{"name": "backend", "key": KEY, "models": ["it"]}]
    async with stage(ABC, "a/m", models={"other": "b/m"}, keys=keys) as on:
        on.client.api_key = KEY
        asks: tuple[dict[str, Any], ...] = (
            {"model": "other"},
            {"extra_body": {"models": ["it", "other"]}},
            header(route="other"),
            {"model": "b/m:floor"},
        )
        for asked in asks:
            error = await on.refused(**asked)
            assert (error.status_code, error.code) == (403, "model_not_allowed")
        assert on.asked("b") == 0


@pytest.mark.parametrize("stream", [False, True])
async def test_the_answer_tells_why_if_that_is_wished(stream: bool) -> None:
    async with stage({**ABC, "a": "error_500"}, route("fallback", *OF)) as on:
        answer = await on.ask(stream=stream, extra_headers={"x-trunkline-explain": "1"}, **wish(ignore=["c"]))
        told = json.loads(answer.headers["x-trunkline-explain"])
        by_name = {each["name"]: each for each in told["candidates"]}
        assert (by_name["a/m"]["place"], by_name["b/m"]["place"]) == (1, 2)
        assert by_name["c/m"]["removed_by"] == {"wish": "it is among those in `provider.ignore`"}
        assert all(each["cost"] > 0 for each in told["candidates"])
        assert "x-trunkline-explain" not in (await on.ask(stream=stream)).headers


async def test_a_refusal_tells_why_as_well() -> None:
    async with stage(ABC, route("fallback", "a/m", "b/m")) as on:
        error = await on.refused(extra_headers={"x-trunkline-explain": "1"}, **wish(only=["nobody"]))
        told = json.loads(error.response.headers["x-trunkline-explain"])
        assert all("wish" in each["removed_by"] for each in told["candidates"])


@pytest.mark.parametrize("stream", [False, True])
async def test_another_sdk_may_wish_as_well(stream: bool) -> None:
    async with stage(ABC, route("fallback", *OF)) as on:
        url = f"http://127.0.0.1:{on.running.port}"
        async with anthropic.AsyncAnthropic(base_url=url, api_key="any", max_retries=0) as client:
            raw = await client.messages.with_raw_response.create(
                model="it", max_tokens=100, messages=HELLO, stream=stream, extra_body={"provider": {"order": ["c"]}}
            )
            said: Any = await raw.parse()
            if stream:
                _ = [event async for event in said]
        assert raw.headers["x-trunkline-provider"] == "c"
        assert "provider" not in on.upstreams["c"].requests[0].json()
