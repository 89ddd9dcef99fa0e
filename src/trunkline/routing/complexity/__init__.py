"""How hard a request is: what a route `complexity` goes by.

    scorer = Scorer.read(standard())           # or of the content of another model file
    prompt = Prompt.of(document)               # what the request asks
    score = scorer.score(Features.of(prompt))  # about 0.1 ms; with a vector of `prompt.text` it knows more
    difficulty = ranking.place(score)          # evenly from 0 to 1: above `1 - share` it is hard

Nothing here waits, reads files while answering, or knows the time. `training` makes such models of labelled prompts.
"""

from importlib.resources import files

from trunkline.routing.complexity.features import Features
from trunkline.routing.complexity.model import ModelError
from trunkline.routing.complexity.prompt import Prompt
from trunkline.routing.complexity.ranking import Ranking
from trunkline.routing.complexity.scorer import Scorer

__all__ = ["Features", "ModelError", "Prompt", "Ranking", "Scorer", "standard"]


def standard() -> bytes:
    """The model file that comes with Trunkline, for `Scorer.read`."""
    return files("trunkline.routing.complexity").joinpath("standard.json").read_bytes()
