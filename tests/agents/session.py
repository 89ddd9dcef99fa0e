"""A session of a coding agent, both sides of it: fourteen turns, some 200 kB of history.

It has what such sessions have: long files, parallel calls, results in another order than their calls, empty ones,
failed ones, pictures, reminders beside results, a list of to-dos, an answer that is cut, a tool that the user does not
allow, a program's odd characters.
"""

import base64
import json
import zlib
from pathlib import Path
from struct import pack
from typing import Any, NamedTuple

from tests.agents.upstream import letters
from tests.agents.words import Answer, Say, Think, Use

Json = dict[str, Any]


class Exchange(NamedTuple):
    """What the agent sends (results name their calls by number), and what the model answers."""

    content: str | list[Json]
    answer: Answer


TOOLS: list[Json] = json.loads((Path(__file__).parent / "tools.json").read_text(encoding="utf-8"))
REMINDER = "<system-reminder>\nThe list of to-dos is empty. Do NOT mention this to the user.\n</system-reminder>"
ODD = 'Grüße, 世界 🌍\t"quoted" \\ \u2028 \x7f </function_results> ${x} %s {{y}} \r\n\x1b[31mred\x1b[0m'
USER = f"user_{letters('user', length=32)}"


def picture(red: int, side: int = 24) -> bytes:
    """A PNG of one colour."""
    rows = b"".join(b"\0" + bytes([red, 40, 90]) * side for _ in range(side))
    head = pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        pack(">I", len(data)) + kind + data + pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )


def text(words: str) -> Json:
    return {"type": "text", "text": words}


def image(red: int) -> Json:
    data = base64.b64encode(picture(red)).decode()
    return {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": data}}


def result(call: int, *content: Any, failed: bool = False) -> Json:
    """The result of a call: a string where it is one, no content at all where there is none."""
    block: Json = {"type": "tool_result", "tool_use_id": call}
    if content:
        block["content"] = content[0] if isinstance(content[0], str) else list(content)
    return block | ({"is_error": True} if failed else {})


def listing(name: str, lines: int) -> str:
    """A file as the agent's tool shows it."""
    body = "\n".join(
        f'{n:6}\t    def {name}_{n}(self, value: "str") -> bytes:  # {letters(name, n)} → {ODD if n % 97 == 0 else ""}'
        for n in range(1, lines)
    )
    return f"     0\t# {name}.py — «{name}»\n{body}"


def system() -> list[Json]:
    """Two short blocks and a long one, marked for the cache as agents do."""
    rules = "\n".join(
        f"- Rule {n}: keep to {letters('rule', n)}; write `{{name}}` as it is, never <b>{n}</b>." for n in range(180)
    )
    mark = {"type": "ephemeral"}
    return [
        text("You are a coding agent."),
        {**text(f"# Tone\nBe brief. 简洁。\n\n# Rules\n{rules}"), "cache_control": {**mark, "ttl": "1h"}},
        text("<env>\nWorking directory: /srv/app\nPlatform: linux\nToday's date: 2026-11-22\n</env>"),
    ]


def settings(*, stop: bool) -> Json:
    """The rest of every request."""
    made: Json = {
        "max_tokens": 32_000,
        "system": system(),
        "tools": TOOLS,
        "tool_choice": {"type": "auto"},
        "thinking": {"type": "enabled", "budget_tokens": 16_000},
        "metadata": {"user_id": USER},
        "extra_body": {
            "temperature": 1,
            "context_management": {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]},
        },
    }
    return made | ({"stop_sequences": ["</done>"]} if stop else {})


def session(family: str, *, sees: bool = True) -> list[Exchange]:
    """The turns; `family` is whose proofs the model gives. Without pictures for a model that sees none."""
    script = [*_look(family), *_change(family), *_finish(family)]
    return [
        Exchange(content if sees else _blind(content), Answer(n, tuple(pieces), cut=cut))
        for n, (content, pieces, cut) in enumerate(script, 1)
    ]


def _blind(content: str | list[Json]) -> str | list[Json]:
    """The same with a word in place of each picture."""
    if isinstance(content, str):
        return content
    seen = [{**block, "content": _blind(block["content"])} if "content" in block else block for block in content]
    return [text("[picture]") if block["type"] == "image" else block for block in seen]


def think(family: str, number: int, words: str) -> Think:
    """A thought with a proof of its own."""
    begin = {"openai": "gAAAAABp", "google": "AY89a1", "anthropic": "EqoBCkgI"}.get(family, "")
    proof = base64.b64encode(f"{family} signs thought {number}: {letters(family, number)}".encode() * 6).decode()
    return Think(words, begin + proof[: len(proof) // 4 * 4 - len(begin)] if begin else "")


Script = list[tuple[str | list[Json], list[Think | Say | Use], bool]]


def _look(family: str) -> Script:
    read = [Use("Read", {"file_path": f"/srv/app/{name}.py"}) for name in ("parser", "writer")]
    shot = "mcp__playwright__browser_take_screenshot"
    return [
        (
            [text(REMINDER), text(f"The parser drops some lines. Find out why, and fix it. {ODD}")],
            [think(family, 1, "I look at the parser first."), Say("I'll look at the parser."), read[0]],
            False,
        ),
        (
            [result(0, listing("parser", 420))],
            [
                think(family, 2, f"It splits at U+2028. {ODD} I check who calls it."),
                Use("Grep", {"pattern": r"split\w*\(", "output_mode": "content", "-A": 3, "head_limit": None}),
                Use("Glob", {"pattern": "**/*.py"}),
                Use("Bash", {"command": 'grep -rn "\\u2028" . | head -5; echo "a b"', "timeout": 120000.5}),
            ],
            False,
        ),
        (
            [
                result(2, "Exit code 2\ngrep: ./data: Permission denied", failed=True),
                result(0, text(listing("hits", 60)), text(REMINDER)),
                result(1, ""),
                text(REMINDER),
            ],
            [think(family, 3, "No other caller."), Say("Only the parser.\n\n"), Use("ListMcpResources", {}), read[1]],
            False,
        ),
        (
            [result(0), result(1, text(listing("writer", 500)))],
            [
                Say("\n\n"),
                Use(shot, {"type": "png", "fullPage": True, "clip": None}),
                Use(shot, {"clip": {"x": 1e-7, "y": -0.5}}),
                Use("Read", {"file_path": "/srv/app/before.png"}),
            ],
            False,
        ),
        (
            [
                result(0, text("Page: «Übersicht»"), image(10)),
                result(1, image(20)),
                result(2, image(30), text("before")),
            ],
            [think(family, 5, "The pictures show it."), Say("The page shows two lines where there is one.")],
            False,
        ),
    ]


def _change(family: str) -> Script:
    todos = [{"content": f"Step {n} – {ODD}", "status": "pending", "activeForm": f"Doing {n}"} for n in range(4)]
    old = "\n".join(f'    if ch == "\\u{n:04x}":  # {ODD}' for n in range(0x2020, 0x2050))
    return [
        (
            [text("Here is what it should look like:"), image(40), text("Fix it, please."), text(REMINDER)],
            [think(family, 6, "First a list."), Use("TodoWrite", {"todos": todos})],
            False,
        ),
        (
            [result(0, "Todos have been modified successfully.")],
            [
                Say("Now the change."),
                Use(
                    "MultiEdit",
                    {"file_path": "/srv/app/parser.py", "edits": [{"old_string": old, "new_string": old[::-1]}]},
                ),
                Use("Bash", {"command": "pytest -q &", "run_in_background": True}),
            ],
            False,
        ),
        (
            [result(1, "Command running in background with ID: b1"), result(0, listing("parser", 300))],
            [
                think(family, 8, "Another agent may look at the writer."),
                Use(
                    "Task",
                    {
                        "description": "Look at writer",
                        "prompt": listing("task", 40),
                        "subagent_type": "general-purpose",
                    },
                ),
                Use("BashOutput", {"bash_id": "b1", "filter": r"^(?!\s*#).*\bFAILED\b"}),
            ],
            False,
        ),
        (
            [result(0, text(listing("report", 300)), text("agentId: a1")), result(1, "<stdout></stdout>", failed=True)],
            [think(family, 9, "It is long: I sum it up."), Say("The writer escapes what the par")],
            True,
        ),
        (
            "Go on.",
            [
                think(family, 10, "Where was I?"),
                Say("The writer escapes what the parser does not read back."),
                Use(
                    "mcp__issues__create_issue",
                    {
                        "title": f"Lines are lost {ODD}",
                        "body": None,
                        "assignees": [{"login": "ada", "id": 2**53 - 1}],
                        "labels": ["🐛", {"name": "bug"}],
                        "milestone": 7,
                        "weight": 0.5,
                    },
                ),
                Use(
                    "mcp__db__query",
                    {"sql": "SELECT $1, $2", "parameters": ["x'; --", 1.5, True, None, ""], "options": {}},
                ),
            ],
            False,
        ),
    ]


def _finish(family: str) -> Script:
    tree: Json = {"path": "/srv", "filter": {"any": [{"glob": "*.py"}, {"not": {"any": [{"glob": "test_*"}]}}]}}
    return [
        (
            [
                result(0, '{"number": 12, "url": "https://example.org/12"}'),
                result(1, text("Error: no such table"), failed=True),
            ],
            [think(family, 11, "The table is gone."), Use("mcp__files__directory_tree", tree)],
            False,
        ),
        (
            [result(0, listing("tree", 260))],
            [
                Say("I'd fetch the page about it."),
                Use("WebFetch", {"url": "https://example.org/a?b=c&d=%20", "prompt": "Why?"}),
            ],
            False,
        ),
        (
            [
                result(0, "The user doesn't want to proceed with this tool use.", failed=True),
                text("[Request interrupted by user for tool use]"),
                text("Don't fetch anything. Run the tests."),
            ],
            [think(family, 13, "No fetching, then."), Use("Bash", {"command": "pytest -q 2>&1 | tail -5"})],
            False,
        ),
        (
            [result(0, "142 passed in 3.10s")],
            [think(family, 14, "Done."), Say(f"All tests pass. {ODD}")],
            False,
        ),
    ]
