"""Errors in OpenAI's shape."""

from typing import Any

import msgspec

from trunkline.formats.format import Problem


def write_error(problem: Problem) -> bytes:
    """The body of an error answer."""
    return error_body(problem.message, problem.kind, problem.param, problem.code)


def error_body(message: str, kind: str, param: str | None, code: str | None) -> bytes:
    """The same of its single fields."""
    return msgspec.json.encode({"error": {"message": message, "type": kind, "param": param, "code": code}})


def failure(said: Any) -> dict[str, Any]:
    """What a provider of another format said when it failed, as an event of a stream."""
    told = said.get("error", said) if isinstance(said, dict) else said
    message = told.get("message") if isinstance(told, dict) else told
    text = message if isinstance(message, str) else "The provider failed."
    return {"error": {"message": text, "type": "upstream_error", "param": None, "code": None}}
