"""What is tried with every SDK against every upstream: in no format's words.

A scenario is what a program wants of a model, and what the model answers, turn by turn. A *client* says the first with
an official SDK; an *upstream* says the second as one provider would, and notes what it was asked, in these same words.
"""

import json
from typing import Any

import msgspec


class Call(msgspec.Struct, frozen=True):
    """A tool that the model wants to be run."""

    name: str
    arguments: dict[str, Any]


class Thought(msgspec.Struct, frozen=True):
    """Reasoning that its provider wants back."""

    text: str
    proof: str
    """Signature or encrypted content, in the alphabet that every provider uses: Base64."""


class Answer(msgspec.Struct, frozen=True):
    """What the model says in one turn."""

    text: str = ""
    calls: tuple[Call, ...] = ()
    thought: Thought | None = None
    input: int = 21
    output: int = 13
    cached: int = 0
    error: tuple[int, str] | None = None
    """Status and message of a refusal, instead of all that."""


class Tool(msgspec.Struct, frozen=True):
    """A function of the program."""

    name: str
    description: str
    schema: dict[str, Any]
    result: str
    """What it answers when it is run."""


class Scenario(msgspec.Struct, frozen=True):
    """One thing that a program does with a model."""

    name: str
    prompt: str
    answers: tuple[Answer, ...]
    system: str = ""
    picture: bytes = b""
    tools: tuple[Tool, ...] = ()
    schema: dict[str, Any] | None = None
    """What the answer must look like."""
    reasons: bool = False


class Seen(msgspec.Struct):
    """What the program got in one turn."""

    text: str = ""
    calls: list[Call] = []
    thought: str = ""
    input: int | None = None
    output: int | None = None
    cached: int | None = None
    error: tuple[int, str] | None = None
    ended: str = ""
    """`stop` or `calls`."""


class Asked(msgspec.Struct):
    """What the upstream was asked in one turn."""

    model: str = ""
    system: str = ""
    texts: list[str] = []
    """Of all user turns."""
    pictures: list[bytes] = []
    tools: dict[str, dict[str, Any]] = {}
    """Name → schema."""
    schema: dict[str, Any] | None = None
    json_only: bool = False
    results: list[tuple[str, str]] = []
    """Call id and result, in their order."""
    made: list[str] = []
    """Ids of the calls that the history says the model made."""
    proofs: list[str] = []
    reasons: bool = False
    stream: bool = False


_CITY = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
_WEATHER = Tool("weather", "The weather in a city.", _CITY, '{"celsius": 21}')
_CLOCK = Tool("clock", "The time in a city.", _CITY, "half past nine")
_PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
    "required": ["name", "age"],
    "additionalProperties": False,
}
# One pixel, red.
PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108020000009077"
    "53de0000000c4944415408d763f8cfc0000003010100c9fe92ef0000000049454e44ae426082"
)
_PROOF = (
    "gAAAAHNp" + "c2lnbmVkIGJ5IHRoZSBtb2RlbCB0aGF0IHJlYXNvbmVk" * 3
)  # begins and is as long as OpenAI's and Anthropic's

SCENARIOS = (
    Scenario(
        "plain",
        "Say hello to the wörld.",
        (Answer("Hello, wörld! 👋 It is nice to meet you.", cached=5),),
        system="You are brief.",
    ),
    Scenario(
        "tools",
        "What is the weather in Paris?",
        (Answer(calls=(Call("weather", {"city": "Paris"}),)), Answer("It is 21 degrees in Paris.")),
        system="Use the tools.",
        tools=(_WEATHER, _CLOCK),
    ),
    Scenario(
        "parallel tools",
        "Weather and time in Rome?",
        (
            Answer("Let me look.", calls=(Call("weather", {"city": "Rome"}), Call("clock", {"city": "Rome"}))),
            Answer("21 degrees, half past nine."),
        ),
        tools=(_WEATHER, _CLOCK),
    ),
    Scenario("vision", "What colour is this?", (Answer("It is red."),), picture=PICTURE),
    Scenario(
        "structured output",
        "Ada Lovelace, aged 36. As JSON.",
        (Answer(json.dumps({"name": "Ada Lovelace", "age": 36})),),
        schema=_PERSON,
    ),
    Scenario(
        "reasoning",
        "Is it warm in Oslo? Think first.",
        (
            Answer(calls=(Call("weather", {"city": "Oslo"}),), thought=Thought("I need the weather.", _PROOF)),
            Answer("Yes, 21 degrees.", thought=Thought("21 is warm there.", _PROOF)),
        ),
        tools=(_WEATHER,),
        reasons=True,
    ),
    Scenario("refused", "Be refused.", (Answer(error=(400, "The word 'refused' is not allowed here.")),)),
    Scenario("rate limited", "Be limited.", (Answer(error=(429, "Slow down, please.")),)),
)
