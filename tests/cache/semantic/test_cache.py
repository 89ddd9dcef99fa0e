"""The semantic cache as the gateway uses it: look up, store, forget, write down."""

import math

import msgspec
import numpy as np
import pytest
from tests.cache.semantic.parts import DIMENSIONS, NEVER, asked, axis, near, said, told

from trunkline.cache.semantic import Damaged, Hit, Miss, SemanticCache, ask, partition_of


def test_a_question_in_other_words_is_answered() -> None:
    cache = SemanticCache(DIMENSIONS)
    told(cache, "How do I reset my password?", axis(0), "Like this.")
    found = asked(cache, "How can I reset the password?", near(0, 0.98))
    assert isinstance(found, Hit)
    assert found.entry.reply == b"Like this."
    assert found.risk < 0.01


@pytest.mark.parametrize(
    ("text", "cosine"),
    [("How can I reset the password?", 0.85), ("How can I reset 2 passwords?", 0.99), ("Where are my points?", 0.2)],
    ids=["too far", "other facts", "something else"],
)
def test_what_may_be_another_question_is_not(text: str, cosine: float) -> None:
    cache = SemanticCache(DIMENSIONS)
    told(cache, "How do I reset my password?", axis(0), "Like this.")
    assert isinstance(asked(cache, text, near(0, cosine)), Miss)


def test_neighbours_that_disagree_leave_a_question_open() -> None:
    cache = SemanticCache(DIMENSIONS)
    told(cache, "How do I reset my password?", near(0, 0.98, 1), "Like this.", 1)
    told(cache, "How could one reset a password?", near(0, 0.98, 2), "No way.", 2)
    assert isinstance(asked(cache, "How can I reset the password?", axis(0)), Miss)


def test_many_neighbours_that_agree_answer_what_one_could_not() -> None:
    cache = SemanticCache(DIMENSIONS)
    question = ask("How can I reset the password?", axis(0))
    for number in range(12):
        told(cache, f"How do I reset my password{'?' * number}", near(0, 0.9, 1 + number), "Like this.")
        found = cache.look_up(b"here", question, 0.0, NEVER)
        if number == 0:
            assert isinstance(found, Miss)
    assert isinstance(found, Hit)


def test_partitions_share_nothing() -> None:
    cache = SemanticCache(DIMENSIONS)
    told(cache, "How do I reset my password?", axis(0), "Like this.")
    question = ask("How do I reset my password?", axis(0))
    assert isinstance(cache.look_up(b"here", question, 0.0, NEVER), Hit)
    assert isinstance(cache.look_up(b"elsewhere", question, 0.0, NEVER), Miss)


def test_parts_of_a_partition_do_not_run_into_one_another() -> None:
    several = [(b"ab", b"c"), (b"a", b"bc"), (b"abc",), (b"abc", b""), ()]
    assert len({partition_of(parts) for parts in several}) == len(several)


def test_an_entry_answers_until_its_time_is_over() -> None:
    cache = SemanticCache(DIMENSIONS)
    told(cache, "How do I reset my password?", axis(0), "Like this.")
    assert isinstance(asked(cache, "How do I reset my password?", axis(0), now=99.9), Hit)
    assert isinstance(asked(cache, "How do I reset my password?", axis(0), now=100.0), Miss)
    assert cache.expire(99.9) == 0
    assert cache.expire(100.0) == 1
    assert (len(cache), cache.size) == (0, 0)


def test_a_tag_is_forgotten_with_all_that_has_it() -> None:
    cache = SemanticCache(DIMENSIONS)
    for number, tags in enumerate(({"prices"}, {"prices", "cards"}, {"cards"})):
        question = ask(f"question {'abc'[number]}", axis(number))
        found = cache.look_up(b"here", question, 0.0, NEVER)
        cache.store(b"here", question, said("so"), b"so", found.trace, 0.0, 100.0, tags)
    assert cache.invalidate("prices") == 2
    assert cache.invalidate("prices") == 0
    assert isinstance(asked(cache, "question a", axis(0)), Miss)
    assert isinstance(asked(cache, "question c", axis(2)), Hit)


def test_what_was_not_used_for_longest_makes_room() -> None:
    cache = SemanticCache(DIMENSIONS, entries=2)
    told(cache, "first question", axis(0), "a", 0)
    told(cache, "other thing", axis(1), "b", 1)
    assert isinstance(asked(cache, "first question", axis(0)), Hit)
    told(cache, "last matter", axis(2), "c", 2)
    assert isinstance(asked(cache, "first question", axis(0)), Hit)
    assert isinstance(asked(cache, "other thing", axis(1)), Miss)


def test_bytes_are_bounded_too_and_all_given_back() -> None:
    cache = SemanticCache(DIMENSIONS, most_bytes=100_000)
    for number in range(40):
        told(cache, f"question {'x' * number}", axis(number % DIMENSIONS), "y" * 5000, number % DIMENSIONS)
        assert cache.size <= 100_000
    assert 5 < len(cache) < 20
    cache.expire(1000.0)
    assert cache.size == 0


def test_the_same_question_again_replaces_what_was_said() -> None:
    cache = SemanticCache(DIMENSIONS)
    told(cache, "Who is in charge?", axis(0), "Anna", 1)
    found = cache.look_up(b"here", ask("Who is in charge?", axis(0)), 0.0, 0.0)
    assert isinstance(found, Hit)
    assert found.verify
    cache.store(b"here", ask("Who is in charge?", axis(0)), said("Bert", 2), b"Bert", found.trace, 0.0, 100.0)
    again = asked(cache, "Who is in charge?", axis(0))
    assert isinstance(again, Hit)
    assert again.entry.reply == b"Bert"
    assert len(cache) == 1


def test_hits_are_verified_as_chance_has_it() -> None:
    cache = SemanticCache(DIMENSIONS)
    told(cache, "How do I reset my password?", axis(0), "Like this.")
    question = ask("How can I reset the password?", near(0, 0.98))
    verified = [
        isinstance(found := cache.look_up(b"here", question, 0.0, chance / 1000), Hit) and found.verify
        for chance in range(1000)
    ]
    assert verified == sorted(verified, reverse=True)
    assert 5 <= sum(verified) <= 150


def test_entries_written_down_answer_in_another_process() -> None:
    cache, other = SemanticCache(DIMENSIONS), SemanticCache(DIMENSIONS)
    question = ask("How do I reset my password?", near(0, 0.7))
    trace = cache.look_up(b"here", question, 5.0, NEVER).trace
    entry = cache.store(b"here", question, said("Like this."), b"reply", trace, 5.0, 100.0, {"help"})
    assert other.load(b"here", cache.dump(entry), 50.0) is not None
    found = asked(other, "How do I reset my password?", near(0, 0.7), now=50.0)
    assert isinstance(found, Hit)
    assert (found.entry.reply, found.entry.stored, found.entry.expires) == (b"reply", 5.0, 105.0)
    assert other.invalidate("help") == 1
    assert other.load(b"here", cache.dump(entry), 105.0) is None


def test_entries_bring_what_their_answers_taught() -> None:
    cache = SemanticCache(DIMENSIONS)
    stored = []
    for number in range(100):
        question = ask(f"How do I reset my password{'?' * number}", near(0, 0.97, 1 + number % 3))
        trace = cache.look_up(b"here", question, 0.0, NEVER).trace
        entry = cache.store(b"here", question, said("So.", 5 + number % 9), b"", trace, 0.0, 100.0)
        stored.append(cache.dump(entry))
    fresh, both, alone = (SemanticCache(DIMENSIONS) for _ in range(3))
    for data in stored:
        both.load(b"here", data, 0.0)
        alone.load(b"here", data, 0.0, alone=True)
    assert both.learnt() != fresh.learnt()
    assert alone.learnt() == fresh.learnt()
    question = ask("How can I reset the password?", near(0, 0.97, 1))
    risks = [each.look_up(b"here", question, 0.0, NEVER).risk for each in (cache, both, alone)]
    assert risks == pytest.approx([risks[0]] * 3, abs=0.1)


def test_what_was_said_later_stays_when_an_earlier_answer_is_loaded() -> None:
    cache, other = SemanticCache(DIMENSIONS), SemanticCache(DIMENSIONS)
    question = ask("Who is in charge?", axis(0))
    stored = []
    for now, name in enumerate(("Anna", "Bert")):
        trace = cache.look_up(b"here", question, now, NEVER).trace
        stored.append(cache.dump(cache.store(b"here", question, said(name, now), name.encode(), trace, now, 100.0)))
    for data in (stored[1], stored[0], stored[1]):
        other.load(b"here", data, 2.0)
    found = asked(other, "Who is in charge?", axis(0), now=2.0)
    assert isinstance(found, Hit)
    assert found.entry.reply == b"Bert"
    assert len(other) == 1


def test_the_oldest_that_are_loaded_make_room_for_all_others() -> None:
    cache, other = SemanticCache(DIMENSIONS, entries=3), SemanticCache(DIMENSIONS, entries=3)
    stored = []
    for number, text in enumerate(("first question", "other thing", "last matter")):
        told(cache, text, axis(number), text, number)
        found = asked(cache, text, axis(number))
        assert isinstance(found, Hit)
        stored.append(cache.dump(found.entry))
    told(other, "some subject", axis(5), "here already", 5)
    for data in reversed(stored):
        assert other.full == (data is stored[0])
        other.load(b"here", data, 0.0, oldest=True)
    assert isinstance(asked(other, "some subject", axis(5)), Hit)
    assert isinstance(asked(other, "last matter", axis(2)), Hit)
    assert isinstance(asked(other, "first question", axis(0)), Miss)


def test_entries_that_are_loaded_share_answers_as_they_did() -> None:
    cache, other = SemanticCache(DIMENSIONS), SemanticCache(DIMENSIONS)
    told(cache, "How do I reset my password?", axis(0), "Like this.")
    told(cache, "How would I reset my password then?", near(0, 0.9), "Like this.")
    told(cache, "Where are my points?", axis(3), "Here.", 3)
    numbers = []
    for number in (1, 2, 3):
        found = asked(cache, *_question(number))
        assert isinstance(found, Hit)
        loaded = other.load(b"here", cache.dump(found.entry), 0.0)
        assert loaded is not None
        numbers.append(loaded.answer)
    assert numbers[0] == numbers[1] != numbers[2]


def _question(number: int) -> tuple[str, "np.ndarray[tuple[int], np.dtype[np.float32]]"]:
    texts = {
        1: ("How do I reset my password?", axis(0)),
        2: ("How would I reset my password then?", near(0, 0.9)),
        3: ("Where are my points?", axis(3)),
    }
    return texts[number]


def test_damaged_entries_are_refused() -> None:
    cache = SemanticCache(DIMENSIONS)
    question = ask("a question", axis(0))
    entry = cache.store(b"here", question, said("so"), b"so", asked(cache, "a question", axis(0)).trace, 0.0, 10.0)
    good = cache.dump(entry)
    fields = msgspec.msgpack.decode(good)
    later, longer, mad = [99, *fields[1:]], fields.copy(), fields.copy()
    longer[2] += b"\0\0"
    mad[2] = b"\xff\x7f" * DIMENSIONS
    wrong = [*fields[:-1], [math.inf, 0.0, True, 1.0]]
    for bad in (b"", good[:-1], good[1:], b"\x90", *map(msgspec.msgpack.encode, (later, longer, mad, wrong))):
        with pytest.raises(Damaged):
            SemanticCache(DIMENSIONS).load(b"here", bad, 0.0)


def test_a_vector_of_another_embedder_is_refused() -> None:
    cache = SemanticCache(DIMENSIONS + 1)
    with pytest.raises(ValueError, match="dimensions"):
        told(cache, "a question", axis(0), "so")
    assert (len(cache), cache.size) == (0, 0)


@pytest.mark.parametrize("max_error", [0, 1, -0.1])
def test_a_share_of_errors_is_one(max_error: float) -> None:
    with pytest.raises(ValueError, match="max_error"):
        SemanticCache(DIMENSIONS, max_error=max_error)
