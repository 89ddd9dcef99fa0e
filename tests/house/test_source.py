"""Files and functions that can be read at a glance, and faults that are caught by name."""

import ast
import re
from collections.abc import Iterator

from tests.house.source import modules, path_of, texts

LONGEST_FILE = 450
LONGEST_FUNCTION = 60
"""Lines."""

CATCHES_ALL = {
    "embedding.model": "for a file that is no model, its libraries raise what has no base but this",
    "gateway.app": "the edge of a request: whatever happens, the client is told, and the log has it",
    "transport.strand": "the same edge, for what happens outside of the handler",
    "lifetime": "the edges of a reload and of the watch for one: what answers requests goes on, and the log has it",
    "telemetry.log": "a library's mistake in a format string must not fail its caller",
    "telemetry.redact": "what cannot be shown must not fail the line that tells about it",
}
"""Where everything may be caught, and why. Handlers that raise it again are not meant: they clean up."""

UNFINISHED = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|X" r"XX|HA" r"CK)\b")
"""Written in two halves, so that this file is not one that has it."""


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def catches_all(handler: ast.ExceptHandler) -> bool:
    """Whether a handler swallows whatever comes, bugs included."""
    kinds = ast.unparse(handler.type).strip("()").split(", ") if handler.type is not None else ["BaseException"]
    again = handler.body[-1]
    raises_it = isinstance(again, ast.Raise) and again.exc is None
    return bool({"Exception", "BaseException"} & set(kinds)) and not raises_it


def test_no_file_is_longer_than_what_one_reads_in_one_sitting() -> None:
    lengths = {name: len(path_of(name).read_text(encoding="utf-8").splitlines()) for name in modules()}
    assert {name: length for name, length in lengths.items() if length > LONGEST_FILE} == {}


def test_no_function_is_longer_than_a_screen() -> None:
    lengths = {
        f"{name}.{function.name}": (function.end_lineno or 0) - function.lineno + 1
        for name, tree in modules().items()
        for function in functions(tree)
    }
    assert {name: length for name, length in lengths.items() if length > LONGEST_FUNCTION} == {}


def test_only_the_edges_catch_everything() -> None:
    found = {
        name
        for name, tree in modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler) and catches_all(node)
    }
    assert found == CATCHES_ALL.keys()


def test_every_module_says_what_it_is() -> None:
    assert [name for name, tree in modules().items() if not ast.get_docstring(tree)] == []


def test_nothing_is_left_unfinished() -> None:
    left = [
        f"{path}:{number}"
        for path, text in texts()
        for number, line in enumerate(text.splitlines(), 1)
        if UNFINISHED.search(line)
    ]
    assert left == []


def test_exemptions_from_the_checks_say_why() -> None:
    """`# noqa: CODE  # why` and `# type: ignore[code]  # why`."""
    exemption = re.compile(r"#\s*(?:noqa|type: ignore)\b(?P<code>[:\[][^#]*)?(?P<why>#.*)?")
    unexplained = [
        f"{name}:{number}"
        for name in modules()
        for number, line in enumerate(path_of(name).read_text(encoding="utf-8").splitlines(), 1)
        if (found := exemption.search(line)) and not (found["code"] and found["why"])
    ]
    assert unexplained == []
