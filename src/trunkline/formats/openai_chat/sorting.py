"""What an assistant says, sorted by the fields of a chat message that hold it."""

import msgspec

from trunkline.formats.conversation import AnyPart, Audio, Foreign, Image, Reasoning, Refusal, Text, ToolCall


class Answer(msgspec.Struct):
    """The parts of an assistant's message."""

    content: list[AnyPart] = []
    reasoning: list[Reasoning] = []
    google: list[Reasoning] = []
    """Signatures of Google's that stand beside the whole message."""
    signature: str = ""
    """Google's, for what follows the reasoning."""
    refusals: list[Refusal] = []
    sounds: list[Audio] = []
    images: list[Image] = []
    calls: list[ToolCall | Foreign] = []


def sort_parts(parts: list[AnyPart], *, own: bool) -> Answer:
    """`own`: the parts come from this format, and their spelling says where they stood."""
    answer = Answer()
    for part in parts:
        if isinstance(part, Text):
            answer.content.append(part)
            continue
        if isinstance(part, ToolCall):
            answer.calls.append(part)
            continue
        where = part.spelling.get("in", "") if own else ""
        match part:
            case Reasoning() if where == "thinking":
                answer.content.append(part)
            case Reasoning() if where.startswith("extra_content"):
                answer.google.append(part)
            case Reasoning():
                answer.reasoning.append(part)
            case Foreign() if where == "tool_calls":
                answer.calls.append(part)
            case Refusal() if where != "refusal":
                answer.refusals.append(part)
            case Audio():
                answer.sounds.append(part)
            case Image():
                answer.images.append(part)
            case _:
                answer.content.append(part)
    return answer
