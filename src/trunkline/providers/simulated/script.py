"""What happens to a call, decided before the first byte is played: which bytes come when, and how it ends."""

import math
from collections.abc import Iterator
from itertools import islice
from random import Random
from typing import Final, Literal

import msgspec

from trunkline.formats.openai_chat import write_error
from trunkline.providers.simulated import replies
from trunkline.providers.simulated.answers import answer, prompt_tokens
from trunkline.providers.simulated.check import read
from trunkline.providers.simulated.models import ERRORS
from trunkline.providers.simulated.refusal import Refusal
from trunkline.providers.simulated.request import Chat, Legacy
from trunkline.transport.exchange import Call, Fault

SLOW_LATENCY: Final = 3.0
SLOW_TOKENS_PER_SECOND: Final = 5.0
USUAL_FAILURE_RATE: Final = 0.5
"""Of the model `flaky`, where none is set."""
RETRY_AFTER: Final = b"1"
"""Seconds, with every 429."""
LONGEST: Final = 3600.0
"""Seconds of latency a request may ask for, and the longest between two tokens."""

_FAILURES: Final = ("error-500", "error-503", "close")
_EVENTS: Final = b"text/event-stream; charset=utf-8"
_GARBAGE: Final = b"<html><body><h1>It works!</h1></body></html>"

Silence = Literal["silence"]


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """How the simulated models behave; a model may say otherwise for itself."""

    latency: float = 0.0
    """Seconds until the first token."""
    tokens_per_second: float = 0.0
    """How fast the tokens after it come; 0 is as fast as they are taken."""
    failure_rate: float = 0.0
    """The share of requests, 0 to 1, that fail though their model would answer."""
    seed: int | None = None
    """Makes failures and ids the same in every run."""

    def __post_init__(self) -> None:
        if not (0 <= self.latency < math.inf and 0 <= self.tokens_per_second < math.inf):
            raise ValueError("latency and tokens_per_second are finite and not below 0")
        if not 0 <= self.failure_rate <= 1:
            raise ValueError("failure_rate is 0 to 1")


class Script(msgspec.Struct, gc=False):
    """What is played to the receiver."""

    status: int
    """Of the reply; 0 where there is none."""
    headers: dict[bytes, bytes]
    pieces: Iterator[tuple[float, bytes]]
    """Of the body, each with the seconds after the request at which it comes."""
    ending: Fault | Silence | None = None
    """After the last piece: the end of the reply, a fault, or nothing at all."""


class Pace(msgspec.Struct, frozen=True, gc=False):
    latency: float
    """Seconds until the first step."""
    interval: float
    """Seconds between two steps."""


def script(call: Call, settings: Settings, chance: Random, now: float) -> Script:
    """What happens to `call`, sent at the Unix time `now`."""
    try:
        asked = read(_path(call.head), call.body)
        pace = _pace(asked, settings)
        return _of_model(asked, _model_to_play(asked.model, settings, chance), pace, chance, now)
    except Refusal as refusal:
        return _whole(refusal.status, refusal.body, 0.0, chance)


def _path(head: bytes) -> str:
    return head.split(b" ", 2)[1].partition(b"?")[0].decode("latin-1")


def _pace(asked: Chat | Legacy, settings: Settings) -> Pace:
    latency, speed = settings.latency, settings.tokens_per_second
    if asked.model == "slow":
        latency, speed = SLOW_LATENCY, SLOW_TOKENS_PER_SECOND
    if isinstance(asked, Chat) and asked.metadata:
        latency = _asked_for(asked.metadata, "simulated_latency", latency, LONGEST)
        speed = _asked_for(asked.metadata, "simulated_tokens_per_second", speed, math.inf)
    return Pace(latency, min(1 / speed, LONGEST) if speed else 0.0)


def _asked_for(metadata: dict[str, str], name: str, default: float, most: float) -> float:
    if name not in metadata:
        return default
    try:
        number = float(metadata[name])
    except ValueError:
        number = math.nan
    if not (0 <= number <= most and number < math.inf):
        message = f"Invalid 'metadata.{name}': expected a number of 0 or more."
        raise Refusal(message, f"metadata.{name}", "invalid_value")
    return number


def _model_to_play(model: str, settings: Settings, chance: Random) -> str:
    """The model that was asked for, or a way to fail in its place."""
    rate = settings.failure_rate
    if model == "flaky":
        rate = rate or USUAL_FAILURE_RATE
    if rate and chance.random() < rate:
        return chance.choice(_FAILURES)
    return model


def _of_model(asked: Chat | Legacy, model: str, pace: Pace, chance: Random, now: float) -> Script:
    match model:
        case "refuse":
            return _broken(0.0, Fault("refused", "the simulated model `refuse` cannot be connected to"))
        case "close":
            return _broken(pace.latency, Fault("closed", "the simulated connection was closed before a reply"))
        case "mute":
            return Script(0, {}, iter(()), "silence")
        case "garbage":
            body = b"data: %b\n\n" % _GARBAGE if asked.stream else _GARBAGE
            kind = _EVENTS if asked.stream else b"text/html"
            return Script(200, _headers(kind, chance), iter([(pace.latency, body)]))
    if model.startswith("error-"):
        return _error(int(model.removeprefix("error-")), pace.latency, chance)
    return _broken_off(_answered(asked, pace, chance, now), model)


def _broken(after: float, fault: Fault) -> Script:
    return Script(0, {}, iter([(after, b"")]), fault)


def _error(status: int, after: float, chance: Random) -> Script:
    facts = ERRORS[status]
    body = write_error(f"{facts.message} (simulated).", facts.type, None, facts.code)
    played = _whole(status, body, after, chance)
    if status == 429:
        played.headers[b"retry-after"] = RETRY_AFTER
    return played


def _whole(status: int, body: bytes, after: float, chance: Random) -> Script:
    headers = _headers(b"application/json", chance)
    headers[b"content-length"] = b"%d" % len(body)
    return Script(status, headers, iter([(after, body)]))


def _headers(content_type: bytes, chance: Random) -> dict[bytes, bytes]:
    return {b"content-type": content_type, b"x-request-id": b"req_%032x" % chance.getrandbits(128)}


def _answered(asked: Chat | Legacy, pace: Pace, chance: Random, now: float) -> Script:
    choices = answer(asked, chance)
    options = asked.stream_options
    usage = not asked.stream or (options is not None and bool(options.include_usage))
    reply = replies.Reply(
        id=f"{chance.getrandbits(96):024x}",
        created=int(now),
        model=asked.model,
        legacy=isinstance(asked, Legacy),
        choices=choices,
        prompt_tokens=prompt_tokens(asked),
        tell_usage=usage and asked.model != "no-usage",
        tell_done=asked.model != "no-done",
    )
    if asked.stream:
        pieces = ((pace.latency + step * pace.interval, event) for step, event in replies.streamed(reply))
        return Script(200, _headers(_EVENTS, chance), pieces)
    last_step = max(replies.steps(choice) for choice in choices) - 1
    return _whole(200, replies.whole(reply), pace.latency + max(last_step, 0) * pace.interval, chance)


def _broken_off(played: Script, model: str) -> Script:
    """`played`, stopped half-way where that is what `model` does."""
    if model not in ("cut", "cut-event", "stall"):
        return played
    pieces = list(played.pieces)
    half = len(pieces) // 2
    after, piece = pieces[half]
    if len(pieces) == 1 or model == "cut-event":
        pieces[half] = after, piece[: len(piece) // 2]
        half += 1
    played.pieces = islice(pieces, half)
    cut = Fault("incomplete", "the simulated connection was closed half-way")
    played.ending = "silence" if model == "stall" else cut
    return played
