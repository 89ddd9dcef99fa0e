"""Recorded answers of the providers that have a page here: whose each is, and what it is made of."""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from trunkline.providers import PROVIDERS

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "recorded"
REASON = f"the recordings are not at {FOLDER}"
_TYPES = {"gemini": "google", "gemini-interactions": "google", "gemini-openai-compat": "google", "qwen-native": "qwen"}


@dataclass(frozen=True)
class Answered:
    """One recording, by its line in the index."""

    name: str
    api: str
    model: str
    status: int
    features: tuple[str, ...]

    def __str__(self) -> str:
        return self.name

    @property
    def type(self) -> str:
        """Of the provider."""
        folder = self.name.partition("/")[0]
        return "openai" if folder.startswith("openai-") else _TYPES.get(folder, folder)

    @cached_property
    def document(self) -> dict[str, Any]:
        read: dict[str, Any] = json.loads((FOLDER / f"{self.name}.json").read_bytes())
        return read

    @property
    def request(self) -> dict[str, Any]:
        """Its body, as JSON; empty where none was recorded."""
        body = (self.document.get("request") or {}).get("body")
        return body if isinstance(body, dict) else {}

    @property
    def request_headers(self) -> set[str]:
        """Names, in lower case."""
        return {name.lower() for name in (self.document.get("request") or {}).get("headers") or {}}

    @property
    def url(self) -> str:
        return str((self.document.get("request") or {}).get("url") or "")

    @property
    def headers(self) -> dict[bytes, bytes]:
        """Of the answer, names in lower case."""
        return {
            k.lower().encode(): str(v).encode() for k, v in (self.document["response"].get("headers") or {}).items()
        }

    @property
    def body(self) -> bytes:
        """Of the answer."""
        response = self.document["response"]
        if "body" in response:
            return json.dumps(response["body"]).encode()
        return str(response.get("body_text") or response.get("sse") or "").encode()


def recorded(*apis: str) -> Iterator[Answered]:
    """Every recording of a provider that has a page here; of `apis` only, where these are named."""
    path = FOLDER / "index.jsonl"
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        entry: Mapping[str, Any] = json.loads(line)
        name = entry["file"].removesuffix(".json")
        found = Answered(name, entry["api"], entry["model"] or "", entry["status"] or 200, tuple(entry["features"]))
        if found.type in PROVIDERS and (not apis or found.api in apis):
            yield found


def parameters(answered: list[Answered]) -> list[Any]:
    """For `pytest.mark.parametrize`. Without the recordings: one test that is skipped, or fails in CI."""
    if answered or FOLDER.exists():
        return [pytest.param(each, id=str(each)) for each in answered]
    if os.environ.get("CI") == "true":
        raise pytest.UsageError(f"{REASON}, and CI=true says that they must be")
    return [pytest.param(None, id="missing", marks=pytest.mark.skip(reason=REASON))]


def needed() -> None:
    """Skips the test, loudly, where there are no recordings; in CI it fails."""
    if not FOLDER.exists():
        if os.environ.get("CI") == "true":
            pytest.fail(REASON)
        pytest.skip(REASON)
