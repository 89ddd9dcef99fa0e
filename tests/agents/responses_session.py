"""A session of a coding agent that speaks Responses: a shell, a plan, pictures, and tools that take text as it is."""

import base64
from typing import Any, NamedTuple

from tests.agents.session import ODD, listing, picture, think
from tests.agents.words import Answer, Say, Think, Use

Json = dict[str, Any]


class Exchange(NamedTuple):
    """What the agent adds to the conversation (outputs name their calls by number), and what the model answers."""

    items: list[Json]
    answer: Answer


GRAMMAR = r"""start: begin hunk+ end
begin: "*** Begin Patch" LF
end: "*** End Patch" LF?
hunk: "*** Update File: " /(.+)/ LF change+
change: ("+" | "-" | " ") /(.*)/ LF
%import common.LF
"""
PATCH = "\n".join(
    ["*** Begin Patch", "*** Update File: src/parser.py", "@@ def split(text):"]
    + [f'-    return text.splitlines()  # {n} {ODD}\n+    return text.split("\\n")  # "{n}"' for n in range(30)]
    + ["*** End Patch", ""]
)


def function(name: str, description: str, required: list[str], **properties: Json) -> Json:
    schema = {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
    return {"type": "function", "name": name, "description": description, "parameters": schema, "strict": False}


STRING: Json = {"type": "string"}
TOOLS: list[Json] = [
    function(
        "shell",
        'Runs a command and gives its output.\n\n- `command` goes to execvp(): use ["bash", "-lc"].',
        ["command"],
        command={"type": "array", "items": STRING, "description": "The command"},
        workdir=STRING,
        timeout_ms={"type": "number"},
        sandbox_permissions={"type": "string", "enum": ["use_default", "require_escalated"]},
    ),
    function(
        "update_plan",
        "Keeps the plan.",
        ["plan"],
        explanation={"type": ["string", "null"]},
        plan={
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "step": STRING,
                    "status": {"enum": ["pending", "in_progress", "completed"], "type": "string"},
                },
                "required": ["step", "status"],
                "additionalProperties": False,
            },
        },
    ),
    function("view_image", "Shows you a picture.", ["path"], path=STRING),
    {
        "type": "custom",
        "name": "apply_patch",
        "description": "Edits files. This is a FREEFORM tool, so do not wrap the patch in JSON.",
        "format": {"type": "grammar", "syntax": "lark", "definition": GRAMMAR},
    },
    {
        "type": "custom",
        "name": "sql",
        "description": "Asks the database.",
        "format": {"type": "grammar", "syntax": "regex", "definition": r"SELECT [^;]*;"},
    },
    {"type": "custom", "name": "note", "description": "Writes a note."},
]


def settings() -> Json:
    """The rest of every request."""
    rules = "\n".join(f"- {n}: never `{{undo}}` what you did not do; <b>{n}</b>." for n in range(120))
    return {
        "instructions": f"You are a coding agent.\n\n{rules}",
        "tools": TOOLS,
        "tool_choice": "auto",
        "parallel_tool_calls": True,
        "reasoning": {"effort": "medium", "summary": "auto"},
        "text": {"verbosity": "low"},
        "prompt_cache_key": "session-1",
    }


def message(role: str, *content: str | bytes) -> Json:
    """A message of texts and pictures."""
    parts: list[Json] = [
        {"type": "input_text", "text": part} if isinstance(part, str) else shown(part) for part in content
    ]
    return {"type": "message", "role": role, "content": parts}


def shown(data: bytes) -> Json:
    url = f"data:image/png;base64,{base64.b64encode(data).decode()}"
    return {"type": "input_image", "image_url": url, "detail": "high"}


def output(call: int, value: str | list[Json]) -> Json:
    return {"call_id": call, "output": value}


def session(family: str) -> list[Exchange]:
    """The turns; `family` is whose proofs the model gives."""
    script = [*_look(family), *_change(family)]
    return [Exchange(items, Answer(n, tuple(pieces), cut=cut)) for n, (items, pieces, cut) in enumerate(script, 1)]


Script = list[tuple[list[Json], list[Think | Say | Use], bool]]


def _look(family: str) -> Script:
    run = {"command": ["bash", "-lc", f"rg -n 'splitlines' src # {ODD}"], "timeout_ms": 10000}
    return [
        (
            [
                message("developer", "<permissions>\nsandbox_mode is workspace-write\n</permissions>"),
                message("user", "<environment_context>\n  <cwd>/srv/app</cwd>\n</environment_context>"),
                message("user", f"Lines are lost: why? {ODD}", picture(50)),
            ],
            [think(family, 1, "I search first."), Say("I look for it."), Use("shell", run)],
            False,
        ),
        (
            [output(0, listing("hits", 200))],
            [
                think(family, 2, f"Two places. {ODD}"),
                Use("shell", {"command": ["cat", "src/parser.py"]}),
                Use("sql", {"input": "SELECT \"a\", 'b' FROM t;"}),
                Use("shell", {"command": ["false"], "workdir": "/srv/app"}),
            ],
            False,
        ),
        (
            [output(2, '{"output":"","metadata":{"exit_code":1}}'), output(0, listing("parser", 300)), output(1, "")],
            [think(family, 3, "Now the patch."), Use("apply_patch", {"input": PATCH})],
            False,
        ),
        (
            [output(0, "Success. Updated the following files:\nM src/parser.py\n")],
            [Say("I look at the page."), Use("view_image", {"path": "page.png"})],
            False,
        ),
        (
            [output(0, [{"type": "input_text", "text": "page.png"}, shown(picture(60))])],
            [think(family, 5, "It is right."), Say("The page is right now.")],
            False,
        ),
    ]


def _change(family: str) -> Script:
    plan = {
        "explanation": None,
        "plan": [{"step": ODD, "status": "pending"}, {"step": "Test", "status": "in_progress"}],
    }
    return [
        (
            [message("developer", "The user has changed the model."), message("user", "Do the writer, too.")],
            [
                think(family, 6, "A plan, a patch and a note at once."),
                Use("update_plan", plan),
                Use("apply_patch", {"input": PATCH[::-1]}),
                Use("note", {"input": ODD}),
            ],
            False,
        ),
        (
            [output(1, "patch rejected: line 1"), output(0, "Plan updated"), output(2, [shown(picture(70))])],
            [think(family, 7, "It was the wrong way round."), Say("I must turn the pa")],
            True,
        ),
        (
            [message("user", "Go on.")],
            [think(family, 8, "Turn it."), Use("apply_patch", {"input": PATCH}), Use("apply_patch", {"input": ""})],
            False,
        ),
        (
            [output(0, "Success."), output(1, "patch rejected: empty")],
            [think(family, 9, "All done."), Say(f"Done. {ODD}")],
            False,
        ),
    ]
