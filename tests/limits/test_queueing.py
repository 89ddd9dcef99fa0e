"""The waiting room is bounded in places and in time, and fair."""

from hypothesis import given
from hypothesis import strategies as st

from trunkline.limits.queueing import Place, WaitingRoom


def entered(room: WaitingRoom, priority: int = 0, now: float = 0.0) -> Place:
    place, _ = room.enter(priority, now)
    assert place is not None
    return place


def test_the_important_come_first_and_then_those_who_came_first() -> None:
    room = WaitingRoom(10, 1.0)
    low, first, second = entered(room, 0), entered(room, 5), entered(room, 5)
    order = []
    while (place := room.first()) is not None:
        room.leave(place)
        order.append(place)
    assert order == [first, second, low]
    assert len(room) == 0


def test_a_full_room_takes_only_the_more_important_and_sends_the_last_of_the_least_away() -> None:
    room = WaitingRoom(2, 1.0)
    first, second = entered(room), entered(room)
    assert room.enter(0, 0.0) == (None, None)
    place, pushed_out = room.enter(1, 0.0)
    assert place is not None
    assert pushed_out is second
    assert second.gone
    assert not first.gone
    assert room.first() is place


def test_nobody_waits_longer_than_the_patience() -> None:
    room = WaitingRoom(2, 1.0)
    early, late = entered(room, now=0.0), entered(room, now=0.5)
    assert list(room.impatient(0.9)) == []
    assert list(room.impatient(1.0)) == [early]
    assert room.first() is late
    room.leave(early)
    assert len(room) == 1


def test_a_room_without_places_takes_nobody() -> None:
    assert WaitingRoom(0, 1.0).enter(9, 0.0) == (None, None)


@given(st.lists(st.tuples(st.sampled_from(["enter", "let in", "give up", "time"]), st.integers(0, 3)), max_size=200))
def test_the_room_never_holds_more_than_its_places_and_loses_nobody(steps: list[tuple[str, int]]) -> None:
    room, now = WaitingRoom(5, 3.0), 0.0
    waiting: list[Place] = []
    for step, number in steps:
        match step:
            case "enter":
                place, pushed_out = room.enter(number, now)
                if pushed_out is not None:
                    waiting.remove(pushed_out)
                waiting += [place] if place is not None else []
            case "let in" if waiting:
                first = room.first()
                assert first is next(each for each in waiting if each.priority == max(w.priority for w in waiting))
                room.leave(first)
                waiting.remove(first)
            case "give up" if waiting:
                room.leave(waiting.pop(number % len(waiting)))
            case "time":
                now += number
                gone = list(room.impatient(now))
                assert set(gone) == {each for each in waiting if each.ends <= now}
                waiting = [each for each in waiting if each not in gone]
        assert len(room) == len(waiting) <= 5
        assert sum(len(queue) for queue in room._queues.values()) <= 20
