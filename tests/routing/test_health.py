"""How deployments are doing, as attempts tell."""

import random
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trunkline.routing.breaker import BreakerSettings
from trunkline.routing.deployment import FAULTS, Kind, Trouble
from trunkline.routing.health import FIRST_RETRIES, RETRIES_A_SECOND, Health, Settings
from trunkline.routing.quotas import Left
from trunkline.routing.tickets import Ticket

A, B = "openai/a", "openai/b"
KINDS: tuple[Kind, ...] = (
    "ok", "caller", "cancelled", "rate_limit", "auth", "quota", "model", "server", "timeout", "unreached", "broken",
    "truncated",
)  # fmt: skip


def health(*keys: str) -> Health:
    """Of one provider with these keys."""
    found = Health(random=random.Random(0).random)
    found.declare({"openai": ("there", keys)})
    return found


def begun(state: Health, name: str = A, now: float = 0.0, *, stream: bool = True) -> Ticket:
    ticket = state.begin(name, now, stream=stream)
    assert ticket is not None
    return ticket


def once(state: Health, kind: Kind, name: str = A, now: float = 0.0, retry_after: float | None = None) -> str:
    """One attempt that ends so; with which key it was made."""
    ticket = begun(state, name, now)
    ticket.end(kind, now, retry_after=retry_after)
    return ticket.key


def trouble_of(state: Health, name: str = A, now: float = 0.0) -> Trouble:
    trouble = state.trouble(name, now)
    assert trouble is not None
    return trouble


def kind_of_trouble(state: Health, name: str = A, now: float = 0.0) -> str | None:
    trouble = state.trouble(name, now)
    return trouble.kind if trouble is not None else None


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.sampled_from(KINDS), st.booleans()), max_size=80))
def test_counters_are_exact_whatever_happens_and_however_often_an_end_is_told(
    steps: list[tuple[int, Kind, bool]],
) -> None:
    state, now = health("k1", "k2"), 0.0
    open_tickets: dict[int, Ticket] = {}
    for number, kind, twice in steps:
        now += 30.0
        ticket = open_tickets.pop(number, None)
        if ticket is None:
            made = state.begin(A, now, stream=number % 2 == 0)
            if made is not None:
                open_tickets[number] = made
        else:
            ticket.first_output(now)
            ticket.end(kind, now)
            if twice:
                ticket.end("server", now)
        deployment = state.of(A)
        assert deployment is not None
        assert deployment.in_flight == len(open_tickets)
        assert sum(lane.in_flight for lane in deployment.lanes) == len(open_tickets)
        assert sum(key.in_flight for key in deployment.pool.keys) == len(open_tickets)
        assert deployment.streams.count >= 0
        assert deployment.streams.count + deployment.wholes.count == len(open_tickets)


@pytest.mark.parametrize("kind", sorted(FAULTS))
def test_faults_of_the_provider_open_the_breaker(kind: Kind) -> None:
    state = health("k")
    for _ in range(5):
        once(state, kind)
    assert kind_of_trouble(state) == "open"
    assert state.begin(A, 0.0) is None


@pytest.mark.parametrize("kind", ["caller", "cancelled"])
def test_what_the_caller_does_never_counts(kind: Kind) -> None:
    state = health("k")
    for _ in range(1000):
        once(state, kind)
    assert kind_of_trouble(state) is None
    assert not state.watched


def test_one_probe_goes_at_a_time_and_its_first_output_closes_the_breaker() -> None:
    state = health("k")
    for _ in range(5):
        once(state, "server")
    assert state.begin(A, 1.9) is None
    probe = begun(state, now=2.0)
    assert probe.probe
    assert state.begin(A, 2.1) is None
    assert kind_of_trouble(state, now=2.1) == "open"
    assert probe.first_output(2.5) == "breaker.closed"
    assert kind_of_trouble(state, now=2.5) is None
    assert not begun(state, now=2.5).probe


def test_a_probe_whose_caller_leaves_makes_room_for_the_next() -> None:
    state = health("k")
    for _ in range(5):
        once(state, "server")
    begun(state, now=2.0).end("cancelled", 2.1)
    assert begun(state, now=2.1).probe


def test_a_429_concerns_that_key_and_model_only() -> None:
    state = health("k1", "k2")
    refused = once(state, "rate_limit", retry_after=10.0)
    others = {once(state, "ok", now=1.0) for _ in range(10)}
    assert others == {"k1", "k2"} - {refused}
    assert {once(state, "ok", B, 1.0) for _ in range(20)} == {"k1", "k2"}
    assert kind_of_trouble(state, now=1.0) is None
    assert {once(state, "ok", now=10.0) for _ in range(20)} == {"k1", "k2"}


@given(st.lists(st.tuples(st.floats(0, 20), st.one_of(st.none(), st.floats(0, 100))), min_size=1, max_size=20))
def test_a_longer_pause_is_never_shortened_by_a_later_one(steps: list[tuple[float, float | None]]) -> None:
    state = health("k")
    tickets = [begun(state) for _ in steps]  # all under way before the first is refused
    now, latest = 0.0, 0.0
    for ticket, (step, told) in zip(tickets, steps, strict=True):
        now += step
        ticket.end("rate_limit", now, retry_after=told)
        latest = max(latest, now + told) if told is not None else latest
        trouble = state.trouble(A, now)
        assert latest <= now or (trouble is not None and trouble.kind == "cooling" and trouble.until >= latest)


def test_a_429_that_does_not_say_how_long_makes_longer_and_longer_pauses() -> None:
    state, now, pauses = health("k"), 0.0, []
    for _ in range(9):
        once(state, "rate_limit", now=now)
        trouble = trouble_of(state, A, now)
        pauses.append(trouble.until - now)
        now = trouble.until
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    once(state, "ok", now=now)
    once(state, "rate_limit", now=now)
    assert trouble_of(state, A, now).until == now + 1


@pytest.mark.parametrize("kind", ["auth", "quota"])
def test_a_refused_key_is_left_aside_for_all_models_and_told(kind: Kind) -> None:
    state = health("k1", "k2")
    ticket = begun(state)
    once(state, "ok", B)
    assert ticket.end(kind, 0.0) == "key.benched"
    for name in (A, B, "openai/never-asked-before"):
        assert {once(state, "ok", name, 1.0) for _ in range(10)} == {"k1", "k2"} - {ticket.key}
    once(state, kind, now=1.0)
    assert kind_of_trouble(state, B, 2.0) == "benched"
    assert kind_of_trouble(state, B, 60.0) is None


def test_a_provider_without_a_key_has_none_to_leave_aside() -> None:
    state = health()
    assert begun(state).end("auth", 0.0) is None
    assert kind_of_trouble(state) is None
    assert begun(state).key == ""


def test_a_key_that_may_not_use_one_model_is_good_for_the_others() -> None:
    state = health("k")
    once(state, "model")
    assert kind_of_trouble(state) == "benched"
    assert kind_of_trouble(state, B) is None
    assert once(state, "ok", B) == "k"


def test_a_quota_that_is_nearly_spent_is_passed_over_and_the_other_key_is_taken() -> None:
    state = health("k1", "k2")
    ticket = begun(state)
    ticket.end("ok", 0.0, left=Left(1, 60.0, None, None))
    assert {once(state, "ok", now=0.1) for _ in range(10)} == {"k1", "k2"} - {ticket.key}
    begun(state, now=0.2).end("ok", 0.2, left=Left(1, 60.0, None, None))
    trouble = trouble_of(state, A, 0.3)
    assert (trouble.kind, trouble.hard) == ("nearly_spent", False)
    assert begun(state, now=0.3).key, "it may still be asked, if there is nobody else"


def test_a_model_that_has_stopped_answering_is_passed_over_before_deadlines_pass() -> None:
    state, now = health("k"), 0.0
    for _ in range(30):
        ticket = begun(state, now=now)
        ticket.first_output(now + 0.2)
        ticket.end("ok", now + 1.0)
        now += 0.1
    waiting = [begun(state, now=now + n / 100) for n in range(10)]
    assert kind_of_trouble(state, now=now + 0.5) is None
    begun(state, now=now + 2.0)  # whoever comes now finds it stalled, and is let through; the next is not
    begun(state, now=now + 2.0)
    assert kind_of_trouble(state, now=now + 2.1) == "stalled"
    assert not trouble_of(state, A, now + 2.1).hard
    assert kind_of_trouble(state, now=now + 4.0) is None, "now and then one is let through"
    waiting[0].first_output(now + 4.0)
    assert kind_of_trouble(state, now=now + 4.1) is None


def test_the_least_busy_key_is_taken_and_equals_at_random() -> None:
    state = health("k1", "k2", "k3")
    taken = [begun(state).key for _ in range(300)]
    assert {key: taken.count(key) for key in ("k1", "k2", "k3")} == {"k1": 100, "k2": 100, "k3": 100}
    assert {tuple(taken[at : at + 3]) for at in range(0, 300, 3)} == set(permutations(("k1", "k2", "k3")))


def test_state_survives_a_reload_of_what_stays_and_goes_with_what_goes() -> None:
    state = Health()
    state.declare({"openai": ("there", ("k1", "k2")), "groq": ("here", ("g",))})
    benched = begun(state)
    benched.end("auth", 0.0)
    kept, other = benched.key, ({"k1", "k2"} - {benched.key}).pop()
    for _ in range(5):
        once(state, "server", "groq/x")
    under_way = begun(state, "groq/y")

    state.declare({"openai": ("there", (kept, "k3")), "groq": ("here", ("g",))})
    assert {once(state, "ok") for _ in range(10)} == {"k3"}, "the refused key is still left aside; k3 is new"
    assert kind_of_trouble(state, "groq/x") == "open"

    state.declare({"openai": ("elsewhere", (kept, other))})
    assert {once(state, "ok", now=0.1) for _ in range(20)} == {kept, other}
    assert kind_of_trouble(state, "groq/x") is None
    under_way.end("ok", 1.0)  # of a provider that is gone: harmless


def test_other_settings_hold_from_the_next_attempt_on() -> None:
    state = health("k")
    once(state, "server")
    state.configure(Settings(BreakerSettings(failures=2), retries=0.5))
    once(state, "server")
    assert kind_of_trouble(state) == "open"


def test_retries_are_bounded_by_a_share_of_the_attempts() -> None:
    state, retries, now = health("k"), 0, 0.0
    for _ in range(2000):
        now += 0.005
        once(state, "ok", now=now)
        if state.may_retry(A, now):
            retries += 1
            ticket = state.begin(A, now, again=True)
            assert ticket is not None
            ticket.end("ok", now)
    assert 200 <= retries <= 0.1 * 2000 + FIRST_RETRIES + RETRIES_A_SECOND * now


def test_hedges_are_bounded_by_their_route_s_share() -> None:
    state = health("k")
    budget = state.hedges("fast", 0.05)
    assert budget is state.hedges("fast", 0.05)
    made = 0
    for _ in range(1000):
        budget.earn()
        made += budget.take(0.0)
    assert 48 <= made <= 50


def test_what_is_remembered_is_bounded_and_what_is_in_trouble_stays() -> None:
    state = health("k")
    for _ in range(5):
        once(state, "server", "openai/broken")
    under_way = begun(state, "openai/busy")
    for number in range(12_000):
        once(state, "ok", f"openai/{number}")
    assert len(state.view(0.0)) <= 10_000
    assert kind_of_trouble(state, "openai/broken") == "open"
    busy = state.of("openai/busy")
    assert busy is not None
    assert busy.in_flight == 1
    under_way.end("ok", 1.0)


def test_the_view_tells_what_an_operator_wants_to_know() -> None:
    state = health("k1", "k2")
    for number in range(40):
        ticket = begun(state, now=float(number))
        ticket.first_output(number + 0.5)
        ticket.end("ok" if number % 4 else "truncated", number + 2.5, input=100, output=80, cached=50)
    (view,) = state.view(40.0)
    assert (view.name, view.breaker, view.in_flight, view.trouble) == (A, "closed", 0, None)
    assert 0.45 < (view.first_output or 0) < 0.55
    assert 0.45 < (view.first_output_p95 or 0) < 0.55
    assert 39 < (view.speed or 0) < 41
    assert set(view.keys) == {"k1", "k2"}
    assert 0 < view.failures < 0.5


def test_after_a_pause_one_request_shows_whether_it_was_long_enough() -> None:
    state = health("k")
    once(state, "rate_limit", retry_after=10.0)
    trial = begun(state, A, 10.0)
    trouble = trouble_of(state, A, 10.0)
    assert (trouble.kind, trouble.hard) == ("on_trial", False), "who has nowhere else to go may be asked all the same"
    begun(state, A, 10.0).end("cancelled", 10.5)
    assert kind_of_trouble(state, now=10.5) == "on_trial", "that one shows nothing"
    trial.end("ok", 11.0)
    assert kind_of_trouble(state, now=11.0) is None
    assert A not in state.watched


def test_a_trial_that_is_cut_short_makes_room_for_another() -> None:
    state = health("k")
    once(state, "rate_limit", retry_after=10.0)
    begun(state, A, 10.0).end("cancelled", 10.5)
    assert kind_of_trouble(state, now=10.5) is None
    trial = begun(state, A, 10.5)
    assert kind_of_trouble(state, now=10.5) == "on_trial"
    trial.end("rate_limit", 11.0, retry_after=10.0)
    assert kind_of_trouble(state, now=11.0) == "cooling"
    begun(state, A, 21.0)
    assert kind_of_trouble(state, now=31.1) is None, "one that never ends is not waited for"


def test_what_was_under_way_when_it_became_too_much_is_one_strike() -> None:
    state = health("k")
    tickets = [begun(state) for _ in range(20)]
    for ticket in tickets:
        ticket.end("rate_limit", 0.5)
    assert trouble_of(state, A, 0.5).until == 1.5
