"""What a request asks: the words of its last turn, and how much stands around them."""

from typing import Final, Self

import msgspec

from trunkline.formats.conversation import AnyPart, Audio, File, Image, Message, Reasoning, Request, Text, ToolResult

LATEST: Final = 40
"""Messages that are looked at, from the last one back: the time has a bound, however long a conversation is."""
EFFORTS: Final = {"none": 0, "minimal": 1, "low": 2, "medium": 3, "high": 4, "xhigh": 5, "max": 6}


class Prompt(msgspec.Struct, frozen=True):
    """One request, as far as its difficulty is concerned."""

    text: str
    """What the user said last."""
    instructions: str = ""
    """What the application said."""
    messages: int = 1
    history: int = 0
    """Characters of the messages before (of the latest of them, where there are many)."""
    tools: int = 0
    results: int = 0
    """Answers of tools among the latest messages."""
    media: int = 0
    """Pictures, sounds and files there."""
    structured: bool = False
    """The answer must be JSON."""
    effort: int = 0
    """How much the model shall think, as far as that is said."""
    cap: int | None = None
    """Most tokens of the answer, where that is said."""

    @classmethod
    def of(cls, request: Request | str) -> Self:
        """Of a request, or of the plain text of its turns."""
        if isinstance(request, str):
            return cls(request)
        latest = request.messages[-LATEST:]
        asked = next((m for m in reversed(latest) if m.role == "user" and _words(m.parts)), None)
        parts = [part for message in latest for part in message.parts]
        instructions = [part for message in _instructions(request, latest) for part in message.parts]
        thinking = request.thinking
        return cls(
            text=_words(asked.parts) if asked is not None else "",
            instructions=_words(instructions),
            messages=len(request.messages),
            history=sum(_length(message) for message in latest if message is not asked),
            tools=len(request.tools),
            results=sum(isinstance(part, ToolResult) for part in parts),
            media=sum(isinstance(part, Image | Audio | File) for part in parts),
            structured=request.output is not None and request.output.kind != "text",
            effort=EFFORTS.get(thinking.effort or "", 0) if thinking is not None else 0,
            cap=request.max_output,
        )


def _instructions(request: Request, latest: list[Message]) -> list[Message]:
    """Those that stand apart, and those among the messages: the first, mostly."""
    apart = [request.instructions] if request.instructions is not None else []
    return apart + [m for m in (*request.messages[:1], *latest[1:]) if m.role in ("system", "developer")]


def _words(parts: list[AnyPart]) -> str:
    return "\n".join(part.text for part in parts if isinstance(part, Text) and part.text)


def _length(message: Message) -> int:
    """Characters of text, results of tools included."""
    length = 0
    for part in message.parts:
        if isinstance(part, Text | Reasoning):
            length += len(part.text)
        elif isinstance(part, ToolResult):
            length += len(_words(part.content))
    return length
