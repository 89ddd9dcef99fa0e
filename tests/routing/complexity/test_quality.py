"""How good the decisions are: on questions with known outcomes, by models that were fitted without them.

Random is 0.50. The published figures stand in docs/decisions/0013-complexity-routing.md.
"""

import os
from pathlib import Path

import pytest
from tests.house.source import ROOT

from trunkline.embedding import load
from trunkline.routing.complexity.training.examples import everyday, read_json
from trunkline.routing.complexity.training.fit import Embedding
from trunkline.routing.complexity.training.table import Table
from trunkline.routing.complexity.training.validate import qualities, unseen_scores

OUTCOMES = ROOT.parent / "shared" / "data" / "routing" / "outcomes.jsonl"
EMBEDDER = ROOT.parent / "shared" / "models" / "all-MiniLM-L6-v2-int8"
TOKENS = 40

pytestmark = [pytest.mark.shared, pytest.mark.timeout(600)]


def there(path: Path) -> Path:
    """`path`; the test is skipped where it is not, but fails in CI."""
    if not path.exists() and os.environ.get("CI") != "true":
        pytest.skip(f"there is no {path}")
    return path


def areas(table: Table, embedding: Embedding | None = None) -> dict[tuple[str, bool], float]:
    """APGR by set and by whether embedded: the mean of two ways to cut the data, for luck is worth a hundredth."""
    found: dict[tuple[str, bool], list[float]] = {}
    for seed in (0, 1):
        for quality in qualities(table, unseen_scores(table, embedding, seed)):
            found.setdefault((quality.set, quality.embedded), []).append(quality.area)
    return {name: sum(each) / len(each) for name, each in found.items()}


def test_features_alone_are_clearly_better_than_chance() -> None:
    with there(OUTCOMES).open("rb") as lines:
        found = areas(Table.of([*read_json(lines), *everyday()]))
    assert found["mmlu", False] >= 0.66
    assert found["gsm8k", False] >= 0.57


@pytest.mark.slow  # about a minute for the vectors, and another one for ten times four fits
def test_with_an_embedder_decisions_are_better_than_by_neighbours() -> None:
    embedder = load(there(EMBEDDER))
    with there(OUTCOMES).open("rb") as lines:
        examples = [*read_json(lines), *everyday()]
    table = Table.of(examples, lambda texts: embedder.embed(texts, TOKENS))
    found = areas(table, Embedding(embedder.identity, TOKENS))
    assert found["mmlu", True] >= 0.68
    assert found["gsm8k", True] >= 0.62  # what neighbours alone reach at best with these 658 questions
