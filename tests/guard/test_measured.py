"""How good the detectors are, and what they cost. `make docs` writes the table of docs/how-to/guard.md from this."""

import os
import random
import re
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.guard.labelled import makers, negatives, positives
from tests.guard.patterns import matching
from tests.guard.policies import everything, found, pii, secrets, tripwires
from tests.guard.recordings import texts

from trunkline.guard.kinds import NATIONAL_IDS
from trunkline.guard.screen import Screen
from trunkline.guard.secret_kinds import SECRET_KINDS
from trunkline.guard.stream import StreamScreen
from trunkline.guard.values import Piece

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "how-to" / "guard.md"
RECORDED = ROOT.parent / "shared" / "recorded"

EACH = 100
NEGATIVE = 2600
CHECKSUMMED = {"card", "iban", *NATIONAL_IDS} - {"us_ssn", "dk_cpr", "gb_nino"}
"""The others have no checksum."""
LEAST = 0.98
BUILT_IN = Screen([pii(), secrets(), tripwires(action="report")], record_text=True)


def measured() -> dict[str, tuple[float, float]]:
    """Precision and recall of every kind, over all labelled texts."""
    rnd = random.Random(2026)
    right, wrong = Counter[str](), Counter[str]()
    samples = [each for kind in makers() for each in positives(kind, EACH, rnd)]
    for sample in (*samples, *negatives(NEGATIVE, rnd)):
        for finding in found(BUILT_IN, sample.text):
            hit = finding.kind == sample.kind and finding.text == sample.value
            (right if hit else wrong)[finding.kind] += 1
    figures = {kind: _figures(right[kind], wrong[kind], EACH) for kind in makers()}
    secret_names = {kind.name for kind in SECRET_KINDS}
    figures["secrets"] = _figures(_secrets_found(rnd), sum(wrong[name] for name in secret_names), len(SECRET_KINDS) * 5)
    return figures


def _figures(right: int, wrong: int, there: int) -> tuple[float, float]:
    return right / max(right + wrong, 1), right / there


def _secrets_found(rnd: random.Random) -> int:
    """Of five secrets of each form, how many are found."""
    drawn = [matching(kind.pattern, rnd) for kind in SECRET_KINDS for _ in range(5) if kind.name != "json_web_token"]
    drawn += [f"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI{rnd.randrange(10**9)}.{rnd.randbytes(20).hex()}" for _ in range(5)]
    return sum(any(secret in each.text for each in found(BUILT_IN, f"it is '{secret}'")) for secret in drawn)


def test_precision_and_recall_are_what_the_documentation_says() -> None:
    figures = measured()
    for kind in CHECKSUMMED:
        assert min(figures[kind]) >= LEAST, (kind, figures[kind])
    for kind in ("email", "phone", "secrets"):
        assert min(figures[kind]) >= 0.95, (kind, figures[kind])
    rows = [f"| `{kind}` | {precision:.3f} | {recall:.3f} |" for kind, (precision, recall) in sorted(figures.items())]
    table = "\n".join(["| Kind | Precision | Recall |", "|---|---|---|", *rows])
    text = PAGE.read_text(encoding="utf-8")
    anew = re.sub(r"(?<=<!-- measured -->\n)\|.*?\n(?=\n)", f"{table}\n", text, flags=re.DOTALL)
    if os.environ.get("TRUNKLINE_WRITE_DOCS"):
        PAGE.write_text(anew, encoding="utf-8")
    else:
        assert anew == text, "run `make docs`"


@pytest.mark.shared
@pytest.mark.slow
def test_what_clients_and_models_really_say_is_hardly_ever_taken_for_something_else() -> None:
    seen = {text for _, text in texts(RECORDED)}
    kinds = Counter(finding.kind for text in seen for finding in found(BUILT_IN, text))
    length = sum(map(len, seen))
    print(f"{len(seen):,} texts of {length:,} characters: {dict(kinds)}")
    assert len(seen) > 5000
    # An address in an example and an access key id in a link are what they are taken for.
    assert sum(kinds.values()) <= 5


PROSE = (
    "The quick brown fox jumps over the lazy dog in 2024, and it's 3.5 times as fast. We summarise Section 12 of it. "
)
ORDINARY = (PROSE * 20)[
    :1900
] + " mail joe@example.org about order 1234567890 at https://example.com/a/b-c?x=1 or some_name"
SLACK = 3
"""Times what is stated, for machines that are slower or busy; the figures themselves are in the documentation."""


def cost(work: Callable[[], object], times: int) -> float:
    """Seconds of processor time that a call takes, at best."""
    best = float("inf")
    for _ in range(9):
        begun = time.process_time()
        for _ in range(times):
            work()
        best = min(best, (time.process_time() - begun) / times)
    return best


def test_an_ordinary_prompt_costs_little_and_a_page_of_digits_not_much() -> None:
    screen = Screen(everything())
    rnd = random.Random(5)
    ordinary = cost(lambda: screen.screen([Piece("q", ORDINARY)]), 20)
    digits = " ".join(str(rnd.randrange(10 ** rnd.randrange(4, 17))) for _ in range(400))[:2048]
    full = cost(lambda: screen.screen([Piece("q", digits)]), 3)
    print(f"ordinary {ordinary * 1e6:.0f} µs, digits {full * 1e6:.0f} µs")
    assert ordinary < 150e-6 * SLACK
    assert full < 2e-3 * SLACK


@pytest.mark.parametrize(
    "prose",
    [
        PROSE,
        "Über die Brücke läuft täglich ein Fuchs – und der große Hund schläft. Schöne „Grüße“ aus Köln im Jahr 2024! ",
        "L’été, la forêt s’éveille à l’aube ; où est passé le cœur des gens ? ",
        "Быстрая лиса прыгает через ленивую собаку, и это хорошо. Мы подводим итоги раздела 12. ",
    ],
    ids=["english", "german", "french", "russian"],
)
def test_a_streamed_chunk_costs_next_to_nothing(prose: str) -> None:
    screen = Screen([pii(), secrets(), tripwires()])
    chunks = [f"{word} " for word in (prose * 20).split()]

    def stream() -> None:
        reading = StreamScreen(screen, Piece("a", ""))
        for chunk in chunks:
            reading.feed(chunk)

    each = cost(stream, 5) / len(chunks)
    print(f"{each * 1e6:.2f} µs a chunk")
    assert each < 2e-6 * SLACK
