"""Errors in Google's shape: `{"error": {code, message, status, details}}` (google.rpc.Status in JSON)."""

from typing import Any

import msgspec

from trunkline.formats.format import Problem

_STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    402: "RESOURCE_EXHAUSTED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    405: "UNIMPLEMENTED",
    408: "DEADLINE_EXCEEDED",
    409: "ABORTED",
    413: "INVALID_ARGUMENT",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
    529: "UNAVAILABLE",
}
"""HTTP status → google.rpc.Code, after the mapping in google/rpc/code.proto; others by their class."""
_TYPE = "type.googleapis.com/google.rpc."


def status_word(status: int) -> str:
    """Google's word for an HTTP status."""
    return _STATUS.get(status, "INVALID_ARGUMENT" if status < 500 else "INTERNAL")


def error_value(problem: Problem) -> dict[str, Any]:
    """The document of an error. `error` comes first: Google's SDK looks for it at the beginning of a stream's event."""
    error: dict[str, Any] = {
        "code": problem.status,
        "message": problem.message,
        "status": status_word(problem.status),
    }
    details: list[dict[str, Any]] = []
    if problem.code is not None:
        details.append({"@type": f"{_TYPE}ErrorInfo", "reason": problem.code.upper(), "domain": "trunkline"})
    if problem.param is not None:
        violation = {"field": problem.param, "description": problem.message}
        details.append({"@type": f"{_TYPE}BadRequest", "fieldViolations": [violation]})
    if problem.request_id:
        details.append({"@type": f"{_TYPE}RequestInfo", "requestId": problem.request_id})
    if details:
        error["details"] = details
    return {"error": error}


def write_error(problem: Problem) -> bytes:
    """The body of an error answer."""
    return msgspec.json.encode(error_value(problem))
