"""How much the semantic cache answers, and how often wrongly: `python -m bench.semantic_cache --model FOLDER FILE ...`.

Each file has the columns `text` and `category`. All questions are asked once, in random order; what is not answered
from the cache is stored. An answer is right when the question it was stored for has the same category. A category is
looked at only when upstream is paid for that question: for a miss, or to verify a hit. A verified hit counts as no hit,
for it was paid for, and as a wrong answer if it was one, for it was given.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
import random
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import click
import msgspec
import numpy as np
from numpy.typing import NDArray

from bench.semantic_plot import Point, draw
from trunkline.cache.semantic import Answer, Hit, Question, SemanticCache, ask
from trunkline.embedding import load

ERRORS: Final = (0.0025, 0.005, 0.01, 0.015, 0.02, 0.03)
THRESHOLDS: Final = (0.96, 0.94, 0.92, 0.9, 0.88, 0.86, 0.84, 0.82)
FOREVER: Final = 1e18
PARTITION: Final = b"all"
PLOT: Final = Path(__file__).parents[1] / "docs" / "how-to" / "semantic-cache.svg"


class Asked(msgspec.Struct, frozen=True):
    """A question, and the intent that says which answer is right."""

    question: Question
    intent: int


class Played(msgspec.Struct, frozen=True):
    """Shares of all requests."""

    hits: float
    """Answered from the cache, and not verified."""
    wrong: float
    """Given a wrong answer from the cache, verified or not."""
    verified: float


def read(paths: Iterable[Path]) -> tuple[list[str], list[int]]:
    """The texts of all files, and the number of each one's intent."""
    rows = [row for path in paths for row in csv.DictReader(io.StringIO(path.read_text(encoding="utf-8")))]
    names = sorted({row["category"] for row in rows})
    return [row["text"] for row in rows], [names.index(row["category"]) for row in rows]


def questions(paths: Sequence[Path], model: Path) -> list[Asked]:
    """All questions with their vectors, which take a minute and are kept in the folder for temporary files."""
    texts, intents = read(paths)
    embedder = load(model)
    made_of = hashlib.sha256("\0".join([embedder.identity, *texts]).encode()).hexdigest()
    kept = Path(tempfile.gettempdir()) / f"trunkline-vectors-{made_of[:32]}.npy"
    if kept.exists():
        vectors: NDArray[np.float32] = np.load(kept)
    else:
        vectors = embedder.embed(texts)
        being_written = kept.with_suffix(f".{os.getpid()}.npy")
        np.save(being_written, vectors)
        being_written.replace(kept)
    return [Asked(ask(t, v), intent) for t, v, intent in zip(texts, vectors, intents, strict=True)]


def play(asked: Sequence[Asked], seed: int, max_error: float = 0.01) -> Played:
    """All of `asked` through a cache that knows nothing yet, in the order of `seed`."""
    order, dice = list(asked), random.Random(seed)
    dice.shuffle(order)
    cache = SemanticCache(len(order[0].question.vector), max_error=max_error)
    nowhere = np.zeros(len(order[0].question.vector), dtype=np.float32)
    hits = wrong = verified = 0
    for each in order:
        found = cache.look_up(PARTITION, each.question, 0, dice.random())
        if isinstance(found, Hit):
            wrong += found.entry.reply != str(each.intent).encode()
            verified += found.verify
            hits += not found.verify
            if not found.verify:
                continue
        name = str(each.intent)  # from here on it is paid for
        said = Answer(name, nowhere)
        cache.store(PARTITION, each.question, said, name.encode(), found.trace, 0, FOREVER)
    return Played(hits / len(order), wrong / len(order), verified / len(order))


def play_plainly(asked: Sequence[Asked], seed: int, threshold: float) -> Played:
    """The same with the nearest question's answer, wherever its cosine is at least `threshold`."""
    order = list(asked)
    random.Random(seed).shuffle(order)
    vectors = np.empty((len(order), len(order[0].question.vector)), dtype=np.float32)
    intents: list[int] = []
    hits = wrong = 0
    for each in order:
        cosines = vectors[: len(intents)] @ each.question.vector
        nearest = int(cosines.argmax()) if intents else -1
        if intents and cosines[nearest] >= threshold:
            hits += 1
            wrong += intents[nearest] != each.intent
        else:
            vectors[len(intents)] = each.question.vector
            intents.append(each.intent)
    return Played(hits / len(order), wrong / len(order), 0.0)


@click.command()
@click.option("--model", type=click.Path(exists=True, path_type=Path), required=True, help="Folder of the embedder.")
@click.option("--seed", type=int, default=0, help="Of the order.")
@click.option("--plot", type=click.Path(path_type=Path), default=PLOT, help="Where the picture is written.")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
def main(model: Path, seed: int, plot: Path, files: tuple[Path, ...]) -> None:
    """Measure the semantic cache on labelled questions, beside a plain threshold."""
    asked = questions(files, model)
    ours, plain = [], []
    for error in ERRORS:
        played = play(asked, seed, error)
        ours.append(Point(played.wrong, played.hits, f"max_error {error:g}"))
        print(f"max_error {error:g}: {played.hits:.1%} hits, {played.wrong:.2%} wrong, {played.verified:.2%} verified")
    for threshold in THRESHOLDS:
        played = play_plainly(asked, seed, threshold)
        plain.append(Point(played.wrong, played.hits, f"cosine {threshold:g}"))
        print(f"cosine {threshold:g}: {played.hits:.1%} hits, {played.wrong:.2%} wrong")
    plot.write_text(draw({"Trunkline": ours, "a plain threshold": plain}), encoding="utf-8")


if __name__ == "__main__":
    main()
