"""The sections about learnt models that run inside Trunkline."""

from trunkline.config import kinds
from trunkline.config.section import Section, setting


class Embedder(Section):
    """A model that turns texts into vectors, inside Trunkline. Needs `pip install 'trunkline[semantic]'`."""

    path: kinds.FilePath = setting(
        ..., "Its folder, laid out as sentence-transformers models are, with `model.onnx` and `tokenizer.json`."
    )


class Complexity(Section):
    """What routes of the strategy `complexity` go by."""

    model: kinds.FilePath | None = setting(
        None, "The file that `trunkline route train` wrote. Default: the one that comes with Trunkline."
    )
