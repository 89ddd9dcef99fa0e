"""The upstream's end of an attempt: takes the reply as it comes, whole or streamed, and judges whether it is one.

A stream is relayed from here straight into the client's socket, one write per read. What comes before the first real
output is held, so that an attempt that fails before it leaves no trace and another can take its place.
"""

from time import monotonic
from typing import Protocol

from trunkline.formats.conversation import Usage
from trunkline.formats.format import Asked, Problem, Scanner, StreamError
from trunkline.gateway.bridge import Bridge
from trunkline.gateway.errors import (
    GatewayError,
    GuardWithheld,
    StreamTruncated,
    UpstreamAuth,
    UpstreamBroken,
    UpstreamFailed,
    UpstreamModelRefused,
    UpstreamQuota,
    UpstreamRateLimited,
    UpstreamRefused,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from trunkline.providers.base import Provider, Refused, Verdict, read_error_value, read_refusal, usual_verdict
from trunkline.providers.refusals import about
from trunkline.transport.exchange import UNSENT, Exchange, Fault
from trunkline.transport.strand import Signal

MOST_OF_AN_ERROR = 256 * 1024
"""Bytes read of an error's body."""


class Sink(Protocol):
    """Where a stream goes once it has begun."""

    def first(self, held: bytes) -> None:
        """The first output, with what was held before it."""

    def more(self, data: bytes) -> None:
        """What follows."""


class Reception:
    """Receives one reply. `outcome` is done when the reply is whole (None) or the attempt has failed (its error)."""

    __slots__ = (
        "_body",
        "_bridge",
        "_exchange",
        "_facts",
        "_limit",
        "_sink",
        "_size",
        "asked",
        "body",
        "finish",
        "first_byte",
        "headers",
        "outcome",
        "produced",
        "scanner",
        "status",
        "target",
        "tier",
        "timed_out",
        "usage",
        "verdict",
    )

    def __init__(
        self,
        asked: Asked,
        bridge: Bridge,
        facts: Provider,
        target: str,
        exchange: Exchange,
        sink: Sink,
        limit: int,
    ) -> None:
        self.outcome: Signal[GatewayError | None] = Signal()
        self.asked = asked
        self.target = target
        self.status = 0
        self.headers: dict[bytes, bytes] = {}
        self.usage: Usage | None = None
        self.tier = ""
        """The service tier by whose prices it is charged, where the provider says."""
        self.finish = ""
        self.first_byte = 0.0
        """When the first byte of the body came; 0 before it."""
        self.produced = False
        """Something was generated: it costs, whatever became of it."""
        self.timed_out = False
        self.verdict: Verdict | None = None
        """Whose fault an error answer is."""
        self.body = b""
        """The whole reply, where it is not a stream."""
        self.scanner: Scanner | None = None
        self._bridge = bridge
        self._facts = facts
        self._exchange: Exchange | None = exchange
        self._sink: Sink | None = sink
        self._limit = limit
        self._body: list[bytes] = []
        self._size = 0

    # transport.exchange.Receiver

    def head(self, status: int, headers: dict[bytes, bytes]) -> None:
        self.status = status
        self.headers = headers
        if (
            status < 400
            and self.asked.stream
            and headers.get(b"content-type", b"").lower().startswith(self._bridge.back.stream_type)
        ):
            self.scanner = self._bridge.scanner(self.asked, self._limit)

    def data(self, data: bytes) -> None:
        if not self.first_byte:
            self.first_byte = monotonic()
        if self.scanner is not None:
            self._take_stream(self.scanner, data)
        elif self.status < 400:
            self._take_whole(data)
        elif self._size < MOST_OF_AN_ERROR:
            self._body.append(data)
            self._size += len(data)

    def end(self) -> None:
        if self.outcome.done:
            return
        if self.status >= 400:
            self._conclude(self._refused(read_refusal(self.status, b"".join(self._body), self.headers)))
        elif self.scanner is not None:
            self._end_stream(self.scanner)
        else:
            self._end_whole()

    def fail(self, fault: Fault) -> None:
        if not self.outcome.done:
            self.timed_out = fault.kind.endswith("_timeout")
            scanner = self.scanner
            if scanner is not None and scanner.started:
                kind = UpstreamTimeout if self.timed_out else StreamTruncated
                self._conclude(self._truncated(_what_broke(fault), kind))
            else:
                self._conclude(error_of(fault, self.target))

    # the ways to take what comes

    def _take_whole(self, data: bytes) -> None:
        self._body.append(data)
        self._size += len(data)
        if self._size > self._limit:
            self._give_up(
                UpstreamBroken(f"The reply of {self.target} is larger than the limit of {self._limit} bytes.")
            )

    def _take_stream(self, scanner: Scanner, data: bytes) -> None:
        sink, exchange = self._sink, self._exchange
        if sink is None or exchange is None:
            return  # what follows the end
        started = scanner.started
        try:
            out = scanner.feed(data)
        except StreamError as error:
            self._broken_stream(scanner, str(error))
            return
        except GuardWithheld as error:
            self._withhold(error)
            return
        if started:
            if out:
                sink.more(out)
        elif scanner.started:
            exchange.flowing()
            self.produced = True
            sink.first(b"".join([*self._body, out]))
            self._body.clear()
        elif out:
            self._hold(out)
        if scanner.error is not None:
            self._give_up(self._refused(read_error_value(200, scanner.error)))
        elif scanner.done:
            self._finish_stream(scanner)

    def _hold(self, out: bytes) -> None:
        """Keep what carries no output until the first output comes."""
        self._body.append(out)
        self._size += len(out)
        if self._size > self._limit:
            self._give_up(UpstreamBroken(f"The stream of {self.target} goes on and on without any output."))

    def _end_stream(self, scanner: Scanner) -> None:
        """Upstream has ended its reply: was the stream complete?"""
        try:
            rest = scanner.close() if scanner.started else b""
        except GuardWithheld as error:
            self._withhold(error)
            return
        if rest and self._sink is not None:
            self._sink.more(rest)
        if scanner.complete():
            if scanner.started and not scanner.done and self._sink is not None:
                self._sink.more(scanner.terminator)  # this provider sends none, and its stream is whole
            self._finish_stream(scanner)
        elif scanner.started:
            self._conclude(self._truncated("ended before it was complete"))
        else:
            self._conclude(UpstreamBroken(f"{self.target} ended its stream without any output."))

    def _finish_stream(self, scanner: Scanner) -> None:
        self.usage, self.tier = scanner.usage, scanner.tier
        self.finish = scanner.finish
        if not scanner.started:  # complete, and empty: `[DONE]` and nothing else
            self._conclude(UpstreamBroken(f"{self.target} ended its stream without any output."))
        else:
            self._conclude(None)

    def _broken_stream(self, scanner: Scanner, why: str) -> None:
        if scanner.started:
            self._give_up(self._truncated(f"went on with something else: {why}"))
        else:
            self._give_up(UpstreamBroken(f"{self.target} did not send a stream of chunks: {why}."))

    def _end_whole(self) -> None:
        self.body = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        self._body.clear()
        try:
            if self.asked.stream:
                facts, self.body = self._bridge.streamed(self.body, self.asked)
            else:
                facts, self.body = self._bridge.reply(self.body)
        except ValueError as error:
            self._conclude(UpstreamBroken(f"{self.target} answered {self.status}, but {error}."))
            return
        except GuardWithheld as error:
            facts = self._bridge.back.look_reply(self.body)
            self.usage, self.tier, self.finish = facts.usage, facts.tier, facts.finish
            self._withhold(error)
            return
        self.usage, self.tier, self.finish = facts.usage, facts.tier, facts.finish
        if facts.error is not None:
            self._conclude(self._refused(read_error_value(self.status, facts.error)))
        else:
            self.produced = True
            if self.asked.stream and self._sink is not None:
                self._sink.first(self.body)  # it does not stream, or not this
            self._conclude(None)

    # conclusions

    def _withhold(self, error: GuardWithheld) -> None:
        """The answer is not handed on; it costs all the same."""
        self.produced = True
        if self.scanner is not None:
            self.usage, self.finish = self.scanner.usage, self.scanner.finish
        self._give_up(error)

    def _conclude(self, error: GatewayError | None) -> None:
        self.detach()
        self.outcome.set(error)

    def detach(self) -> None:
        """Let go of both sides: what still comes is not wanted, and nothing is left for the cycle collector."""
        self._sink = self._exchange = None

    def _give_up(self, error: GatewayError) -> None:
        """Nothing more is wanted from upstream."""
        if self._exchange is not None:
            self._exchange.abort()
        self._conclude(error)

    def _truncated(self, how: str, kind: type[GatewayError] = StreamTruncated) -> GatewayError:
        scanner = self.scanner
        if scanner is not None:
            self.usage, self.tier, self.finish = scanner.usage, scanner.tier, scanner.finish
        return kind(f"The stream of {self.target} {how}. What was sent so far is not the whole answer.")

    def _refused(self, refused: Refused) -> GatewayError:
        """An error the provider told: as the caller may see it."""
        verdict = self._facts.judge(refused) or usual_verdict(refused)
        if verdict == "caller" and self.status < 400 and not about(refused):
            verdict = "server"  # it had taken the request
        self.verdict = verdict
        target, said = self.target, f": {refused.message}" if refused.message else "."
        if verdict == "auth":
            return UpstreamAuth(f"{target} refuses the credentials this gateway has for it. Tell its operator.")
        if verdict == "model":
            return UpstreamModelRefused(f"{target} is not open to this gateway's account there. Tell its operator.")
        if verdict == "quota":
            return UpstreamQuota(f"This gateway's account with {target} has no credit left. Tell its operator.")
        if verdict == "rate_limit":
            error: GatewayError = UpstreamRateLimited(f"{target} is rate limited{said}")
            error.retry_after = retry_after(self.headers) or refused.wait
            return error
        if verdict == "server" or self.status < 400:
            error = UpstreamFailed(f"{target} answered {refused.status}{said}")
            error.retry_after = retry_after(self.headers) or refused.wait
            return error
        code = refused.code if not refused.code.isdecimal() else ""  # Google's is the status once more
        problem = Problem(self.status, refused.message, "invalid_request_error", code=code or None)
        told = self._bridge.refusal(problem)
        if told is not None:
            return UpstreamRefused(self.status, told, b"application/json", refused.message, about(refused))
        content_type = self.headers.get(b"content-type", b"application/json")
        return UpstreamRefused(self.status, b"".join(self._body), content_type, refused.message, about(refused))


def retry_after(headers: dict[bytes, bytes]) -> float | None:
    """Seconds to wait, from `retry-after-ms` and `retry-after`; the longer where both are given (Azure sends 0 in one
    of them).
    """
    found: list[float] = []
    for name, unit in ((b"retry-after-ms", 0.001), (b"retry-after", 1.0)):
        try:
            found.append(float(headers[name]) * unit)
        except (KeyError, ValueError):
            continue  # absent, or the date form, which no provider sends
    usable = [seconds for seconds in found if 0 <= seconds < 86_400]
    return max(usable, default=None)


def error_of(fault: Fault, target: str) -> GatewayError:
    """A fault below HTTP as the caller may see it: which sort, and of whom, but no address."""
    if fault.kind == "connect_timeout":
        return UpstreamTimeout(f"No connection to {target} could be made in time.")
    if fault.kind in UNSENT:
        return UpstreamUnreachable(f"{target} cannot be reached ({_UNREACHABLE[fault.kind]}).")
    if fault.kind.endswith("_timeout"):
        return UpstreamTimeout(f"{target} {_what_broke(fault)}.")
    return UpstreamBroken(f"{target} {_what_broke(fault)}.")


_UNREACHABLE = {
    "dns": "its name cannot be resolved",
    "blocked": "it is on a private network that this gateway may not call",
    "refused": "connection refused",
    "tls": "TLS failed",
    "proxy": "the proxy on the way failed",
}


def _what_broke(fault: Fault) -> str:
    return {
        "reset": "reset the connection",
        "closed": "closed the connection without a reply",
        "incomplete": "broke off its reply",
        "invalid": "sent something that is not a valid HTTP reply",
        "too_large": "sent more than is allowed",
        "first_token_timeout": f"sent {fault.detail}",
        "gap_timeout": f"was {fault.detail}",
        "total_timeout": f"was {fault.detail}",
    }.get(fault.kind, "failed")
