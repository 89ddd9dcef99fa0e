"""Texts to vectors, by a small model that runs here: a folder with an ONNX model and its tokenizer.

    embedder = load(folder)                    # blocks for about a third of a second
    embedder.embed(["a text"], tokens=40)      # blocks; a row for each text, of length 1
    queue = EmbeddingQueue(embedder)           # for the event loop
    await queue.embed(["a text"], tokens=40)

The folder is laid out as sentence-transformers models are: `model.onnx` (or `onnx/model.onnx`), `tokenizer.json`, and
perhaps `1_Pooling/config.json`. Needs the extra `semantic` (numpy, onnxruntime, tokenizers), which only `load` imports.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from trunkline.embedding.queue import Busy, EmbeddingQueue

if TYPE_CHECKING:
    from trunkline.embedding.model import Embedder

__all__ = ["Busy", "EmbedderError", "EmbeddingQueue", "load"]


class EmbedderError(Exception):
    """The folder holds no model that can be used, or the extra `semantic` is not installed. Says what to do."""


def load(folder: Path) -> "Embedder":
    """The model in `folder`. Raises `EmbedderError`."""
    try:
        from trunkline.embedding.model import Embedder
    except ImportError as error:
        raise EmbedderError(f"embeddings need `pip install 'trunkline[semantic]'` ({error})") from None
    try:
        return Embedder(folder)
    except OSError as error:
        raise EmbedderError(f"{error.filename}: {error.strerror}") from None
    except ValueError as error:
        raise EmbedderError(f"{folder}: {error}") from None
