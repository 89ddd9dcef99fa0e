"""A whole reply: a Response object, read and written."""

from typing import Any

from trunkline.formats.conversation import AnyPart, Choice, Logprob, Reply, Request, Text, ToolCall
from trunkline.formats.dialect import Dialect
from trunkline.formats.folding import unfold
from trunkline.formats.openai_responses.compose import Composer
from trunkline.formats.openai_responses.frame import put_frame, put_stop, take_frame, take_stop
from trunkline.formats.openai_responses.names import NAME
from trunkline.formats.openai_responses.output import read_output, write_output

Fields = dict[str, Any]


def read_reply(value: Fields, dialect: Dialect) -> Reply:
    """What a Response object says. Raises `ValueError` for what is none."""
    output = value.get("output")
    if type(output) is not list or not all(type(item) is dict for item in output):
        raise ValueError("the reply is not a response: it has no list 'output'")
    rest = dict(value)
    del rest["output"]
    parts: list[AnyPart] = []
    logprobs: list[Logprob] = []
    for item in output:
        its_parts, its_logprobs = read_output(item, dialect.issuer)
        parts += its_parts
        logprobs += its_logprobs
    called = any(isinstance(part, ToolCall) for part in parts)
    reply = Reply(format=NAME)
    take_frame(reply, rest, output)
    reply.choices = [Choice(parts=parts, stop=take_stop(rest, called=called), logprobs=logprobs or None)]
    if rest:
        reply.extras = {NAME: rest}
    return reply


def write_reply(reply: Reply, request: Request) -> Fields:
    """The Response object for a client, with all that the published description requires."""
    if reply.format == NAME:
        return _write_own(reply)
    composer = Composer(request, streams=False)
    tokens = {choice.index: choice.logprobs for choice in reply.choices}
    for event in unfold(reply):
        for delta in event.deltas:
            if isinstance(delta.piece, Text):
                delta.logprobs = tokens.pop(delta.choice, None)  # of all texts: only this format tells them apart
        composer.feed(event)
    composer.finish()
    return composer.response


def _write_own(reply: Reply) -> Fields:
    value = dict(reply.extras.get(NAME, {}))
    put_frame(reply, value)
    choice = reply.choices[0] if reply.choices else Choice()
    put_stop(choice.stop, value)
    value["output"] = write_output(choice.parts, choice.logprobs, reply.id)
    return value
