"""A neutral reply into a chat completion."""

from typing import Any

import msgspec

from trunkline.formats.call_ids import minted
from trunkline.formats.conversation import (
    AnyPart,
    Audio,
    Choice,
    Foreign,
    Image,
    Reasoning,
    Reply,
    Request,
    Text,
    ToolCall,
)
from trunkline.formats.dialect import PLAIN
from trunkline.formats.losses import Losses
from trunkline.formats.media import data_url
from trunkline.formats.openai_chat.beside import annotated, citations_of, write_citations, write_sound
from trunkline.formats.openai_chat.calls import put_signature, write_call, write_function
from trunkline.formats.openai_chat.details import put_reasoning, shown_details, text_of
from trunkline.formats.openai_chat.frame import read_usage, write_usage
from trunkline.formats.openai_chat.leftovers import append
from trunkline.formats.openai_chat.logprobs import write_logprobs
from trunkline.formats.openai_chat.parts_write import write_part
from trunkline.formats.openai_chat.sorting import Answer, sort_parts
from trunkline.formats.openai_chat.target import Target
from trunkline.formats.openai_chat.words import NAME, TIERS, finish_of

Fields = dict[str, Any]


def write_reply(reply: Reply, request: Request) -> Fields:
    """The chat completion that says `reply`."""
    if reply.format != NAME:
        out = {"id": reply.id, "object": "chat.completion", "created": reply.created or 0, "model": reply.model}
        out["choices"] = [_write_choice(choice, reply) for choice in reply.choices]
        put_frame(out, reply, own=False)
        return out
    out = dict(reply.extras.get(NAME, {}))
    put_frame(out, reply, own=True)
    out["choices"] = [_write_own(choice) for choice in reply.choices]
    return out


def put_frame(out: Fields, reply: Reply, own: bool) -> None:
    """Write what stands around the choices."""
    said = {"id": reply.id, "created": reply.created, "model": reply.model, "service_tier": reply.service_tier}
    if not own:
        said["service_tier"] = TIERS.get(reply.service_tier)
    out.update({name: value for name, value in said.items() if value is not None and value != ""})
    if reply.usage is None:
        return
    out["usage"] = write_usage(reply.usage)
    if own and reply.reported is not None and _still_says(reply):
        out["usage"] = reply.reported


def _still_says(reply: Reply) -> bool:
    """Whether the usage object as it came still says the usage."""
    return reply.usage in (read_usage(reply.reported), read_usage(reply.reported, reasoning_apart=True))


# from this format


def _write_own(choice: Choice) -> Fields:
    out = dict(choice.extras.get(NAME, {"message": {"role": "assistant"}}))
    put_ending(out, choice)
    said = out.get("message")
    message = dict(said) if isinstance(said, dict) else {}
    answer = sort_parts(choice.parts, own=True)
    _put_own_parts(message, answer, choice)
    if message or isinstance(said, dict):
        out["message"] = message
    if choice.logprobs is not None:
        out["logprobs"] = {**(out.get("logprobs") or {}), "content": write_logprobs(choice.logprobs, own=True)}
    return out


def put_ending(out: Fields, choice: Choice) -> None:
    """Write index and end of a choice that came from this format."""
    if "index" not in choice.spelling:
        out["index"] = choice.index
    stop = choice.stop
    if stop is not None:
        out["finish_reason"] = finish_of(stop, calls=False, own=True)
        if stop.sequence:
            out[stop.spelling.get("sequence", "stop_reason")] = stop.sequence


def _put_own_parts(message: Fields, answer: Answer, choice: Choice) -> None:
    if answer.reasoning:
        put_reasoning(message, answer.reasoning, choice.spelling.get("reasoning", "reasoning_content"), own=True)
    for signed in answer.google:
        put_signature(message, signed.signature)
        if "," in signed.spelling["in"]:
            message["thought_signature"] = signed.signature
    if choice.spelling.get("content") == "parts":
        as_said = Target(Request(format=NAME), PLAIN, Losses())
        message["content"] = [write_part(part, as_said) for part in answer.content]
    elif answer.content:
        words = "".join(part.text for part in answer.content if isinstance(part, Text))
        message["content"] = _as_object(words) if choice.spelling.get("content") == "object" else words
    if citations := annotated(citations_of(answer.content)):
        message["annotations"] = write_citations(citations, own=True)
    for refusal in answer.refusals:
        message["refusal"] = refusal.text
    for sound in answer.sounds:
        message["audio"] = write_sound(sound)
    if answer.images:
        message["images"] = [{**image.extras.get(NAME, {}), **write_image(image)} for image in answer.images]
    for call in answer.calls:
        _put_own_call(message, call)


def _as_object(words: str) -> Any:
    """The object that an answer came as, where its words are still one."""
    try:
        return msgspec.json.decode(words)
    except msgspec.DecodeError:
        return words


def _put_own_call(message: Fields, call: ToolCall | Foreign) -> None:
    if isinstance(call, Foreign):
        append(message, "tool_calls", call.value)
    elif call.spelling.get("in") == "function_call":
        message["function_call"] = {**message.get("function_call", {}), **write_function(call, own=True)}
    else:
        written = write_call(call, call.id, own=True)
        if call.signature:
            put_signature(written, call.signature)
        append(message, "tool_calls", written)


def write_image(image: Image) -> Fields:
    """An entry of `images`."""
    return {"type": "image_url", "image_url": {"url": image.url or data_url(image.media_type, image.data)}}


# from other formats


def _write_choice(choice: Choice, reply: Reply) -> Fields:
    message: Fields = {"role": "assistant", "content": None, "refusal": None}
    answer = sort_parts(choice.parts, own=False)
    content = "".join(part.text for part in answer.content if isinstance(part, Text))
    if content:
        message["content"] = content
    if answer.refusals:
        message["refusal"] = "".join(refusal.text for refusal in answer.refusals)
    if citations := citations_of(answer.content):
        message["annotations"] = write_citations(citations, own=False, length=len(content))
    put_shown(message, answer.reasoning)
    if answer.sounds:
        message["audio"] = write_answered(answer.sounds[0])
    if answer.images:
        message["images"] = [write_image(image) for image in answer.images]
    calls = _write_calls(choice.parts, choice.index, reply.id)
    if calls:
        message["tool_calls"] = calls
    out: Fields = {"index": choice.index, "message": message, "logprobs": None}
    if choice.logprobs is not None:
        out["logprobs"] = {"content": write_logprobs(choice.logprobs, own=False), "refusal": None}
    stop = choice.stop
    out["finish_reason"] = finish_of(stop, bool(calls), own=False) if stop is not None else "stop"
    return out


def put_shown(message: Fields, reasoning: list[Reasoning]) -> None:
    """Reasoning as a client may see it, and so that it comes back whole on the next turn."""
    if text := text_of(reasoning):
        message["reasoning_content"] = text
    proven = [piece for piece in reasoning if piece.signature or piece.encrypted]
    if proven:
        entries: list[Fields] = []
        for piece in proven:
            entries += shown_details(piece, len(entries))
        message["reasoning_details"] = entries


def write_answered(sound: Audio) -> Fields:
    """`audio` of an answer, with all that the SDK requires."""
    return {"id": sound.id, "data": sound.data, "expires_at": 0, "transcript": sound.transcript}


def _write_calls(parts: list[AnyPart], choice: int, reply: str) -> list[Fields]:
    calls = []
    for number, part in enumerate(parts):
        if isinstance(part, ToolCall):
            written = write_call(part, part.id or minted(reply, choice, number), own=False)
            if part.signature and part.issuer == "google":
                put_signature(written, part.signature)
            calls.append(written)
    return calls
