"""The recordings that one of our formats reads: the request with its place, the replies, the stream's bytes."""

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import msgspec
import yaml
from tests.recorded.plain.frames import frames
from tests.recorded.recordings import index, load

from trunkline.formats.dialect import PLAIN, Dialect
from trunkline.formats.format import Place

FORMAT_OF = {
    "chat": "openai_chat",
    "completions": "openai_completions",
    "responses": "openai_responses",
    "messages": "anthropic_messages",
    "generate_content": "google_generate",
    "generate_content_stream": "google_generate",
    "converse": "bedrock_converse",
    "converse_stream": "bedrock_converse",
    "invoke": "",
    "invoke_stream": "",
}
"""Kind of endpoint → format; empty where the body says which."""
_DATA = Path(__file__).parent
_DIALECTS: dict[str, dict[str, Any]] = yaml.safe_load((_DATA / "dialects.yaml").read_text(encoding="utf-8"))
_BEGINS = re.compile(r'"type": ?"(?:message_start|response\.created)"')
_ENDS = re.compile(r'"type": ?"(?:message_stop|response\.(?:completed|incomplete|failed))"')
_BETWEEN = re.compile(r"(?<=\n\n)|(?<=\r\n\r\n)")
_MODEL = re.compile(r"/models?/([^/?]+?)(?::[a-zA-Z]+)?(?:/(?:converse|invoke)[a-z-]*)?(?:\?|\Z)")


@dataclass
class Exchange:
    """One recording in terms of a format."""

    name: str
    provider: str
    format: str
    status: int
    capture: str = "http"
    """How it was recorded."""
    request: dict[str, Any] | None = None
    place: Place = field(default_factory=Place)
    replies: list[dict[str, Any]] = field(default_factory=list)
    """Whole replies; several where the same request was sent several times at once."""
    stream: bytes = b""

    @cached_property
    def dialect(self) -> Dialect:
        """How the provider departs from the format."""
        own = dialect_of(f"{self.provider} {self.format}")  # where a provider has models of several families
        return dialect_of(self.provider) if own == PLAIN else own


@cache
def dialect_of(provider: str) -> Dialect:
    """The flags of `dialects.yaml`."""
    made: Dialect = msgspec.convert(_DIALECTS.get(provider, {}), Dialect)
    return made


def exchange(name: str, api: str) -> Exchange | None:
    """The recording `name` in terms of its format; None where it is in none of ours."""
    document = load(name)
    request, response = document.get("request") or {}, document["response"]
    url, body = str(request.get("url") or ""), request.get("body")
    known = FORMAT_OF[api] or _invoked(body, response)
    if not known or "/threads/" in url:
        return None
    seen = Exchange(name, name.partition("/")[0], known, response.get("status") or 0, document.get("capture") or "http")
    model = str(document.get("model") or _model_in(url) or "unnamed")
    streams = "sse" in response or "eventstream" in response or "stream" in api
    if known in ("google_generate", "bedrock_converse"):
        array = known == "google_generate" and "alt=sse" not in url
        seen.place = Place(model=_model_in(url) or model, stream=streams, array=streams and array)
    if isinstance(body, dict):
        seen.request = body if seen.place.model else {"model": model, **body}
    if seen.status < 400:
        _add_answer(seen, response)
    return seen


def exchanges(provider: str) -> Iterator[Exchange]:
    """All of a provider's, in the order of the index."""
    for entry in index():
        if _provider(entry) == provider and entry["api"] in FORMAT_OF:
            found = exchange(entry["file"].removesuffix(".json"), entry["api"])
            if found is not None:
                yield found


def providers() -> list[str]:
    """Folders in which there may be recordings of our formats."""
    return sorted({_provider(entry) for entry in index() if entry["api"] in FORMAT_OF})


def _provider(entry: dict[str, Any]) -> str:
    return str(entry["file"]).partition("/")[0]


def _model_in(url: str) -> str:
    found = _MODEL.search(url)
    return unquote(found[1]) if found else ""


def _invoked(body: Any, response: dict[str, Any]) -> str:
    """What a model behind Bedrock's InvokeModel speaks: its vendor's own format."""
    if isinstance(body, dict) and "anthropic_version" in body:
        return "anthropic_messages"
    answer = response.get("body")
    return "openai_chat" if isinstance(answer, dict) and "choices" in answer else ""


def _add_answer(seen: Exchange, response: dict[str, Any]) -> None:
    if "sse" in response:
        seen.stream = first_answer(str(response["sse"])).encode()
    elif "eventstream_b64" in response:
        raw = base64.b64decode(response["eventstream_b64"])
        seen.stream = raw if seen.format == "bedrock_converse" else _unwrapped(raw)
    elif seen.place.array and isinstance(response.get("body"), list):
        seen.stream = json.dumps(response["body"], ensure_ascii=False).encode()
    elif "body" in response:
        value = response["body"]
        seen.replies = [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, dict)]


def first_answer(sse: str) -> str:
    """The stream of the first answer: some libraries keep those of a whole conversation one after the other."""
    if len(_BEGINS.findall(sse)) < 2:
        return sse
    ended, size = False, 0
    for event in _BETWEEN.split(sse):
        if ended and _BEGINS.search(event):
            return sse[:size]
        ended = ended or _ENDS.search(event) is not None
        size += len(event)
    return sse


def _unwrapped(raw: bytes) -> bytes:
    """Server-sent events out of the frames of InvokeModelWithResponseStream, which carry a vendor's events."""
    events = []
    for frame in frames(raw):
        if "bytes" in frame.payload:
            inner = json.loads(base64.b64decode(frame.payload["bytes"]))
            inner.pop("amazon-bedrock-invocationMetrics", None)
        else:  # it has failed
            inner = {"type": "error", "error": {"type": frame.name, **frame.payload}}
        events.append(f"event: {inner['type']}\ndata: {json.dumps(inner, ensure_ascii=False)}\n\n")
    return "".join(events).encode()
