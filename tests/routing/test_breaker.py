"""The circuit breaker, against a model of it that remembers everything."""

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from trunkline.routing.breaker import Breaker, BreakerSettings

SETTINGS = BreakerSettings(failures=3, share=0.5, least=6, window=10.0, pause=2.0, longest_pause=8.0, probe=5.0)


class AgainstAModel(RuleBasedStateMachine):
    """Attempts begin and end in any order. The model keeps every outcome since the breaker closed, and who probes."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.breaker = Breaker(SETTINGS)
        self.under_way: list[float | None] = []  # for each attempt, when it began if it is a probe
        self.outcomes: list[tuple[int, bool]] = []
        self.in_a_row = 0
        self.state = "closed"
        self.may_at = 0.0
        self.pause = SETTINGS.pause
        self.probe: float | None = None

    @rule(seconds=st.sampled_from([0.1, 1.0, 2.0, 5.0, 30.0]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def an_attempt_begins(self) -> None:
        allowed = self.state == "closed" or self.now >= self.may_at
        assert self.breaker.allows(self.now) == allowed
        if not allowed:
            return
        probes = self.breaker.begin(self.now)
        assert probes == (self.state != "closed")
        if probes:
            self.state, self.probe, self.may_at = "half_open", self.now, self.now + SETTINGS.probe
        self.under_way.append(self.now if probes else None)

    @precondition(lambda self: self.under_way)
    @rule(data=st.data())
    def one_goes_well(self, data: st.DataObject) -> None:
        probe = self._one(data)
        self.breaker.succeeded(self.now, probe)
        if self.state == "closed":
            self._count(failed=False)
        elif probe is not None:
            self._close()

    @precondition(lambda self: self.under_way)
    @rule(data=st.data())
    def one_fails(self, data: st.DataObject) -> None:
        probe = self._one(data)
        self.breaker.failed(self.now, probe)
        if self.state == "closed":
            self._count(failed=True)
            lately = [failed for second, failed in self.outcomes if second > int(self.now) - 10]
            if self.in_a_row >= 3 or (len(lately) >= 6 and sum(lately) >= 0.5 * len(lately)):
                self._open(SETTINGS.pause)
        elif self.state == "half_open" and probe == self.probe:
            self._open(min(self.pause * 2, SETTINGS.longest_pause))

    @precondition(lambda self: self.under_way)
    @rule(data=st.data())
    def one_says_nothing(self, data: st.DataObject) -> None:
        probe = self._one(data)
        self.breaker.released(self.now, probe)
        if self.state == "half_open" and probe == self.probe:
            self.state, self.may_at = "open", self.now

    def _one(self, data: st.DataObject) -> float | None:
        return self.under_way.pop(data.draw(st.integers(0, len(self.under_way) - 1)))

    def _count(self, *, failed: bool) -> None:
        self.outcomes.append((int(self.now), failed))
        self.in_a_row = self.in_a_row + 1 if failed else 0

    def _open(self, pause: float) -> None:
        self.state, self.pause, self.may_at = "open", pause, self.now + pause

    def _close(self) -> None:
        self.state, self.pause, self.outcomes, self.in_a_row = "closed", SETTINGS.pause, [], 0

    @invariant()
    def they_agree(self) -> None:
        assert self.breaker.state == self.state


def test_it_is_in_the_state_of_its_model_whatever_happens() -> None:
    run_state_machine_as_test(AgainstAModel, settings=settings(max_examples=60, stateful_step_count=60, deadline=None))


def test_only_one_probe_is_under_way_at_a_time() -> None:
    breaker = Breaker(SETTINGS)
    for _ in range(3):
        breaker.failed(0.0)
    assert breaker.state == "open"
    assert not breaker.allows(1.9)
    assert breaker.allows(2.0)
    assert breaker.begin(2.0)
    assert not breaker.allows(2.1)
    assert breaker.allows(7.0), "the probe has not answered, and is given up"


@given(st.integers(1, 8))
def test_each_probe_that_fails_makes_the_next_pause_longer_up_to_the_longest(probes: int) -> None:
    breaker, now = Breaker(SETTINGS), 0.0
    for _ in range(3):
        breaker.failed(now)
    pauses = []
    for _ in range(probes):
        now = breaker.retry_at
        breaker.begin(now)
        breaker.failed(now, now)
        pauses.append(breaker.retry_at - now)
    assert pauses == [min(2.0 * 2.0**n, 8.0) for n in range(1, probes + 1)]


def test_a_late_failure_of_an_older_attempt_does_not_lengthen_the_pause() -> None:
    breaker = Breaker(SETTINGS)
    for _ in range(3):
        breaker.failed(0.0)
    breaker.failed(1.0)
    assert breaker.retry_at == 2.0


def test_other_settings_hold_at_once() -> None:
    breaker = Breaker(SETTINGS)
    breaker.configure(BreakerSettings(failures=1))
    breaker.failed(0.0)
    assert breaker.state == "open"


def test_failures_that_come_before_any_good_answer_could_are_not_taken_for_all() -> None:
    breaker = Breaker()
    for number in range(30):
        assert not breaker.failed(1.0 + 0.01 * number, usual=0.4)
    breaker.succeeded(1.35)
    for number in range(4):
        assert not breaker.failed(1.4 + 0.01 * number, usual=0.4), "a row begins anew"
    assert breaker.state == "closed"
    assert breaker.failed(1.85, usual=0.4), "five in a row, for longer than an answer takes"


def test_the_share_of_failures_counts_once_it_is_no_longer_distorted() -> None:
    breaker = Breaker()
    moments = [(1.0 + 0.04 * number, number % 2 == 0) for number in range(40)]
    opened = []
    for now, failed in moments:
        if failed:
            opened.append((now, breaker.failed(now, usual=0.4)))
        else:
            breaker.succeeded(now)
    first = next(now for now, opens in opened if opens)
    assert 2.2 <= first <= 2.3, "half of them, from three times 0.4 s on"
