"""Errors as clients of this format are told."""

import msgspec

from trunkline.formats.format import Problem


def write_error(problem: Problem) -> bytes:
    """The body of an error answer."""
    error = {"message": problem.message, "type": problem.kind, "param": problem.param, "code": problem.code}
    return msgspec.json.encode({"error": error})
