"""What a policy puts into every request: instructions, messages around the conversation, and forced parameters."""

from collections.abc import Sequence
from typing import Literal

import msgspec

from trunkline.formats.conversation import Message, Request, Text


class Placed(msgspec.Struct, frozen=True):
    """A message of the policy's own."""

    text: str
    role: Literal["user", "assistant", "developer", "system"] = "user"


class Forced(msgspec.Struct, frozen=True):
    """Parameters that hold whatever a request says; None: its own."""

    most_temperature: float | None = None
    """A higher one is lowered to it, and one that is not said is left to the provider's default if that is lower."""
    temperature: float | None = None
    most_output: int | None = None
    """Tokens; also for a request that names no cap."""
    store: bool | None = None
    service_tier: str | None = None
    user: str | None = None


class Inject(msgspec.Struct, frozen=True):
    """All that is put in."""

    system_first: str = ""
    """Before the request's own instructions."""
    system_last: str = ""
    """After them."""
    header: Placed | None = None
    """Before the first message of the conversation."""
    footer: Placed | None = None
    """After the last one."""
    forced: Forced = Forced()


_INSTRUCTIONS = ("system", "developer")


def inject(request: Request, spec: Inject) -> Request:
    """The request with everything in it. What was there stays as it was, and `request` itself is not changed."""
    changed = _with_system(request, spec) if spec.system_first or spec.system_last else request
    messages = changed.messages
    if spec.header is not None:
        first = next((i for i, message in enumerate(messages) if message.role not in _INSTRUCTIONS), len(messages))
        messages = [*messages[:first], _message(spec.header), *messages[first:]]
    if spec.footer is not None:
        messages = [*messages, _message(spec.footer)]
    if messages is not changed.messages:
        changed = msgspec.structs.replace(changed, messages=messages)
    forced = parameters(changed, spec.forced)
    return msgspec.structs.replace(changed, **forced) if forced else changed


def parameters(request: Request, forced: Forced) -> dict[str, float | int | str | bool]:
    """The fields of the request that are to have another value, by their neutral names."""
    changes: dict[str, float | int | str | bool] = {}
    if forced.temperature is not None:
        changes["temperature"] = forced.temperature
    elif forced.most_temperature is not None and (
        request.temperature is None or request.temperature > forced.most_temperature
    ):
        changes["temperature"] = forced.most_temperature
    if forced.most_output is not None and (request.max_output is None or request.max_output > forced.most_output):
        changes["max_output"] = forced.most_output
    said = {"store": forced.store, "service_tier": forced.service_tier, "user": forced.user}
    changes.update({name: value for name, value in said.items() if value is not None})
    return {name: value for name, value in changes.items() if getattr(request, name) != value}


def _with_system(request: Request, spec: Inject) -> Request:
    """Where the request has instructions, beside them; else where its format has them: apart, or as a first message."""
    before = [Text(text=spec.system_first)] if spec.system_first else []
    after = [Text(text=spec.system_last)] if spec.system_last else []
    if request.instructions is not None:
        return msgspec.structs.replace(request, instructions=_around(request.instructions, before, after))
    last = _last_instructions(request.messages)
    if last < 0:
        message = Message(role="system", parts=[*before, *after])
        if request.format in ("openai_chat", "openai_completions"):
            return msgspec.structs.replace(request, messages=[message, *request.messages])
        return msgspec.structs.replace(request, instructions=message)
    messages = list(request.messages)
    messages[last] = _around(messages[last], [], after)
    messages[0] = _around(messages[0], before, [])
    return msgspec.structs.replace(request, messages=messages)


def _last_instructions(messages: Sequence[Message]) -> int:
    """The last of the messages at the beginning that are instructions; -1 for none."""
    count = next((i for i, message in enumerate(messages) if message.role not in _INSTRUCTIONS), len(messages))
    return count - 1


def _around(message: Message, before: Sequence[Text], after: Sequence[Text]) -> Message:
    """A message with parts before and after its own; it is no longer one string."""
    if not before and not after:
        return message
    return msgspec.structs.replace(message, parts=[*before, *message.parts, *after], plain=False)


def _message(placed: Placed) -> Message:
    return Message(role=placed.role, parts=[Text(text=placed.text)], plain=True)
