"""The model: tokens in, one vector out. Imports numpy, onnxruntime and tokenizers: import it where it is used."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

MODELS: Final = ("model.onnx", "onnx/model.onnx")
TOKENIZER: Final = "tokenizer.json"
POOLING: Final = "1_Pooling/config.json"
CHARACTERS: Final = 12
"""Characters of a text that are read for each token wanted: a language's words have fewer on average, and whoever sends
a megabyte must not have it tokenized.
"""


class Pooling(msgspec.Struct):
    """What sentence-transformers writes of how the vectors of tokens become one."""

    pooling_mode_cls_token: bool = False


class Embedder:
    """A model in memory. Not thread-safe."""

    def __init__(self, folder: Path) -> None:
        """Read the model in `folder`. Raises `OSError`, and `ValueError` where it is no model that can be used."""
        model = next((folder / name for name in MODELS if (folder / name).is_file()), folder / MODELS[0])
        weights, words = model.read_bytes(), (folder / TOKENIZER).read_bytes()
        pooling = folder / POOLING
        self._first = (
            pooling.is_file() and msgspec.json.decode(pooling.read_bytes(), type=Pooling).pooling_mode_cls_token
        )
        self.identity = hashlib.sha256(weights + words).hexdigest()
        """What vectors of this model are known by: those of another cannot be compared with them."""
        try:
            self._tokenizer = Tokenizer.from_str(words.decode())
            self._session = onnxruntime.InferenceSession(weights, _options(), providers=["CPUExecutionProvider"])
        except Exception as error:  # noqa: BLE001  # for a bad file both libraries raise what has no base but this
            raise ValueError(str(error)) from None
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._wants = {given.name for given in self._session.get_inputs()}
        if not self._wants <= {"input_ids", "attention_mask", "token_type_ids"}:
            raise ValueError(f"the model wants more than a text's tokens: {', '.join(sorted(self._wants))}")
        self.dimensions = self.embed([""]).shape[1]

    def embed(self, texts: Sequence[str], tokens: int = 256) -> NDArray[np.float32]:
        """A row of length 1 for each text, of which at most `tokens` tokens are read. Blocks: 0.1 ms a token.

        Text by text: in a batch, one core is hardly quicker, and what a quantised model makes of a text would depend
        on the texts beside it.
        """
        return np.stack([self._one(text, tokens) for text in texts])

    def _one(self, text: str, tokens: int) -> NDArray[np.float32]:
        ids = self._tokenizer.encode(text[: CHARACTERS * tokens]).ids
        ids = ids if len(ids) <= tokens else [*ids[: tokens - 1], ids[-1]]  # the last one closes the text
        given = np.array([ids], dtype=np.int64)
        inputs = {"input_ids": given, "attention_mask": np.ones_like(given), "token_type_ids": np.zeros_like(given)}
        output = self._session.run(None, {name: inputs[name] for name in self._wants})[0]
        row: NDArray[np.float32] = np.asarray(output, dtype=np.float32)[0]
        if row.ndim == 2:  # a vector for each token
            row = row[0] if self._first else row.mean(axis=0)
        row /= max(float(np.linalg.norm(row)), 1e-9)
        return row


def _options() -> Any:
    """One thread, for the other cores have their own work; and no messages past our log."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    return options
