"""Passing requests and replies through where client and provider both speak this format.

What Trunkline relies on is checked here; the rest is the provider's to judge and passes unread.
"""

from typing import Any

import msgspec

from trunkline.formats.conversation import MOST_TOKENS
from trunkline.formats.dialect import Dialect
from trunkline.formats.document import Document
from trunkline.formats.format import Asked, Place, ReplyFacts, ShapeError
from trunkline.formats.google_generate.frame import read_frame
from trunkline.formats.google_generate.names import missing, sort_out, table, whole, wrong_type
from trunkline.formats.google_generate.request_read import read_request
from trunkline.formats.google_generate.request_write import write_own_contents
from trunkline.formats.google_generate.searches import Searches
from trunkline.formats.google_generate.signatures import MARK
from trunkline.formats.losses import Losses

_LOOKED_AT = table("contents", "model", "generationConfig")
_COUNTED = table("candidateCount", "maxOutputTokens")
_MARK = MARK.encode()


class _Named(msgspec.Struct):
    model: str | None = None


_named = msgspec.json.Decoder(_Named).decode


def path(model: str, stream: bool) -> str:
    """Below a provider's base URL."""
    name = model if model.startswith(("models/", "tunedModels/")) else f"models/{model}"
    return f"/{name}:streamGenerateContent?alt=sse" if stream else f"/{name}:generateContent"


def look(value: dict[str, Any], place: Place, size: int) -> Asked:
    """Raises `ShapeError`."""
    known, _ = sort_out(value, _LOOKED_AT)
    contents, model, config = known.get("contents"), known.get("model", ""), known.get("generationConfig", {})
    if contents is None:
        raise missing("contents")
    if not isinstance(contents, list | dict):
        raise wrong_type("contents", "array", contents)
    if not isinstance(model, str):
        raise wrong_type("model", "str", model)
    if not isinstance(config, dict):
        raise wrong_type("generationConfig", "object", config)
    said, _ = sort_out(config, _COUNTED)
    counted = {name: whole(number) for name, number in said.items()}
    for name, number in counted.items():
        if number is None:
            raise wrong_type(f"generationConfig.{name}", "int", said[name])
    choices = max(1, counted.get("candidateCount") or 1)
    cap = counted.get("maxOutputTokens") or 0
    return Asked(
        model=place.model or model.removeprefix("models/"),
        stream=place.stream,
        stream_options={},
        usage_wanted=True,
        choices=choices,
        output_cap=min(cap * choices, MOST_TOKENS) if cap > 0 else None,
        size=size,
    )


def edit(document: Document, asked: Asked, model: str, dialect: Dialect, losses: Losses) -> bytes:
    """The body for a provider. Its own name of the model goes into the path; where the body says one as well, that must
    be the same.

    A conversation that another family of models has taken part in is repaired: its sealed reasoning is left out.
    """
    body = document.write()
    edits: dict[str, Any] = {}
    if b'"model":' in body and (written := _named(body).model):
        edits["model"] = f"models/{model}" if written.startswith("models/") else model
    if _MARK in body:
        try:
            request = read_request(msgspec.json.decode(body), Place(model=model, stream=asked.stream))
        except ShapeError:
            pass  # it is wrong in another way, of which the provider shall tell
        else:
            write_own_contents(request, dialect, losses, edits)
    return document.write(edits) if edits else body


def look_reply(body: bytes) -> ReplyFacts:
    """Raises `ValueError` for what is no reply."""
    try:
        frame = read_frame(body)
    except ValueError as error:
        raise ValueError(f"the reply is not JSON of generateContent: {error}") from None
    if not frame.is_reply:
        raise ValueError("the reply has neither candidates nor feedback on the prompt")
    candidates = frame.candidates or []
    searches = Searches()
    searches.scan(body)
    return ReplyFacts(
        usage=searches.added_to(frame.usage),
        finish=candidates[0].finish if candidates else frame.blocked,
        choices=max(1, len(candidates)),
        error=frame.error or None,
        tier=frame.tier,
    )
