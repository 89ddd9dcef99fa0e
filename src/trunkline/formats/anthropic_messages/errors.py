"""Errors as this format's SDK raises them."""

from typing import Any

import msgspec

from trunkline.formats.format import Problem

_BY_STATUS = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    405: "invalid_request_error",
    408: "timeout_error",
    409: "invalid_request_error",
    413: "request_too_large",
    422: "invalid_request_error",
    429: "rate_limit_error",
    500: "api_error",
    503: "overloaded_error",
    504: "timeout_error",
    529: "overloaded_error",
}
ERROR_TYPES = frozenset(_BY_STATUS.values())
"""The words that the API has for errors."""


def error_type(status: int) -> str:
    """The word for an error of this status."""
    return _BY_STATUS.get(status, "invalid_request_error" if 400 <= status < 500 else "api_error")


def error_value(problem: Problem) -> dict[str, Any]:
    """The error as the API would tell it, with the path first where it names a field.

    `details.error_code` is where the API puts what a program may want to know.
    """
    message = problem.message
    if problem.param and problem.param not in message:
        message = f"{problem.param}: {message}"
    error: dict[str, Any] = {"type": error_type(problem.status), "message": message}
    if problem.code:
        error["details"] = {"error_code": problem.code}
    return {"type": "error", "error": error, "request_id": problem.request_id or None}


def write_error(problem: Problem) -> bytes:
    """The body of an error answer."""
    return msgspec.json.encode(error_value(problem))


def error_event(problem: Problem) -> bytes:
    """The last event of a stream that failed."""
    return b"event: error\ndata: " + write_error(problem) + b"\n\n"
