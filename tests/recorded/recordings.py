"""The recorded exchanges: which there are, what was asked, what was answered.

They are kept beside the repository; `pytest tests/recorded --recorded DIR` takes any other folder of that shape.
"""

import json
import os
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import pytest
import yaml

SHARED = Path(__file__).resolve().parents[3] / "shared"
DEFAULT = SHARED / "recorded"
SPECS = SHARED / "specs"
"""What providers publish of their formats."""
needs_specs = pytest.mark.skipif(
    not SPECS.exists() and os.environ.get("CI") != "true", reason=f"the published descriptions are not at {SPECS}"
)
"""For tests of formats that need no recordings. With CI=true they fail without the descriptions."""
_place: list[Path] = [DEFAULT]
"""Where the recordings of this run are: one path, which only the option's reader sets."""

_EXCEPTIONS = yaml.safe_load((Path(__file__).parent / "exceptions.yaml").read_text(encoding="utf-8"))
SEES: dict[str, str] = {name: entry["sees"] for name, entry in _EXCEPTIONS.items() if "sees" in entry}
"""Recordings in whose place the client sees an error, and its code."""
LEFT_OUT = frozenset(name for name, entry in _EXCEPTIONS.items() if "left_out" in entry)

EVENT_STREAM = "text/event-stream"
FRAMING = frozenset({"transfer-encoding", "content-length", "content-encoding", "connection"})
"""Headers of how the body came; it is recorded without its coding."""


@dataclass(frozen=True)
class Recording:
    """One exchange. `name` is its folder and id; `api` is `chat` or `completions` here."""

    name: str
    api: str
    model: str | None
    status: int

    def __str__(self) -> str:
        return self.name

    @property
    def folder(self) -> str:
        return self.name.partition("/")[0]

    @property
    def path(self) -> str:
        """Of the endpoint, below a base URL."""
        return "/chat/completions" if self.api == "chat" else "/completions"

    @property
    def streamed(self) -> bool:
        """Whether the client asked for a stream."""
        return bool(self.request.get("stream"))

    @cached_property
    def request(self) -> dict[str, Any]:
        """The JSON that was asked; for a recording without it, the least that is answered in this way."""
        recorded = (self._document.get("request") or {}).get("body")
        if isinstance(recorded, dict):
            return {"model": self.model, **recorded}  # some name the model only in their URL
        prompt = {"messages": [{"role": "user", "content": "?"}]} if self.api == "chat" else {"prompt": "?"}
        return {"model": self.model or "unnamed", "stream": "sse" in self._document["response"], **prompt}

    @property
    def wants_usage(self) -> bool:
        """Whether the client asked for usage in its stream."""
        return bool((self.request.get("stream_options") or {}).get("include_usage"))

    @property
    def request_upstream(self) -> dict[str, Any]:
        """What a provider gets of the request through Trunkline: of a stream, the usage is always asked for."""
        if not self.streamed:
            return self.request
        return {**self.request, "stream_options": {**(self.request.get("stream_options") or {}), "include_usage": True}}

    @cached_property
    def headers(self) -> dict[str, str]:
        """Of the reply, names in lower case."""
        response = self._document["response"]
        found = {name.lower(): value for name, value in (response.get("headers") or {}).items()}
        kept = {name: value for name, value in found.items() if name not in FRAMING}
        kept.setdefault("content-type", EVENT_STREAM if "sse" in response else "application/json")
        return kept

    @cached_property
    def body(self) -> bytes:
        """Of the reply. JSON is written anew: recordings hold its value only."""
        response = self._document["response"]
        if "sse" in response:
            return str(response["sse"]).encode()
        if "body" not in response:
            return b""
        value = response["body"]
        one = value[0] if isinstance(value, list) else value  # the same request sent several times at once
        return json.dumps(one, ensure_ascii=False).encode()

    @property
    def network_chunk_lengths(self) -> list[int] | None:
        """In which pieces the body came, where that was recorded."""
        lengths: list[int] | None = self._document["response"].get("network_chunk_lengths")
        return lengths

    @cached_property
    def _document(self) -> dict[str, Any]:
        return load(self.name)


def find(*folders: str) -> list[Recording]:
    """Chat and legacy completions recorded in `folders`, or in all; without those that are `LEFT_OUT`."""
    found = []
    for entry in index():
        name = entry["file"].removesuffix(".json")
        recording = Recording(name, entry["api"], entry["model"], entry["status"])
        if entry["api"] in ("chat", "completions") and name not in LEFT_OUT:
            found.append(recording)
    return [recording for recording in found if not folders or recording.folder in folders]


def parameters(recordings: list[Recording]) -> list[Any]:
    """For `pytest.mark.parametrize`. Without the folder: one test that is skipped, or fails in CI."""
    if recordings or folder().exists():
        return [pytest.param(recording, id=str(recording)) for recording in recordings]
    return [missing()]


def missing() -> Any:
    """The parameter of the one test that stands for all where there are no recordings."""
    reason = f"the recordings are not at {folder()}"
    if os.environ.get("CI") == "true":
        raise pytest.UsageError(f"{reason}, and CI=true says that they must be")
    return pytest.param(None, id="missing", marks=pytest.mark.skip(reason=reason))


def look_in(path: Path) -> None:
    """Take the recordings of `path`, before any test is collected."""
    _place[0] = path
    index.cache_clear()


def folder() -> Path:
    """Where the recordings are."""
    return _place[0]


def load(name: str) -> dict[str, Any]:
    """The recording `name` as it is kept."""
    document: dict[str, Any] = json.loads((folder() / f"{name}.json").read_bytes())
    return document


@cache
def index() -> list[dict[str, Any]]:
    """A line for every recording; empty without the folder."""
    path = folder() / "index.jsonl"
    if not path.exists():
        return [_entry(file) for file in sorted(folder().glob("*/*.json"))]
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _entry(file: Path) -> dict[str, Any]:
    """What the index would say of `file`."""
    value = json.loads(file.read_bytes())
    response = value["response"]
    name = file.relative_to(folder()).as_posix()
    known = {field: value.get(field) for field in ("id", "provider", "api", "model", "capture")}
    return {**known, "file": name, "status": response.get("status")}
