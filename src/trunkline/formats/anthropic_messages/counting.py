"""`/v1/messages/count_tokens`: the same conversation, only counted."""

from typing import Any

from trunkline.formats.anthropic_messages.request_read import read_any_request
from trunkline.formats.anthropic_messages.request_write import write_request
from trunkline.formats.conversation import Request
from trunkline.formats.dialect import PLAIN, Dialect
from trunkline.formats.format import Place
from trunkline.formats.losses import Losses

COUNT_PATH = "/messages/count_tokens"
"""Below a provider's base URL."""
_UNCOUNTED = frozenset(
    {
        "container",
        "inference_geo",
        "max_tokens",
        "metadata",
        "service_tier",
        "stop_sequences",
        "stream",
        "temperature",
        "top_k",
        "top_p",
    }
)
"""Fields that the endpoint does not take: they count for nothing."""


def read_count_request(value: dict[str, Any], place: Place) -> Request:
    """What a client wants counted. Raises `ShapeError`."""
    return read_any_request(value, place)


def count_request(request: Request, dialect: Dialect = PLAIN, losses: Losses | None = None) -> dict[str, Any]:
    """The document to send to `COUNT_PATH`, for a request of any format. Raises `CannotCarry`."""
    document = write_request(request, dialect, losses or Losses())
    return {name: value for name, value in document.items() if name not in _UNCOUNTED}


def read_count(value: dict[str, Any]) -> int:
    """The tokens that a provider counted. Raises `ValueError` for what is no count."""
    tokens = value.get("input_tokens")
    if type(tokens) is not int:
        raise ValueError("the reply has no input_tokens")
    return tokens


def write_count(tokens: int) -> dict[str, Any]:
    """The reply to a client."""
    return {"input_tokens": tokens}
