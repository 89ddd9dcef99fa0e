"""What a policy asks of others about texts: webhooks, and moderation models among the configured deployments.

All questions of a request are asked at once, each within its deadline. What is no answer is None; what that means is
the guard's to say.
"""

import asyncio
import base64
import binascii
from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

from trunkline.gateway.credentials import LoginRefused
from trunkline.gateway.deployments import ImpossibleModel
from trunkline.gateway.fronts import CHAT
from trunkline.guard.answers import read_moderation, read_webhook, webhook_body
from trunkline.guard.values import Answer, Piece, Question
from trunkline.transport.asking import ask
from trunkline.transport.deadlines import Deadlines
from trunkline.transport.exchange import Call, Fault, Times, Upstream
from trunkline.transport.pool import Origin, Pool
from trunkline.transport.tls import trusting

if TYPE_CHECKING:
    from trunkline.gateway.state import Journey

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


class Unanswered(Exception):
    """A question has no answer. The message says why, without what was asked."""


class Questions:
    """Asks them, and keeps the lines to webhooks open."""

    def __init__(self, deadlines: Deadlines) -> None:
        self._deadlines = deadlines
        self._pools: dict[tuple[str, str], Pool] = {}

    async def ask(self, journey: "Journey", questions: Sequence[Question]) -> list[Answer | None]:
        """The answers, in the order of the questions."""
        tasks = [asyncio.ensure_future(self._answer(journey, question)) for question in questions]
        try:
            return await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()

    async def close(self) -> None:
        """Keep no idle lines from now on."""
        for pool in self._pools.values():
            await pool.close()

    async def _answer(self, journey: "Journey", question: Question) -> Answer | None:
        readable = msgspec.structs.replace(question, pieces=tuple(map(_readable, question.pieces)))
        webhook = question.kind == "webhook"
        asked = self._webhook(readable) if webhook else _moderation(journey, readable)
        try:
            async with asyncio.timeout(question.deadline):
                body = await asked
        except TimeoutError:
            journey.note(f"{question.rule}: no answer within {question.deadline:g} s")
            return None
        except (Unanswered, Fault, LoginRefused, ImpossibleModel) as trouble:
            journey.note(f"{question.rule}: {trouble}")
            return None
        answer = read_webhook(body) if webhook else read_moderation(body)
        if answer is None:
            journey.note(f"{question.rule}: what was answered is no answer")
        return answer

    async def _webhook(self, question: Question) -> object:
        parts = urlsplit(question.target)
        body = _encode(webhook_body(question))
        head = (
            f"POST {parts.path or '/'} HTTP/1.1\r\nhost: {parts.netloc}\r\ncontent-type: application/json\r\n"
            f"accept: application/json\r\naccept-encoding: identity\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        return await _asked(self._pool(parts.scheme, parts.netloc), Call(head.encode(), body), question.deadline)

    def _pool(self, scheme: str, netloc: str) -> Pool:
        """Lines to a host, wherever it is: the operator has named it."""
        pool = self._pools.get((scheme, netloc))
        if pool is None:
            parts = urlsplit(f"{scheme}://{netloc}")
            secure = scheme == "https"
            origin = Origin(
                host=parts.hostname or "",
                port=parts.port or (443 if secure else 80),
                tls=trusting() if secure else None,
                allow_private=True,
            )
            pool = self._pools[scheme, netloc] = Pool(origin, self._deadlines)
        return pool


async def _moderation(journey: "Journey", question: Question) -> object:
    policy = journey.snapshot.policies.resolve(question.target)
    if policy is None:
        raise Unanswered(f"there is no model {question.target}")
    target = policy.candidates[0].target
    deployment = journey.snapshot.deployments[target.provider]
    key = journey.key_for(deployment)
    if key is None:
        raise Unanswered(f"{target.provider} has no key that is good")
    if key.stale:
        await key.renew()
    door = deployment.way(CHAT, target.model).door
    body = _encode({"model": target.model, "input": [piece.text for piece in question.pieces]})
    return await _asked(door.upstream, door.post("/moderations", key, {}, body), question.deadline)


async def _asked(upstream: Upstream, call: Call, deadline: float) -> object:
    """What is answered, as JSON. Raises `Unanswered` or `Fault`."""
    times = Times(deadline, deadline, deadline, deadline)
    try:
        answer = await ask(upstream, call, times)
    except Fault as fault:
        if fault.kind not in ("closed", "reset"):
            raise
        answer = await ask(upstream, call, times)  # the other side had closed an idle line
    if answer.status != 200:
        raise Unanswered(f"status {answer.status}")
    try:
        return _decode(answer.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Unanswered("the answer is not JSON") from None


def _readable(piece: Piece) -> Piece:
    """A piece as others can read it: a text file is decoded."""
    if piece.kind != "base64":
        return piece
    try:
        text = base64.b64decode(piece.text, validate=True).decode(errors="replace")
    except (binascii.Error, ValueError):
        return piece
    return Piece(piece.path, text, piece.role)
