"""Log probabilities of tokens."""

from typing import Any

from trunkline.formats.conversation import Logprob
from trunkline.formats.openai_chat.words import NAME


def take_logprobs(choice: dict[str, Any]) -> list[Logprob] | None:
    """The log probabilities of a choice's content, taken out of it; None where they are not understood, and stay."""
    said = choice.get("logprobs")
    listed = said.get("content") if isinstance(said, dict) else None
    if not isinstance(said, dict) or not isinstance(listed, list) or not listed:
        return None
    read = [_read(value) for value in listed]
    if any(one is None for one in read):
        return None
    choice["logprobs"] = {name: field for name, field in said.items() if name != "content"}
    return [one for one in read if one is not None]


def _read(value: object) -> Logprob | None:
    if not isinstance(value, dict):
        return None
    token, logprob = value.get("token"), value.get("logprob")
    if not isinstance(token, str) or type(logprob) not in (int, float) or logprob is None:
        return None
    read = Logprob(token=token, logprob=logprob)
    left = {name: field for name, field in value.items() if name not in ("token", "logprob")}
    if isinstance(left.get("bytes"), list):
        read.bytes = left.pop("bytes")
    if left.get("top_logprobs") and isinstance(left["top_logprobs"], list):
        top = [_read(other) for other in left["top_logprobs"]]
        if all(other is not None for other in top):
            del left["top_logprobs"]
            read.top = [other for other in top if other is not None]
    if left:
        read.extras = {NAME: left}
    return read


def write_logprobs(logprobs: list[Logprob], own: bool) -> list[dict[str, Any]]:
    """The list in `logprobs.content`."""
    return [_write(one, own, inner=False) for one in logprobs]


def _write(one: Logprob, own: bool, inner: bool) -> dict[str, Any]:
    if own:
        out = {**one.extras.get(NAME, {}), "token": one.token, "logprob": one.logprob}
        if one.bytes is not None:
            out["bytes"] = one.bytes
    else:
        out = {"token": one.token, "logprob": one.logprob, "bytes": one.bytes}
    if one.top or not (own or inner):
        out["top_logprobs"] = [_write(other, own, inner=True) for other in one.top]
    return out
