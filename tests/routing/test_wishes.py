"""What a request asks of its own route."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.formats.format import ShapeError
from trunkline.routing.bounds import Asker, Cap, DataPolicy
from trunkline.routing.wishes import NONE, Wishes, read_wishes, refuse_beyond, suffix


def test_most_requests_wish_nothing() -> None:
    assert read_wishes({"model": "m", "messages": []}, {b"user-agent": b"x"}) is NONE


def test_the_whole_dialect_is_read() -> None:
    document = {
        "models": ["a", "b"],
        "session_id": "s-1",
        "route": "fallback",
        "provider": {
            "order": ["openai", "google"],
            "only": ["openai", "google", "mistral"],
            "ignore": ["groq"],
            "allow_fallbacks": False,
            "require_parameters": True,
            "data_collection": "deny",
            "sort": {"by": "price", "partition": "none"},
            "max_price": {"prompt": 2.5, "completion": "10", "request": 0},
            "quantizations": None,
        },
    }
    headers = {
        b"x-trunkline-timeout": b"1500ms",
        b"x-trunkline-tags": b"feature=refunds, plan = free,",
        b"x-trunkline-priority": b"High",
        b"x-trunkline-explain": b"1",
        b"x-session-id": b"another",
    }
    assert read_wishes(document, headers) == Wishes(
        models=("a", "b"),
        order=("openai", "google"),
        only=("openai", "google", "mistral"),
        ignore=("groq",),
        allow_fallbacks=False,
        sort="price",
        across_models=True,
        cap=Cap(2_500_000_000, 10_000_000_000, 0),
        require_parameters=True,
        data=DataPolicy(training=False),
        timeout=1.5,
        tags={"feature": "refunds", "plan": "free"},
        priority="high",
        session="s-1",
        explain=True,
    )


def test_another_route_is_named_in_a_header() -> None:
    assert read_wishes({}, {b"x-trunkline-route": b"summary"}).route == "summary"


@pytest.mark.parametrize(
    "provider", [{"zdr": True}, {"zdr": True, "data_collection": "deny"}, {"data_collection": "deny", "zdr": True}]
)
def test_zero_retention_is_stricter_than_no_training(provider: dict[str, Any]) -> None:
    assert read_wishes({"provider": provider}, {}).data == DataPolicy(retention=0.0, training=False)


def test_what_cannot_be_honoured_here_is_not_passed_over_in_silence() -> None:
    wishes = read_wishes({"provider": {"quantizations": ["fp8"], "max_price": {"image": 1}}}, {})
    assert wishes.unknown == ("provider.quantizations", "provider.max_price.image")


@pytest.mark.parametrize(
    ("document", "param", "code"),
    [
        ({"models": "a"}, "models", "invalid_type"),
        ({"models": ["a", 1]}, "models[1]", "invalid_type"),
        ({"models": ["a", ""]}, "models[1]", "invalid_value"),
        ({"models": ["m"] * 21}, "models", "invalid_value"),
        ({"session_id": 1}, "session_id", "invalid_type"),
        ({"provider": []}, "provider", "invalid_type"),
        ({"provider": {"order": "openai"}}, "provider.order", "invalid_type"),
        ({"provider": {"only": [None]}}, "provider.only[0]", "invalid_type"),
        ({"provider": {"allow_fallbacks": 1}}, "provider.allow_fallbacks", "invalid_type"),
        ({"provider": {"sort": "quality"}}, "provider.sort", "invalid_value"),
        ({"provider": {"sort": {"by": 3}}}, "provider.sort.by", "invalid_type"),
        ({"provider": {"sort": {"by": "price", "partition": "x"}}}, "provider.sort.partition", "invalid_value"),
        ({"provider": {"data_collection": "maybe"}}, "provider.data_collection", "invalid_value"),
        ({"provider": {"max_price": 3}}, "provider.max_price", "invalid_type"),
        ({"provider": {"max_price": {"prompt": True}}}, "provider.max_price.prompt", "invalid_type"),
        ({"provider": {"max_price": {"prompt": -1}}}, "provider.max_price.prompt", "invalid_value"),
        ({"provider": {"max_price": {"prompt": "cheap"}}}, "provider.max_price.prompt", "invalid_value"),
    ],
)
def test_what_has_the_wrong_form_is_told_with_its_path(document: dict[str, Any], param: str, code: str) -> None:
    with pytest.raises(ShapeError) as error:
        read_wishes(document, {})
    assert (error.value.param, error.value.code) == (param, code)
    assert f"'{param}'" in str(error.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("x-trunkline-timeout", "soon"),
        ("x-trunkline-timeout", "0"),
        ("x-trunkline-timeout", "-3s"),
        ("x-trunkline-timeout", "99999999"),
        ("x-trunkline-tags", "trunkline.shadow=it"),
        ("x-trunkline-tags", "refunds"),
        ("x-trunkline-tags", "a b=c"),
        ("x-trunkline-tags", "a="),
        ("x-trunkline-tags", f"a={'x' * 129}"),
        ("x-trunkline-tags", ",".join(f"t{n}=1" for n in range(33))),
        ("x-trunkline-priority", "urgent"),
        ("x-trunkline-route", ""),
    ],
)
def test_a_header_that_cannot_be_meant_is_told_by_its_name(name: str, value: str) -> None:
    with pytest.raises(ShapeError) as error:
        read_wishes({}, {name.encode(): value.encode()})
    assert error.value.param == name


values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)
fields = ["order", "only", "allow_fallbacks", "sort", "max_price", "data_collection", "zdr", "require_parameters", "x"]


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "models": values,
            "session_id": values,
            "provider": st.one_of(values, st.dictionaries(st.sampled_from(fields), values)),
        },
    ),
    st.dictionaries(
        st.sampled_from([b"x-trunkline-timeout", b"x-trunkline-tags", b"x-trunkline-priority", b"x-session-id"]),
        st.binary(max_size=20),
    ),
)
def test_whatever_is_sent_is_read_or_refused(document: dict[str, Any], headers: dict[bytes, bytes]) -> None:
    with suppress(ShapeError):
        assert isinstance(read_wishes(document, headers), Wishes)


@pytest.mark.parametrize(
    ("name", "base", "sort"),
    [
        ("gpt-4o:floor", "gpt-4o", "price"),
        ("openai/gpt-4o:nitro", "openai/gpt-4o", "throughput"),
        ("qwen2.5:7b", "qwen2.5:7b", ""),
        (":floor", ":floor", ""),
        ("gpt-4o", "gpt-4o", ""),
    ],
)
def test_two_suffixes_are_wishes_and_all_others_part_of_the_name(name: str, base: str, sort: str) -> None:
    assert suffix(name) == (base, sort)


def test_the_operator_bounds_what_may_be_asked() -> None:
    asker = Asker(key="app", may=frozenset({"models", "tags"}))
    refuse_beyond(Wishes(models=("a",), tags={"a": "b"}), asker)
    refuse_beyond(Wishes(only=("openai",), ignore=("groq",), cap=Cap(1), require_parameters=True), asker)
    for wishes, param in (
        (Wishes(order=("openai",)), "provider"),
        (Wishes(sort="price"), "provider"),
        (Wishes(route="x"), "x-trunkline-route"),
        (Wishes(timeout=1.0), "x-trunkline-timeout"),
        (Wishes(priority="high"), "x-trunkline-priority"),
    ):
        with pytest.raises(ShapeError, match="The key 'app' may not set") as error:
            refuse_beyond(wishes, asker)
        assert error.value.param == param
