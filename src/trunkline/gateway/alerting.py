"""Telling somebody that a part of a budget is spent: a line in the log, a counter, and a signed webhook.

The store knows what is to be told, and lets one process tell it. A webhook is sent from a task of its own, so that one
that fails or hangs holds up nothing but later webhooks. It is signed as https://www.standardwebhooks.com says.
"""

import asyncio
import base64
import hashlib
import hmac
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import msgspec

from trunkline.config.limits import Alerts
from trunkline.store.errors import StoreError
from trunkline.store.limit_books import Alert, LimitStore
from trunkline.telemetry.definitions import Event
from trunkline.transport.asking import ask
from trunkline.transport.deadlines import Deadlines
from trunkline.transport.exchange import Call, Fault, Times
from trunkline.transport.pool import Origin, Pool
from trunkline.transport.tls import trusting

LOOK = 2.0
"""Seconds between two looks for alerts."""
PAUSES = (0.0, 1.0, 5.0, 25.0)
"""Seconds before each try of a webhook."""
TIMES = Times(connect=3.0, first_token=5.0, gap=5.0, total=8.0)
MOST_WAITING = 1000

Report = Callable[..., None]


class Webhook:
    """Where alerts are sent."""

    def __init__(self, settings: Alerts, deadlines: Deadlines) -> None:
        url = urlsplit(settings.webhook or "")
        secure = url.scheme == "https"
        origin = Origin(
            host=url.hostname or "",
            port=url.port or (443 if secure else 80),
            tls=trusting() if secure else None,
            allow_private=True,  # the operator has written it
        )
        self._pool = Pool(origin, deadlines)
        self._place = f"{url.path or '/'}{'?' if url.query else ''}{url.query}"
        self._host = url.netloc.rpartition("@")[2]
        self._secret = signing_key(settings.secret.get_secret_value() if settings.secret is not None else "")

    async def send(self, name: str, body: bytes, at: int) -> None:
        """Send it once. Raises `Fault`, also where the answer is not 2xx."""
        signature = sign(self._secret, name, at, body)
        head = (
            f"POST {self._place} HTTP/1.1\r\nhost: {self._host}\r\ncontent-type: application/json\r\n"
            f"webhook-id: {name}\r\nwebhook-timestamp: {at}\r\nwebhook-signature: {signature}\r\n"
            f"content-length: {len(body)}\r\n\r\n"
        )
        answer = await ask(self._pool, Call(head.encode(), body), TIMES)
        if answer.status // 100 != 2:
            raise Fault("refused", f"it answered {answer.status}")

    async def close(self) -> None:
        """Close its connections."""
        await self._pool.close()


class Alerting:
    """Tells what is to be told, as long as `run` runs."""

    def __init__(self, store: LimitStore, event: Callable[[Event, str], None], report: Report) -> None:
        """`event` counts, `report` writes a line to the log."""
        self._store = store
        self._event = event
        self._report = report
        self._looks = False
        self._webhook: Webhook | None = None
        self._settings: Alerts | None = None
        self._waiting: asyncio.Queue[Alert] = asyncio.Queue(MOST_WAITING)

    async def configure(self, settings: Alerts, deadlines: Deadlines, *, budgets: bool) -> None:
        """Other settings hold from now on. `budgets`: there are any."""
        self._looks = budgets
        if settings == self._settings:
            return
        old, self._settings = self._webhook, settings
        self._webhook = Webhook(settings, deadlines) if settings.webhook is not None else None
        if old is not None:
            await old.close()

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._send())
            while True:
                try:
                    if self._looks:
                        await self._look()
                except StoreError as error:
                    self._report("alerts.not_read", problem=str(error))
                await asyncio.sleep(LOOK)

    async def close(self) -> None:
        """Close the webhook's connections."""
        if self._webhook is not None:
            await self._webhook.close()

    async def _look(self) -> None:
        for alert in await asyncio.to_thread(self._store.untold_alerts):
            if await asyncio.to_thread(self._store.tell_alert, alert, int(time.time() * 1000)):
                self._event("budget_alerts", str(alert.percent))
                self._report("budget.alert", budget=alert.budget, percent=alert.percent)
                if self._webhook is not None and not self._waiting.full():
                    self._waiting.put_nowait(alert)

    async def _send(self) -> None:
        while True:
            alert = await self._waiting.get()
            webhook = self._webhook
            if webhook is not None:
                await self._send_one(webhook, alert)

    async def _send_one(self, webhook: Webhook, alert: Alert) -> None:
        name = f"{alert.budget}@{alert.percent}"
        name = (
            f"alert_{hashlib.sha256(name.encode()).hexdigest()[:32]}"  # the same in every try: a receiver may see two
        )
        body = msgspec.json.encode({"type": "budget.alert", "timestamp": alert.reached, "data": told(alert)})
        problem = ""
        for pause in PAUSES:
            await asyncio.sleep(pause)
            try:
                await webhook.send(name, body, int(time.time()))
            except Fault as fault:
                problem = fault.detail
            else:
                return
        self._event("alert_failures", "")
        self._report("alerts.webhook_failed", budget=alert.budget, percent=alert.percent, problem=problem)


def told(alert: Alert) -> dict[str, object]:
    """What a webhook says of an alert."""
    who, _, period = alert.budget.partition(":cost:")
    scope, _, name = who.partition(":")
    return {"scope": scope, "name": name, "period": period, "percent": alert.percent, "reached": alert.reached}


def signing_key(secret: str) -> bytes:
    """The key in a secret, which may be written as `whsec_` and base64."""
    return base64.b64decode(secret.removeprefix("whsec_")) if secret.startswith("whsec_") else secret.encode()


def sign(key: bytes, name: str, at: int, body: bytes) -> str:
    """The signature of a webhook: of its id, its time in Unix seconds, and its body."""
    signed = b"%b.%d.%b" % (name.encode(), at, body)
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
