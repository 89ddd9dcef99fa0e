"""What repeated questions cost with the cache and without: `python -m bench.savings --model FOLDER FILE ...`.

Customers ask a few things often and most things seldom. So questions are drawn from those of the files by Zipf's law:
the one of rank r comes with a probability in proportion to 1/r. They go through three gateways: one that keeps nothing,
one that keeps answers to the same words (`exact`), and one that also looks for other words (`semantic`, with its usual
`max_error`). What is counted is calls of a model, those that verify an answer among them; each costs the same.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path
from typing import Final

import click
import msgspec
import numpy as np

from bench.savings_plot import Line, draw
from bench.semantic_cache import PARTITION, Asked, questions
from trunkline.cache.semantic import Answer, Hit, SemanticCache

REQUESTS: Final = 20_000
TOLD: Final = (1_000, 5_000, 20_000)
"""After how many requests the shares are printed."""
HOUR: Final = 3600.0
PLOT: Final = Path(__file__).parents[1] / "docs" / "how-to" / "savings.svg"


class Paid(msgspec.Struct, frozen=True):
    """The calls of a model after each request, and how many of all requests were answered wrongly."""

    calls: list[int]
    wrong: float

    def share(self, requests: int) -> float:
        """Of the first `requests`, how many cost nothing."""
        return 1 - self.calls[requests - 1] / requests


def drawn(asked: Sequence[Asked], seed: int, requests: int = REQUESTS) -> list[Asked]:
    """Questions by Zipf's law, in an order that `seed` decides."""
    dice, ranked = random.Random(seed), list(asked)
    dice.shuffle(ranked)
    return dice.choices(ranked, weights=[1 / rank for rank in range(1, len(ranked) + 1)], k=requests)


def play_exact(workload: Sequence[Asked]) -> Paid:
    """With answers to the same words."""
    known: set[str] = set()
    paid = []
    for each in workload:
        paid.append(each.question.text not in known)
        known.add(each.question.text)
    return Paid(list(accumulate(paid)), 0.0)


def play_semantic(workload: Sequence[Asked], seed: int, max_error: float = 0.01) -> Paid:
    """With answers to the same words, and then to other ones."""
    dice = random.Random(seed)
    cache = SemanticCache(len(workload[0].question.vector), max_error=max_error)
    nowhere = np.zeros(len(workload[0].question.vector), dtype=np.float32)
    known: dict[str, int] = {}
    """The intent that each question was answered for."""
    paid, wrong = [], 0
    for each in workload:
        text = each.question.text
        if text in known:
            paid.append(False)
            wrong += known[text] != each.intent
            continue
        found = cache.look_up(PARTITION, each.question, 0, dice.random())
        hit = isinstance(found, Hit)
        if isinstance(found, Hit):
            wrong += found.entry.reply != str(each.intent).encode()
            if not found.verify:
                paid.append(False)
                continue
        paid.append(True)
        if not hit:  # what verifies an answer is kept for its sense only
            known[text] = each.intent
        name = str(each.intent)
        said = Answer(name, nowhere)
        cache.store(PARTITION, each.question, said, name.encode(), found.trace, 0, HOUR)
    return Paid(list(accumulate(paid)), wrong / len(workload))


@click.command()
@click.option("--model", type=click.Path(exists=True, path_type=Path), required=True, help="Folder of the embedder.")
@click.option("--seed", type=int, default=0, help="Of what is asked, and when.")
@click.option("--plot", type=click.Path(path_type=Path), default=PLOT, help="Where the picture is written.")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
def main(model: Path, seed: int, plot: Path, files: tuple[Path, ...]) -> None:
    """Measure what the caches save on questions that repeat."""
    workload = drawn(questions(files, model), seed)
    print(f"{len({each.question.text for each in workload}):,} different questions in {len(workload):,} requests")
    played = {"exact cache": play_exact(workload), "exact and semantic cache": play_semantic(workload, seed)}
    for name, paid in played.items():
        shares = ", ".join(f"{paid.share(count):.1%} of the first {count:,}" for count in TOLD)
        print(f"{name}: saves {shares}; {paid.wrong:.2%} wrong")
    lines = [Line("no cache", list(range(1, len(workload) + 1)))]
    lines += [Line(f"{name}: {paid.share(len(workload)):.0%} saved", paid.calls) for name, paid in played.items()]
    plot.write_text(draw(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
