"""What a decision of `complexity` takes: `python -m tests.routing.complexity.measure_decisions`. No test: its figures
depend on the machine.

From a request's document to its score, with and without the embedder in `../shared/models`, for short prompts and for
long ones, of which only the beginning is read; in milliseconds. The embedder works in a thread of its own, so what the
event loop's own thread does meanwhile is told apart.
"""

import time
from collections.abc import Callable
from typing import Any, Final

import uvloop
from tests.house.source import ROOT

from trunkline.embedding import EmbeddingQueue, load
from trunkline.gateway.learnt import Difficulty
from trunkline.routing.complexity import Scorer, standard

EMBEDDER: Final = ROOT.parent / "shared" / "models" / "all-MiniLM-L6-v2-int8"
ROUNDS: Final = 300
SENTENCE: Final = "A train leaves at 9:40 with 212 passengers and stops every 15 minutes, where a third get off. "
PROMPTS: Final = {
    "a greeting": "Good morning!",
    "a question": SENTENCE + "How many are left at noon?",
    "a page": SENTENCE * 30,
    "a book": SENTENCE * 5000,
}


async def taken(difficulty: Difficulty, document: dict[str, Any], clock: Callable[[], float]) -> list[float]:
    """What decisions take by `clock`, in milliseconds, the least first."""
    found = []
    for _ in range(ROUNDS):
        began = clock()
        difficulty.place("it", await difficulty.score(document))
        found.append((clock() - began) * 1e3)
    return sorted(found)


async def main() -> None:
    embedding = EmbeddingQueue(load(EMBEDDER))
    for name, by in (("features", None), ("embedder", embedding)):
        difficulty = Difficulty(Scorer.read(standard()), b"", by)
        for prompt, text in PROMPTS.items():
            document = {"model": "it", "messages": [{"role": "user", "content": text}]}
            whole = await taken(difficulty, document, time.perf_counter)
            worked = await taken(difficulty, document, time.process_time)
            own = await taken(difficulty, document, time.thread_time)
            print(
                f"{name:<10}{prompt:<12}{whole[0]:8.3f} least{whole[ROUNDS // 2]:8.3f} median"
                f"{worked[0]:8.3f} of a processor{own[0]:8.3f} on the loop"
            )
    embedding.close()


if __name__ == "__main__":
    uvloop.run(main())
