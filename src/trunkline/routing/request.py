"""What planning knows of one request. What takes time to find out is found out when it is first asked for, and once."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any, Final

from trunkline.formats.dialect import Parameter
from trunkline.providers.tokens import TOKENIZERS, Weight, estimate, weigh
from trunkline.routing import reading
from trunkline.routing.bounds import ANYBODY, Asker
from trunkline.routing.language import language_of
from trunkline.routing.wishes import NONE, Wishes

LEAST_CACHED: Final = 1024
"""Tokens of a prompt below which providers cache nothing (OpenAI, "Prompt caching"; Anthropic, "Prompt caching")."""
SMALL: Final = 16_384
"""Bytes of a request above which even plain words are weighed."""
CHARACTERS: Final = 4.3
"""A token, in plain words; and what there is around each message. As recorded."""
A_MESSAGE: Final = 6.0
USUAL_OUTPUT: Final = 400
"""Tokens of an answer, while nothing is known of a model's answers."""
NEVER_SHOWN: Final = frozenset(
    {b"authorization", b"x-api-key", b"api-key", b"x-goog-api-key", b"cookie", b"proxy-authorization"}
)
"""Headers that rules cannot see: what they hold is nobody's business, and may end up in a log."""


class Request:
    """One request, as planning looks at it. `document` must stay as it is until the plan is made."""

    __slots__ = (
        "_beginning",
        "_facts",
        "_parameters",
        "_plain",
        "_tokens",
        "_weight",
        "asker",
        "cap",
        "difficulty",
        "document",
        "headers",
        "model",
        "size",
        "stream",
        "wall",
        "wishes",
    )

    def __init__(
        self,
        document: Mapping[str, Any],
        headers: Mapping[bytes, bytes],
        model: str,
        size: int,
        *,
        stream: bool,
        cap: int | None,
        wall: float,
        asker: Asker = ANYBODY,
        wishes: Wishes = NONE,
        difficulty: float | None = None,
    ) -> None:
        """`size`: bytes. `cap`: most tokens of the answer, where one is set. `wall`: Unix time. `difficulty`: the score
        from 0 to 1 that `complexity` goes by, where the route asks for it.
        """
        self.document = document
        self.headers = headers
        self.model = model
        self.size = size
        self.stream = stream
        self.cap = cap
        self.wall = wall
        self.asker = asker
        self.wishes = wishes
        self.difficulty = difficulty
        self._facts: dict[str, Any] = {}
        self._weight: Weight | None = None
        self._plain: float | None = None  # tokens, where it is nothing but words; else 0
        self._tokens: dict[str, int] = {}
        self._parameters: frozenset[Parameter] | None = None
        self._beginning: int | None = None

    @property
    def parameters(self) -> frozenset[Parameter]:
        """What it asks of a model and its API: pictures, tools, a temperature, …"""
        if self._parameters is None:
            self._parameters = reading.parameters(self.document)
        return self._parameters

    @property
    def weight(self) -> Weight:
        """What it is made of."""
        if self._weight is None:
            self._weight = weigh(self.document)
        return self._weight

    def tokens(self, tokenizer: str = "") -> int:
        """About how many tokens it has, for models that count like `tokenizer`.

        A request of nothing but plain words is not weighed: their length says enough, in a tenth of the time.
        """
        known = self._tokens.get(tokenizer)
        if known is None:
            if self._plain is None:
                words = reading.plain_words(self.document) if self.size <= SMALL else None
                self._plain = words[0] * A_MESSAGE + words[1] / CHARACTERS if words is not None else 0.0
            if self._plain:
                factor = TOKENIZERS[tokenizer].text if tokenizer in TOKENIZERS else 1.0
                known = int(self._plain * factor) + 1
            else:
                known = estimate(self.weight, tokenizer)
            self._tokens[tokenizer] = known
        return known

    @property
    def history(self) -> float:
        """The share of it that a provider which had the turn before may have cached."""
        if self.tokens() < LEAST_CACHED:
            return 0.0
        messages = len(reading.talk(self.document))
        return (messages - 1) / messages if messages > 1 else 0.0

    @property
    def session(self) -> str:
        """What it says it belongs to; empty where it says nothing."""
        return self.wishes.session

    @property
    def stays_with(self) -> int:
        """64 bits that are the same for all requests that profit from one another's cache: of a session, else with a
        prompt-cache key, else with the same beginning.
        """
        if self._beginning is None:
            named = self.wishes.session or self.document.get("prompt_cache_key")
            if isinstance(named, str) and named:
                digest = blake2b(named.encode("utf-8", "surrogatepass"), digest_size=8).digest()
            else:
                digest = reading.beginning(self.document)
            self._beginning = int.from_bytes(digest[:8])
        return self._beginning

    @property
    def tags(self) -> Mapping[str, str]:
        """Those of the key, and those it brings itself that the key does not have."""
        own = self.wishes.tags
        return {**own, **self.asker.tags} if own else self.asker.tags

    def facts(self, needs: tuple[str, ...], *, critical: bool) -> dict[str, Any]:
        """What an expression asks for: see `expressions.VARIABLES`."""
        known = self._facts
        known["critical"] = critical  # of the route that asks
        for name in needs:
            if name not in known:
                known[name] = _FACTS[name](self)
        return known


def _visible(headers: Mapping[bytes, bytes]) -> dict[str, str]:
    return {
        name.decode("latin-1"): value.decode("latin-1") for name, value in headers.items() if name not in NEVER_SHOWN
    }


_FACTS: Final[Mapping[str, Callable[[Request], Any]]] = {
    "request.model": lambda r: r.model,
    "request.tokens": lambda r: r.tokens(),
    "request.bytes": lambda r: r.size,
    "request.messages": lambda r: len(reading.talk(r.document)),
    "request.max_tokens": lambda r: r.cap or 0,
    "request.stream": lambda r: r.stream,
    "request.tools": lambda r: reading.count_tools(r.document),
    "request.images": lambda r: reading.media(r.document)["images"],
    "request.audio": lambda r: reading.media(r.document)["audio"],
    "request.files": lambda r: reading.media(r.document)["files"],
    "request.structured": lambda r: reading.structured(r.document) is not None,
    "request.reasoning": lambda r: "thinking" in r.parameters,
    "request.language": lambda r: language_of(reading.last_words(r.document)),
    "request.text": lambda r: reading.last_words(r.document),
    "key": lambda r: r.asker.key,
    "tags": lambda r: dict(r.tags),
    "metadata": lambda r: reading.metadata(r.document),
    "headers": lambda r: _visible(r.headers),
    "session": lambda r: r.session,
    "now": lambda r: datetime.fromtimestamp(r.wall, UTC),
}
"""What `expressions.VARIABLES` stand for, `critical` aside, which is the route's to say."""
