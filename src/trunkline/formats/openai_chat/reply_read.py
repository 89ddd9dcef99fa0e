"""A whole reply into a neutral one. Providers are odd: whatever is not as expected stays where it is, unread."""

from typing import Any

import msgspec

from trunkline.formats.conversation import AnyPart, Choice, Image, Reply, Stop, Text
from trunkline.formats.dialect import Dialect
from trunkline.formats.media import split_data_url
from trunkline.formats.openai_chat.beside import sources_of
from trunkline.formats.openai_chat.calls import google_reasoning, take_calls
from trunkline.formats.openai_chat.details import take_reasoning
from trunkline.formats.openai_chat.frame import read_usage
from trunkline.formats.openai_chat.logprobs import take_logprobs
from trunkline.formats.openai_chat.messages_read import take_citations, take_extra_parts
from trunkline.formats.openai_chat.parts_read import read_answer
from trunkline.formats.openai_chat.words import NAME, reason_of

Fields = dict[str, Any]
SEQUENCES = ("stop_reason", "matched_stop")
"""Where vLLM and SGLang say which stop sequence was met; a number there is a token's."""


def read_reply(value: Fields, dialect: Dialect) -> Reply:
    """Raises `ValueError` for what is no reply."""
    choices = value.get("choices")
    if not isinstance(choices, list) or not all(isinstance(choice, dict) for choice in choices):
        raise ValueError("the reply has no choices")
    if not choices and value.get("error"):
        raise ValueError("the reply is an error")
    fields = dict(value)
    del fields["choices"]
    reply = Reply(format=NAME)
    take_frame(fields, reply, dialect)
    seed = reply.id or f"{reply.model}/{reply.created}"
    reply.choices = [_read_choice(dict(choice), number, seed) for number, choice in enumerate(choices)]
    _cite_sources(fields, reply)
    reply.extras = {NAME: fields}
    return reply


def _cite_sources(fields: Fields, reply: Reply) -> None:
    """Give the sources of the answer to each choice's text that cites none."""
    sources = sources_of(fields)
    for choice in reply.choices if sources else []:
        text = next((part for part in choice.parts if isinstance(part, Text)), None)
        if text is not None and not text.citations:
            text.citations = list(sources)


def take_frame(fields: Fields, reply: Reply, dialect: Dialect) -> None:
    """What stands around the choices of a reply, here and in legacy completions."""
    for name in ("id", "model", "service_tier"):
        if isinstance(fields.get(name), str) and fields[name]:
            setattr(reply, name, fields.pop(name))
    if type(fields.get("created")) is int:
        reply.created = fields.pop("created")
    usage = read_usage(fields.get("usage"), reasoning_apart=dialect.output_excludes_reasoning)
    if usage is not None:
        reply.usage, reply.reported = usage, fields.pop("usage")


def _read_choice(fields: Fields, number: int, seed: str) -> Choice:
    choice = Choice()
    take_ending(fields, choice, number)
    message = fields.get("message")
    if isinstance(message, dict):
        fields["message"] = message = dict(message)
        choice.parts = _take_parts(message, choice, seed)
    choice.logprobs = take_logprobs(fields)
    choice.extras = {NAME: fields}
    return choice


def take_ending(fields: Fields, choice: Choice, number: int) -> None:
    """Index and end of a choice."""
    if type(fields.get("index")) is int:
        choice.index = fields.pop("index")
    else:
        choice.index = number
        choice.spelling["index"] = "ours"
    choice.stop = take_stop(fields)


def take_stop(fields: Fields) -> Stop | None:
    """Why a choice ended, taken out of it."""
    said = fields.get("finish_reason")
    if not said or not isinstance(said, str):
        return None
    del fields["finish_reason"]
    stop = Stop(reason=reason_of(said), said=said)
    for name in SEQUENCES:
        if isinstance(fields.get(name), str) and fields[name]:
            stop.sequence = fields.pop(name)
            stop.spelling["sequence"] = name
            stop.reason = "stop_sequence"
    return stop


def _take_parts(message: Fields, choice: Choice, seed: str) -> list[AnyPart]:
    parts = take_reasoning(message, choice.spelling)
    parts += google_reasoning(message)
    content = _take_content(message, choice)
    take_citations(message, content)
    parts += content
    parts += take_extra_parts(message)
    parts += _take_images(message)
    return parts + take_calls(message, seed, choice.index, len(parts))


def _take_content(message: Fields, choice: Choice) -> list[AnyPart]:
    content = message.get("content")
    if not content:
        return []
    if isinstance(content, str):
        del message["content"]
        return [Text(text=content)]
    if isinstance(content, dict):  # Cloudflare, where a schema is to be met
        del message["content"]
        choice.spelling["content"] = "object"
        return [Text(text=msgspec.json.encode(content).decode())]
    parts = read_answer(content) if isinstance(content, list) else []
    if parts:
        del message["content"]
        choice.spelling["content"] = "parts"
    return parts


def _take_images(message: Fields) -> list[AnyPart]:
    """Pictures that the model has made (OpenRouter)."""
    listed = message.get("images")
    if not isinstance(listed, list) or not listed:
        return []
    images = [read_image(value) for value in listed]
    if any(image is None for image in images):
        return []
    del message["images"]
    return [image for image in images if image is not None]


def read_image(value: object) -> Image | None:
    """One entry of `images`; None where it is not understood."""
    match value:
        case {"type": "image_url", "image_url": {"url": str(url), **more}, **left} if not more and url:
            image = Image(spelling={"in": "images"})
            split = split_data_url(url)
            if split is not None and url == f"data:{split[0]};base64,{split[1]}":
                image.media_type, image.data = split
            else:
                image.url = url
            if left:
                image.extras = {NAME: {str(name): field for name, field in left.items()}}
            return image
    return None
