"""Programs that run away are stopped, and remembered within bounds."""

from trunkline.limits.loops import Repeats, Sessions

DOLLAR = 10**9


def test_the_same_request_is_let_through_so_often_within_a_window() -> None:
    repeats = Repeats(3, 60.0)
    assert [repeats.again(b"a", now) for now in (0.0, 1.0, 2.0, 3.0, 4.0)] == [None, None, None, 57.0, 56.0]
    assert repeats.again(b"b", 4.0) is None
    assert repeats.again(b"a", 60.0) is None
    assert repeats.again(b"a", 60.5) == 0.5


def test_only_so_many_requests_are_remembered() -> None:
    repeats = Repeats(1, 60.0, remembered=100)
    for number in range(1000):
        repeats.again(b"%d" % number, 0.0)
    assert repeats.again(b"999", 1.0) == 59.0
    assert repeats.again(b"0", 1.0) is None
    assert len(repeats._times) <= 101


def test_a_session_ends_at_its_caps() -> None:
    sessions = Sessions(requests=3, cost=DOLLAR)
    assert [sessions.begin("key", "run-1", 0.0) for _ in range(4)] == [None, None, None, "requests"]
    assert sessions.begin("other key", "run-1", 0.0) is None
    assert sessions.begin("key", "run-2", 0.0) is None
    sessions.charge("key", "run-2", DOLLAR, 1.0)
    assert sessions.begin("key", "run-2", 2.0) == "cost"


def test_a_session_that_was_silent_for_long_begins_anew() -> None:
    sessions = Sessions(requests=1, cost=None, idle=60.0)
    assert sessions.begin("key", "run", 0.0) is None
    assert sessions.begin("key", "run", 50.0) == "requests"
    assert sessions.begin("key", "run", 111.0) is None


def test_only_so_many_sessions_are_remembered() -> None:
    sessions = Sessions(requests=1, cost=None, remembered=100)
    for number in range(1000):
        sessions.begin("key", str(number), 0.0)
    assert sessions.begin("key", "999", 1.0) == "requests"
    assert len(sessions._sessions) <= 100
