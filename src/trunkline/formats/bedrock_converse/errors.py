"""Errors as AWS says them, which its SDKs raise as exceptions of these names."""

import msgspec

from trunkline.formats.eventstream import Header, write_frame
from trunkline.formats.format import Problem

_NAMES = {
    400: "ValidationException",
    401: "AccessDeniedException",
    402: "ServiceQuotaExceededException",
    403: "AccessDeniedException",
    404: "ResourceNotFoundException",
    408: "ModelTimeoutException",
    424: "ModelErrorException",
    429: "ThrottlingException",
    500: "InternalServerException",
    502: "ServiceUnavailableException",
    503: "ServiceUnavailableException",
    504: "ModelTimeoutException",
    529: "ServiceUnavailableException",
}
_IN_STREAMS = {
    "AccessDeniedException": "validationException",
    "InternalServerException": "internalServerException",
    "ModelErrorException": "modelStreamErrorException",
    "ModelTimeoutException": "modelStreamErrorException",
    "ResourceNotFoundException": "validationException",
    "ServiceQuotaExceededException": "throttlingException",
    "ServiceUnavailableException": "serviceUnavailableException",
    "ThrottlingException": "throttlingException",
    "ValidationException": "validationException",
}
"""A stream knows fewer."""


def _name(status: int) -> str:
    return _NAMES.get(status) or ("ValidationException" if status < 500 else "InternalServerException")


def write_error(problem: Problem) -> bytes:
    """The body of an error. `__type` says which: SDKs read it where the header `x-amzn-errortype` is not there."""
    return msgspec.json.encode({"__type": _name(problem.status), "message": problem.message})


def error_frame(problem: Problem) -> bytes:
    """The last frame of a stream that failed."""
    headers = (
        Header(":exception-type", _IN_STREAMS[_name(problem.status)]),
        Header(":content-type", "application/json"),
        Header(":message-type", "exception"),
    )
    return write_frame(headers, msgspec.json.encode({"message": problem.message}))
