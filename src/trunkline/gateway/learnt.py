"""The learnt models that run inside Trunkline: the embedder of texts, and the scorer of `complexity`.

They take a while to load and much memory, so they are loaded once for the process, and a reload keeps those that it
does not change. What `complexity` has seen of late is kept, too.
"""

from collections.abc import Collection, Mapping
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from trunkline.config import routes, schema
from trunkline.embedding import Busy, EmbedderError, EmbeddingQueue, load
from trunkline.gateway.logins import SetupError
from trunkline.routing.complexity import Features, ModelError, Prompt, Ranking, Scorer, standard

if TYPE_CHECKING:
    from trunkline.routing.complexity.space import Floats


class Difficulty:
    """How hard requests are. See `routing.planning.Scorer`."""

    def __init__(self, scorer: Scorer, digest: bytes, embedding: EmbeddingQueue | None) -> None:
        """`digest` is of the model file. `embedding` is of use only if the scorer was fitted with that embedder."""
        fits = embedding is not None and embedding.embedder.identity == scorer.embedder
        self.embedding = embedding if fits else None
        """None: scores are made without vectors."""
        self.digest = digest
        self._scorer = scorer
        self._rankings: dict[str, Ranking] = {}
        self._shares: dict[float, float] = {}

    async def score(self, document: Mapping[str, Any]) -> float:
        """Of a request in any format, from 0 (easy) to 1. With an embedder, it waits for a vector of what is asked,
        unless too many do.
        """
        prompt = Prompt.of(document)
        return self._scorer.score(Features.of(prompt), await self._vector(prompt.text))

    async def _vector(self, text: str) -> "Floats | None":
        if self.embedding is None:
            return None
        try:
            vectors: Floats = await self.embedding.embed([text], self._scorer.tokens)
        except Busy:
            return None
        vector: Floats = vectors[0]
        return vector

    def place(self, route: str, score: float) -> float:
        """See `routing.planning.Scorer`. Names of routes are those of the configuration."""
        ranking = self._rankings.get(route)
        if ranking is None:
            expected = self._scorer.scores(embedded=self.embedding is not None)
            ranking = self._rankings[route] = Ranking(expected)
        return ranking.place(score)

    def share_for(self, quality: float) -> float:
        """See `routing.planning.Scorer`. What qualities there are, the configuration says."""
        share = self._shares.get(quality)
        if share is None:
            share = self._scorer.share_for(quality, embedded=self.embedding is not None)
            self._shares[quality] = share
        return share

    def keeps(self, names: Collection[str]) -> None:
        """Forget routes that are not among `names` any more."""
        self._rankings = {name: ranking for name, ranking in self._rankings.items() if name in names}


class Learnt(msgspec.Struct, frozen=True):
    """What one configuration needs of them."""

    embedder: Path | None = None
    embedding: EmbeddingQueue | None = None
    """None: no embedder is configured."""
    difficulty: Difficulty | None = None
    """None: no route goes by it."""


NOTHING = Learnt()


def learn(config: schema.Config, before: Learnt) -> Learnt:
    """Load what `config` wants and `before` does not have. Blocks. Raises `SetupError`."""
    path = config.embedder.path if config.embedder is not None else None
    embedding = before.embedding if path == before.embedder else _embedding(config, path)
    if not any(isinstance(model, routes.Complexity) for model in config.models.values()):
        return Learnt(path, embedding)
    return Learnt(path, embedding, _difficulty(config, embedding, before.difficulty))


def _embedding(config: schema.Config, path: Path | None) -> EmbeddingQueue | None:
    if path is None:
        return None
    try:
        return EmbeddingQueue(load(path))
    except EmbedderError as error:
        raise SetupError(f"{config.told_place(('embedder', 'path'))}embedder: {error}.") from None


def _difficulty(config: schema.Config, embedding: EmbeddingQueue | None, before: Difficulty | None) -> Difficulty:
    file = config.complexity.model
    try:
        data = standard() if file is None else file.read_bytes()
        digest = sha256(data).digest()
        made = Difficulty(Scorer.read(data), digest, embedding)
    except (OSError, ModelError) as error:
        reason = (error.strerror or error) if isinstance(error, OSError) else error
        place = config.told_place(("complexity", "model"))
        raise SetupError(f"{place}complexity.model: {file} cannot be used: {reason}.") from None
    if before is None or (before.digest, before.embedding) != (digest, made.embedding):
        return made
    before.keeps(config.models)
    return before
