"""The recorded exchanges that are kept beside the repository: which there are, what was asked, what was answered."""

import json
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
import yaml

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "recorded"
REASON = f"the recordings are not at {FOLDER}"

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
        recorded = self._document.get("request")
        if recorded is not None:
            return {"model": self.model, **recorded["body"]}  # some name the model only in their URL
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
        document: dict[str, Any] = json.loads((FOLDER / f"{self.name}.json").read_bytes())
        return document


def find(*folders: str) -> list[Recording]:
    """Chat and legacy completions recorded in `folders`, or in all; without those that are `LEFT_OUT`."""
    found = []
    for line in _index():
        entry = json.loads(line)
        name = entry["file"].removesuffix(".json")
        recording = Recording(name, entry["api"], entry["model"], entry["status"])
        if entry["api"] in ("chat", "completions") and name not in LEFT_OUT:
            found.append(recording)
    return [recording for recording in found if not folders or recording.folder in folders]


def parameters(recordings: list[Recording]) -> list[Any]:
    """For `pytest.mark.parametrize`. Without the folder: one test that is skipped, or fails in CI."""
    if recordings or FOLDER.exists():
        return [pytest.param(recording, id=str(recording)) for recording in recordings]
    if os.environ.get("CI") == "true":
        raise pytest.UsageError(f"{REASON}, and CI=true says that they must be")
    return [pytest.param(None, id="missing", marks=pytest.mark.skip(reason=REASON))]


def _index() -> list[str]:
    path = FOLDER / "index.jsonl"
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []
