"""A text's vector, by the model kept beside the repository; and what is no model."""

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.house.source import ROOT

from trunkline.embedding import Busy, EmbedderError, EmbeddingQueue, load

FOLDER = ROOT.parent / "shared" / "models" / "all-MiniLM-L6-v2-int8"


@pytest.fixture(scope="module")
def embedder() -> Any:
    """The model."""
    if not FOLDER.exists() and os.environ.get("CI") != "true":
        pytest.skip(f"there is no {FOLDER}")
    return load(FOLDER)


@pytest.mark.shared
def test_vectors_have_length_1_and_like_texts_are_near(embedder: Any) -> None:
    rows = embedder.embed(["How do I get a refund?", "I want my money back.", "The moon is far away."])
    assert rows.shape == (3, embedder.dimensions) == (3, 384)
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    assert rows[0] @ rows[1] > rows[0] @ rows[2] + 0.2


@pytest.mark.shared
def test_a_text_has_the_same_vector_alone_and_among_others(embedder: Any) -> None:
    alone = embedder.embed(["a question"])
    assert np.array_equal(alone[0], embedder.embed(["something much longer " * 20, "a question"])[1])


@pytest.mark.shared
def test_only_so_many_tokens_are_read(embedder: Any) -> None:
    words = "one two three four five six seven eight nine ten"
    assert np.array_equal(embedder.embed([words], tokens=6), embedder.embed([f"{words} eleven " * 1000], tokens=6))
    assert not np.array_equal(embedder.embed([words], tokens=6), embedder.embed([words], tokens=7))


@pytest.mark.shared
def test_any_text_has_a_vector(embedder: Any) -> None:
    assert np.isfinite(embedder.embed(["", "\0", "数学" * 5000, "\n" * 5000])).all()


@pytest.mark.shared
async def test_the_loop_goes_on_while_texts_are_embedded(embedder: Any) -> None:
    queue = EmbeddingQueue(embedder)
    try:
        task = asyncio.create_task(queue.embed(["a b c " * 100] * 8))
        turns = 0
        while not task.done():
            await asyncio.sleep(0)
            turns += 1
        assert (await task).shape == (8, 384)
        assert turns > 10
    finally:
        queue.close()


class Slow:
    """Embeds when it is told to."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.go = threading.Event()
        self.calls: list[Sequence[str]] = []

    def embed(self, texts: Sequence[str], tokens: int) -> object:
        """A row for each."""
        self.calls.append(texts)
        self.begun.set()
        assert self.go.wait(10)
        return np.zeros((len(texts), tokens))


async def test_who_comes_when_too_many_wait_is_told_at_once_and_who_gives_up_makes_room() -> None:
    slow: Any = Slow()
    queue = EmbeddingQueue(slow, waiting=3)
    try:
        first = asyncio.create_task(queue.embed(["a"], 2))
        second = asyncio.create_task(queue.embed(["b", "c"], 2))
        await asyncio.to_thread(slow.begun.wait, 10)
        with pytest.raises(Busy):
            await queue.embed(["d"])
        second.cancel()
        await asyncio.wait([second])
        third = asyncio.create_task(queue.embed(["e"], 2))
        slow.go.set()
        await asyncio.gather(first, third)
        assert slow.calls == [["a"], ["e"]]
    finally:
        slow.go.set()
        queue.close()


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EmbedderError, match="No such file"):
        load(tmp_path)
    (tmp_path / "model.onnx").write_bytes(b"nothing")
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(EmbedderError, match=str(tmp_path)):
        load(tmp_path)


def test_without_the_extra_it_says_what_to_install(tmp_path: Path) -> None:
    program = (
        "import sys; sys.modules['onnxruntime'] = None\n"
        "from pathlib import Path\n"
        "from trunkline.embedding import EmbedderError, load\n"
        "try: load(Path('.'))\n"
        "except EmbedderError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=30)
    assert "pip install 'trunkline[semantic]'" in done.stdout
