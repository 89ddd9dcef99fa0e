"""`:countTokens`, and the listing of models, which share generateContent's paths."""

from collections.abc import Iterable
from typing import Any

from trunkline.formats.conversation import Request
from trunkline.formats.dialect import Dialect
from trunkline.formats.format import Place
from trunkline.formats.google_generate.names import sort_out, table, wrong_type
from trunkline.formats.google_generate.passing import path
from trunkline.formats.google_generate.request_read import read_request
from trunkline.formats.google_generate.request_write import write_request
from trunkline.formats.losses import Losses

_COUNT = table("generateContentRequest")
_METHODS = ("generateContent", "countTokens")


def count_path(model: str) -> str:
    """Below a provider's base URL."""
    return path(model, stream=False).replace(":generateContent", ":countTokens")


def read_count_request(value: dict[str, Any], place: Place) -> Request:
    """A request to count tokens: contents alone, or a whole request in `generateContentRequest`.

    Raises `ShapeError`.
    """
    known, rest = sort_out(value, _COUNT)
    whole = known.get("generateContentRequest")
    if whole is None:
        return read_request(value, place)
    if not isinstance(whole, dict):
        raise wrong_type("generateContentRequest", "object", whole)
    request = read_request(whole, place)
    request.spelling["counted"] = next(name for name in value if name not in rest)
    return request


def write_count_request(
    request: Request, model: str, dialect: Dialect, losses: Losses, *, wrapped: bool = True
) -> dict[str, Any]:
    """All of `request`, to be counted for `model`. Gemini takes it `wrapped`, Vertex as it is. Raises `CannotCarry`."""
    body = write_request(request, dialect, losses)
    if not wrapped:
        return body
    name = model if "/" in model else f"models/{model}"
    return {request.spelling.get("counted", "generateContentRequest"): {**body, "model": name}}


def read_count(value: dict[str, Any]) -> int:
    """The number of tokens in a reply. Raises `ValueError`."""
    total = value.get("totalTokens", 0)
    if type(total) is not int:
        raise ValueError("the reply has no number of tokens")
    return total


def write_count(tokens: int) -> dict[str, Any]:
    """The reply."""
    return {"totalTokens": tokens}


def model_entry(name: str) -> dict[str, Any]:
    """One model as `/v1beta/models/{name}` shows it."""
    return {
        "name": f"models/{name}",
        "version": "001",
        "displayName": name,
        "supportedGenerationMethods": list(_METHODS),
    }


def model_list(names: Iterable[str]) -> dict[str, Any]:
    """What `/v1beta/models` answers."""
    return {"models": [model_entry(name) for name in names]}
