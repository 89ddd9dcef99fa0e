"""A Google service account as a provider key: a token for an hour, renewed before it ends."""

import asyncio
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from trunkline.gateway.credentials import LoginRefused, ProviderKey
from trunkline.providers.base import Provider
from trunkline.providers.service_account import FORM, LoginError, ServiceAccount, Token, read_token
from trunkline.transport.asking import ask
from trunkline.transport.exchange import Call, Times, Upstream

RENEWED_BEFORE = 300.0
"""Seconds before a token's end at which the next one is asked for."""
LOGIN_TIMES = Times(connect=5.0, first_token=10.0, gap=10.0, total=15.0)


class AccountKey(ProviderKey):
    """A Google service account: logs in for a token that is good for an hour."""

    __slots__ = ("_account", "_login", "_now", "_renewing", "_token")

    fixed = False

    def __init__(self, account: ServiceAccount, login: Upstream, now: Callable[[], float] = time.time) -> None:
        """`login` leads to the host of the account's `token_uri`."""
        super().__init__(identity=account.email)
        self._account = account
        self._login = login
        self._now = now
        self._token = Token("", 0.0)
        self._renewing: asyncio.Task[None] | None = None

    @property
    def stale(self) -> bool:
        if self._token.expires - RENEWED_BEFORE > self._now():
            return False
        if self._token.expires > self._now() + 1.0:
            self._renew_behind()  # still good: nobody need wait
            return False
        return True

    async def renew(self) -> None:
        await asyncio.shield(self._renew_behind())

    def _renew_behind(self) -> "asyncio.Task[None]":
        """One login at a time, however many requests wait for it."""
        if self._renewing is None or self._renewing.done():
            self._renewing = asyncio.get_running_loop().create_task(self._log_in())
            self._renewing.add_done_callback(_looked_at)
        return self._renewing

    async def _log_in(self) -> None:
        body = self._account.token_request(self._now())
        uri = urlsplit(self._account.token_uri)
        head = (
            f"POST {uri.path or '/'} HTTP/1.1\r\nhost: {uri.netloc}\r\ncontent-type: {FORM}\r\n"
            f"accept-encoding: identity\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        answer = await ask(self._login, Call(head.encode(), body), LOGIN_TIMES)
        try:
            self._token = read_token(answer.status, answer.body, self._now())
        except LoginError as error:
            raise LoginRefused(str(error)) from None

    def lines(self, facts: Provider, host: str, path: str, body: bytes, *, method: str = "POST") -> bytes:
        del facts, host, path, body, method
        return b"authorization: Bearer %b\r\n" % self._token.value.encode()


def _looked_at(task: "asyncio.Task[None]") -> None:
    """A login made ahead of time may fail: the next request that needs it tries again, and tells."""
    if not task.cancelled():
        task.exception()
