"""Examines a provider: its name, its port, its certificate, and whether it takes our keys. It costs nothing."""

import asyncio
import calendar
import socket
import ssl
import time
from email.utils import parsedate
from typing import Final

from trunkline.cli.doctor.findings import Finding, fail, ok, warn
from trunkline.cli.doctor.machine import skewed
from trunkline.gateway.credentials import LoginRefused, ProviderKey
from trunkline.gateway.deployments import Deployment
from trunkline.providers.base import read_refusal, usual_verdict
from trunkline.transport.asking import Answer, ask
from trunkline.transport.exchange import Fault, FaultKind, Times
from trunkline.transport.pool import Origin, Pool

ANSWERED_WITHIN: Final = 15.0
"""Seconds for the list of models."""
MOST_OF_A_LIST: Final = 16 << 20
"""Bytes of a list of models."""
EXPIRES_SOON: Final = 14 * 86400

REMEDIES: Final[dict[FaultKind, str]] = {
    "dns": "Look at the name in `base_url`, and at this machine's resolver.",
    "blocked": "Set `allow_private: true` for this provider, if the address is meant.",
    "refused": "Nothing listens there, or a firewall refuses: look at the port in `base_url`.",
    "tls": "Look at the provider's certificate, or name its authority with `ca`.",
    "connect_timeout": "A firewall may swallow it; behind a proxy, set `proxy`.",
    "proxy": "Look at `proxy`.",
}


async def examine(deployment: Deployment, patience: float) -> list[Finding]:
    """All there is to find about one provider, in the order in which it would fail. `patience`: seconds to connect."""
    door = deployment.doors[deployment.facts.format]
    pool = door.upstream
    subject = f"provider {deployment.name}"
    if not isinstance(pool, Pool):
        return [ok(subject, "inside this process")]
    began = time.monotonic()
    try:
        exchange = await pool.open(patience)
    except Fault as fault:
        return [fail(subject, f"{fault.detail}.", REMEDIES.get(fault.kind, ""))]
    exchange.abort()
    found = [ok(subject, f"{pool.origin.host} port {pool.origin.port} answers in {_ms(began)}")]
    if pool.origin.tls is not None and pool.origin.proxy is None:
        found.append(await asyncio.to_thread(_certificate, subject, pool.origin, pool.origin.tls))
    for number, key in enumerate(deployment.keys.values(), 1):
        which = f"key {number}" if len(deployment.keys) > 1 else "the key"
        found += await _asked(subject, which, deployment, key, patience)
    return found


def _certificate(subject: str, origin: Origin, context: ssl.SSLContext) -> Finding:
    """When the certificate ends. That it is good now was seen before."""
    try:
        with (
            socket.create_connection((origin.host, origin.port), ANSWERED_WITHIN) as plain,
            context.wrap_socket(plain, server_hostname=origin.host) as secure,
        ):
            certificate = secure.getpeercert() or {}
    except OSError as error:
        return warn(subject, f"it did not show its certificate a second time: {error}.", "Try again.")
    left = ssl.cert_time_to_seconds(str(certificate["notAfter"])) - time.time()
    text = f"its certificate is good for {left / 86400:.0f} more days"
    return warn(subject, f"{text}.", "Its owner must renew it.") if left < EXPIRES_SOON else ok(subject, text)


async def _asked(subject: str, which: str, deployment: Deployment, key: ProviderKey, patience: float) -> list[Finding]:
    """What it says when it is asked for its models with one of our keys."""
    door = deployment.doors[deployment.facts.format]
    began = time.monotonic()
    try:
        await key.renew()
        times = Times(patience, ANSWERED_WITHIN, ANSWERED_WITHIN, ANSWERED_WITHIN)
        answer = await ask(door.upstream, door.probe(key), times, MOST_OF_A_LIST)
    except LoginRefused as error:
        return [fail(subject, f"the login failed: {error}.", "Look at the key file, and at the account's rights.")]
    except Fault as fault:
        return [fail(subject, f"asked for its models: {fault.detail}.", "Try again, then look at its status page.")]
    found = [_judged(subject, which if key.id else "no key", deployment, answer, _ms(began))]
    theirs = parsedate(answer.headers.get(b"date", b"").decode("latin-1"))
    if theirs is not None:
        found += skewed(time.time() - calendar.timegm(theirs), deployment.name)
    return found


def _judged(subject: str, which: str, deployment: Deployment, answer: Answer, took: str) -> Finding:
    status = answer.status
    if status == 200:
        return ok(subject, f"it answers with {which} ({took})")
    refused = read_refusal(status, answer.body)
    verdict = deployment.facts.judge(refused) or usual_verdict(refused)
    if verdict == "auth":
        return fail(subject, f"it refuses {which} (status {status}).", "Look at the key, and at its rights.")
    if verdict == "quota":
        return fail(subject, f"the account of {which} has no credit (status {status}).", "Look at its billing page.")
    if status in (404, 405):
        return ok(subject, f"it has no list of models, so {which} cannot be tried without paying")
    return warn(subject, f"asked for its models it says status {status}.", "Try again, then look at its status page.")


def _ms(began: float) -> str:
    return f"{(time.monotonic() - began) * 1000:.0f} ms"
