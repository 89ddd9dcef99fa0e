"""Fitting: what is read, what is kept together, and that what is there to be learnt is learnt."""

import random
from collections.abc import Iterator

import numpy as np
import pytest

from trunkline.routing.complexity import Features, Scorer
from trunkline.routing.complexity.prompt import Prompt
from trunkline.routing.complexity.training.examples import Example, ExampleError, everyday, read_csv, read_json
from trunkline.routing.complexity.training.fit import Embedding, TrainingError, fit
from trunkline.routing.complexity.training.folds import folds, groups
from trunkline.routing.complexity.training.plot import draw
from trunkline.routing.complexity.training.recovery import area, recovery
from trunkline.routing.complexity.training.table import Table
from trunkline.routing.complexity.training.validate import qualities, unseen_scores

ME = Embedding("me", 8)


def made(count: int = 300, seed: int = 0) -> Iterator[Example]:
    """Additions, which both models can do, and proofs, which mostly the strong one can."""
    numbers = random.Random(seed)
    for _ in range(count):
        hard = numbers.random() < 0.4
        one, two, three = (numbers.randrange(10_000) for _ in range(3))
        text = (
            f"Prove for every n > {one} why {two} + n is optimal" if hard else f"What is {one} plus {two}, or {three}?"
        )
        yield Example(Prompt(text), float(numbers.random() < (0.8 if hard else 0.1)), "made")


def table(count: int = 300, dimensions: int = 0) -> Table:
    """With vectors of which one coordinate tells proofs from the rest, where there are any."""
    examples = list(made(count))

    def embed(texts: object) -> np.ndarray:
        vectors = np.random.default_rng(0).normal(size=(count, dimensions)).astype(np.float32)
        vectors[:, 0] += [4.0 * example.prompt.text.startswith("Prove") for example in examples]
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)

    return Table.of(examples, embed if dimensions else None)


# reading


def test_labels_outcomes_and_whole_requests_are_read() -> None:
    lines = [
        b'{"prompt": "a", "weak": false, "strong": true, "set": "s", "subject": "passed over"}',
        b"",
        b'{"prompt": "b", "weak": 0.75, "strong": 0.25}',
        b'{"messages": [{"role": "user", "content": "c"}], "tools": [{"type": "function"}], "label": "hard"}',
        b'{"prompt": "d", "label": "easy"}',
    ]
    read = list(read_json(lines))
    assert [(each.prompt.text, each.gain, each.set) for each in read] == [
        ("a", 1.0, "s"), ("b", -0.5, ""), ("c", 1.0, ""), ("d", 0.0, "")
    ]  # fmt: skip
    assert read[2].prompt.tools == 1


def test_csv_is_read_by_the_names_in_its_first_line() -> None:
    lines = ["prompt,weak,strong,label\n", '"two\n', 'lines",False,TRUE,\n', "b,0.5,1,\n", "c,,,hard\n"]
    assert [(each.prompt.text, each.gain) for each in read_csv(lines)] == [("two\nlines", 1.0), ("b", 0.5), ("c", 1.0)]


@pytest.mark.parametrize(
    "line",
    [
        b"{",
        b"[]",
        b"\xff",
        b'{"weak": true, "strong": true}',
        b'{"prompt": "", "label": "easy"}',
        b'{"prompt": "a"}',
        b'{"prompt": "a", "weak": true}',
        b'{"prompt": "a", "weak": 2, "strong": 1}',
        b'{"prompt": "a", "weak": "yes", "strong": 1}',
        b'{"prompt": "a", "weak": [], "strong": 1}',
        b'{"prompt": "a", "label": "medium"}',
        b'{"prompt": "a", "label": "easy", "weak": true, "strong": true}',
    ],
)
def test_what_is_no_example_is_told_with_its_line(line: bytes) -> None:
    with pytest.raises(ExampleError, match=r"^line 2: "):
        list(read_json([b'{"prompt": "a", "label": "easy"}', line]))


def test_the_examples_that_come_along_are_sound() -> None:
    examples = list(everyday())
    assert len({example.prompt for example in examples}) == len(examples)
    assert {example.gain for example in examples} == {0.0, 1.0}


# honest parts


def test_near_duplicates_are_in_one_part() -> None:
    long = "Tom has {} apples and gives three of them to each of his four sisters who live in the next town"
    texts = [long.format(n) for n in range(4)] + [
        f"quite another question about topic {n} and nothing else" for n in range(40)
    ]
    texts.append(texts[5])
    found = groups(texts)
    assert len(set(found[:4])) == 1
    assert found[5] == found[-1]
    part = folds(found, [0] * len(texts), 5)
    assert len(set(part[:4])) == 1
    assert part[5] == part[-1]


def test_parts_have_as_many_of_each_stratum() -> None:
    strata = [0] * 70 + [1] * 30
    part = np.array(folds(list(range(100)), strata, 5, seed=3))
    assert [np.bincount(part[:70]).tolist(), np.bincount(part[70:]).tolist()] == [[14] * 5, [6] * 5]
    assert folds(list(range(100)), strata, 5, seed=4) != part.tolist()


# the measure


def test_the_area_is_a_half_at_random_and_for_equal_scores() -> None:
    random_ = np.random.default_rng(0)
    gains = random_.integers(-1, 2, 20_000) + (random_.random(20_000) < 0.3)
    assert abs(area(random_.random(20_000), gains.astype(float)) - 0.5) < 0.02
    assert area(np.zeros(4), np.array([1.0, 0, 0, 1])) == pytest.approx(0.5)


def test_the_curve_goes_from_nothing_to_all() -> None:
    curve = recovery(np.array([0.9, 0.1, 0.5]), np.array([1.0, -1.0, 1.0]))
    assert curve.tolist() == [0.0, 1.0, 2.0, 1.0]


# fitting


@pytest.mark.parametrize("dimensions", [0, 16])
def test_what_is_there_to_be_learnt_is_learnt(dimensions: int) -> None:
    data, embedding = table(dimensions=dimensions), ME if dimensions else None
    by_way = list(qualities(data, unseen_scores(data, embedding)))
    assert [(each.set, each.embedded) for each in by_way][:2] == [
        ("", False),
        ("", True) if dimensions else ("made", False),
    ]
    assert min(each.area for each in by_way) > 0.7  # the best there can be is about 0.8
    drawn = draw(by_way)
    assert drawn.count("<polyline") == len(by_way)


def test_nothing_is_learnt_where_there_is_nothing() -> None:
    data = table(dimensions=16)
    mixed = np.random.default_rng(1).permutation(data.gains)
    noise = Table(data.values, data.choices, mixed, data.everyday, data.groups, data.strata, data.sets, data.vectors)
    assert all(abs(each.area - 0.5) < 0.1 for each in qualities(noise, unseen_scores(noise, ME)))


def test_fitting_twice_gives_the_same_model() -> None:
    data = table(dimensions=16)
    assert fit(data, ME) == fit(data, ME)


def test_the_model_knows_what_it_was_fitted_with() -> None:
    scorer = Scorer(fit(table(dimensions=16), ME, "made up"))
    assert (scorer.embedder, scorer.tokens, scorer.note) == ("me", 8, "made up")
    assert list(scorer.scores(embedded=True)) == sorted(scorer.scores(embedded=True))
    easy, hard = (
        Features.of(Prompt(text)) for text in ("What is 3 plus 4, or 5?", "Prove for every n > 3 why n is so")
    )
    assert scorer.score(easy) < scorer.score(hard)


def test_data_on_which_nothing_can_be_fitted_are_refused() -> None:
    with pytest.raises(TrainingError, match="100 are the least"):
        fit(table(60))
    with pytest.raises(TrainingError, match="no better"):
        fit(Table.of([Example(each.prompt, 0.0) for each in made()]))
