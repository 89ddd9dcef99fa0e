"""The policies of a configuration, from one reload to the next."""

import pytest
from tests.config.reading import read

from trunkline.gateway.errors import GuardUnavailable
from trunkline.gateway.guarding import Guards

POLICIES = "guard:\n  a: {everywhere: true, input: [{words: [%s]}]}\n  b: {input: [{words: [two]}]}\n"


def test_policies_come_in_a_stated_order_each_once() -> None:
    guards = Guards(read(POLICIES % "one").guard)
    assert guards.names(("key", "b"), ("route", "b", "a")) == ("a", "key", "b", "route")


def test_a_policy_that_a_reload_does_not_touch_is_not_compiled_again() -> None:
    before = Guards(read(POLICIES % "one").guard)
    after = Guards(read(POLICIES % "other").guard, before)
    (old_a, old_b), (new_a, new_b) = before.held(["a", "b"]), after.held(["a", "b"])
    assert new_b is old_b
    assert new_a is not old_a


def test_a_policy_that_is_not_there_refuses() -> None:
    with pytest.raises(GuardUnavailable, match="'gone'"):
        Guards({}).held(["gone"])
