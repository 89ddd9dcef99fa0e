"""The HTTP API on the control plane: `/api/v1/...`, for whoever has the token.

    {"error": {"code": ..., "message": ..., "problems": [...]}}    whatever is refused

`code` is `unauthorized` (401), `not_found` (404), `configured`, `conflict` or `not_opened` (409), `invalid` (422),
`invalid_json` (400), `not_json` (415), `too_large` (413) or `store_unavailable` (503).
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from hmac import compare_digest
from typing import Any, Final, Protocol

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from trunkline.config.document import Value
from trunkline.config.problems import Problem
from trunkline.config.stored import decoded
from trunkline.control.openapi import BASE, document
from trunkline.control.operations import MOST, OPERATIONS, USUAL_LIMIT, Answer, Call, Operation
from trunkline.kept.disclosing import Disclosure
from trunkline.store.errors import StoreError
from trunkline.tenancy.managing import InTheWay, Manager, NotDone, NotThere, Standing
from trunkline.vault.errors import VaultError

LARGEST: Final = 1 << 18
"""Bytes of a body."""
DEEPEST: Final = 32


class Administration(Protocol):
    """What the API works on."""

    @property
    def token(self) -> str:
        """What callers must show."""

    def manager(self, by: str) -> Manager:
        """Who makes changes. In a worker thread: the store may have to be opened. Raises `StoreError`."""

    def disclosure(self, by: str) -> Disclosure:
        """Who reads and erases what is kept of what was said. Likewise."""


class Refused(Exception):
    """Why a request is refused before anything is done."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


def routes(administration: Administration, worker: Executor, version: str) -> list[Route]:
    """Those of the API. `worker` has one thread: changes come one after the other."""
    described = document(version)

    async def openapi(_: Request) -> Response:
        return JSONResponse(described)

    by_path: dict[str, dict[str, Operation]] = {}
    for operation in OPERATIONS:
        by_path.setdefault(operation.path, {})[operation.method] = operation
    found = [Route("/api/v1/openapi.json", openapi)]
    for path, methods in by_path.items():
        endpoint = _endpoint(methods, administration, worker)
        found.append(Route(BASE + path.replace("{name}", "{name:path}"), endpoint, methods=list(methods)))
    return found


def _endpoint(
    methods: Mapping[str, Operation], administration: Administration, worker: Executor
) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        operation = methods["GET" if request.method == "HEAD" else request.method]
        try:
            _check_token(request, administration.token)
            call = await _call(request, operation)
            by = f"API, {request.client.host}" if request.client is not None else "API"
            answer = await asyncio.get_running_loop().run_in_executor(
                worker, lambda: _run(operation, administration, by, call)
            )
        except Refused as refused:
            return problem(refused.status, refused.code, str(refused))
        except NotDone as error:
            return _not_done(error)
        except VaultError as error:
            return problem(409, "not_opened", str(error))
        except StoreError as error:
            return problem(503, "store_unavailable", str(error))
        return _answered(answer)

    return endpoint


def _run(operation: Operation, administration: Administration, by: str, call: Call) -> Answer:
    if operation.reads is not None:
        return operation.reads(administration.disclosure(by), call)
    assert operation.run is not None
    return operation.run(administration.manager(by), call)


def _check_token(request: Request, token: str) -> None:
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not compare_digest(given.strip().encode(), token.encode()):
        raise Refused(401, "unauthorized", "Send the token of the control plane as `Authorization: Bearer <token>`.")


async def _call(request: Request, operation: Operation) -> Call:
    limit = request.query_params.get("limit", str(USUAL_LIMIT))
    if not (limit.isascii() and limit.isdecimal()) or not 1 <= int(limit[:9]) <= MOST:
        raise Refused(422, "invalid", f"`limit` is a number from 1 to {MOST}.")
    body = await _body(request) if operation.takes else {}
    name = request.path_params.get("name", "")
    query = {it: value for it in operation.filters if (value := request.query_params.get(it)) is not None}
    return Call(query, name, int(limit), request.query_params.get("after", ""), body)


async def _body(request: Request) -> Mapping[str, Value]:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise Refused(415, "not_json", "The body is to be JSON, with `content-type: application/json`.")
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > LARGEST:
            raise Refused(413, "too_large", f"The body is larger than {LARGEST >> 10} KiB.")
        parts.append(part)
    try:
        value = decoded(b"".join(parts))
    except (msgspec.DecodeError, RecursionError):
        raise Refused(400, "invalid_json", "The body is not JSON.") from None
    if not isinstance(value, dict):
        raise Refused(422, "invalid", "The body is to be an object.")
    return value


def _not_done(error: NotDone) -> Response:
    if isinstance(error, NotThere):
        return problem(404, "not_found", str(error))
    if isinstance(error, Standing):
        return problem(409, "configured", str(error))
    if isinstance(error, InTheWay):
        return problem(409, "conflict", str(error))
    return problem(422, "invalid", str(error), error.problems)


def problem(status: int, code: str, message: str, problems: Sequence[Problem] = ()) -> Response:
    """An error as it is told."""
    error: dict[str, Any] = {"code": code, "message": message}
    if problems:
        error["problems"] = [{"path": it.path, "message": it.message, "hint": it.hint} for it in problems]
    response = JSONResponse({"error": error}, status_code=status)
    if status == 401:
        response.headers["www-authenticate"] = "Bearer"
    return response


def _answered(answer: Answer) -> Response:
    if answer.status == 204:
        return Response(status_code=204)
    return Response(msgspec.json.encode(answer.value), answer.status, media_type="application/json")
