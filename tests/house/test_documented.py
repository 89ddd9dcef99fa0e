"""Whatever there is to set, to call, to read and to run into has its place in the reference."""

import ast
import importlib
import re
from collections.abc import Iterator

import pytest
from tests.house.source import ROOT, SRC, modules

from trunkline.cache.control import HEADERS as OF_THE_CACHE
from trunkline.control.openapi import BASE
from trunkline.control.operations import OPERATIONS
from trunkline.gateway.crossing import PASSED_ON
from trunkline.gateway.endpoints import ENDPOINTS, PATTERNS, find
from trunkline.gateway.reference import REFUSALS, REQUEST_CODES
from trunkline.transport.connection import ONCE

REFERENCE = ROOT / "docs" / "reference"

GENERATED = {
    "cli.reference": "cli.md",
    "config.reference": "configuration.md",
    "gateway.reference": "errors.md",
    "providers.reference": "providers.md",
    "telemetry.reference": "metrics.md",
}
"""Which module writes which page."""

ROW = re.compile(r"^\| `([^`]+)`", re.MULTILINE)


def rows(page: str, *sections: str) -> set[str]:
    """What the tables of these sections of a page begin their rows with; of all of them, where none is named."""
    parts = re.split(r"^## (.+)\n", (REFERENCE / page).read_text(encoding="utf-8"), flags=re.MULTILINE)
    named = dict(zip(parts[1::2], parts[2::2], strict=True))
    return {row for name, text in named.items() if not sections or name in sections for row in ROW.findall(text)}


def literals(*packages: str) -> Iterator[bytes]:
    """Every constant of bytes in these packages."""
    for module, tree in modules().items():
        if module.split(".")[0] in packages:
            yield from (n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, bytes))


def calls(name: str, *packages: str) -> Iterator[ast.Call]:
    """Every call of `name` in these packages, on whatever it is called; in all, where none is named."""
    for module, tree in modules().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and (not packages or module.split(".")[0] in packages):
                called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                if called == name:
                    yield node


@pytest.mark.parametrize("module", GENERATED)
def test_a_generated_page_is_what_the_code_says(module: str) -> None:
    page = REFERENCE / GENERATED[module]
    written = page.read_text(encoding="utf-8") if page.exists() else ""
    assert written == importlib.import_module(f"trunkline.{module}").render(), "run `make docs`"


def test_every_generator_has_its_page_and_make_docs_writes_it() -> None:
    assert {name for name in modules() if name.endswith(".reference")} == GENERATED.keys()
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for module, page in GENERATED.items():
        assert f"{module.removesuffix('.reference')}:{page.removesuffix('.md')}" in makefile


def test_every_endpoint_of_the_data_plane_is_documented() -> None:
    served = {f"{method.decode()} {path.decode()}" for path, methods in ENDPOINTS.items() for method in methods}
    rest = rows("endpoints.md", "The data plane") - served
    assert served <= rows("endpoints.md", "The data plane")
    for name in PATTERNS:
        begin = name.partition("…")[0]
        assert any(begin in row for row in rest), name
    assert all(find(row.split()[1].encode()) is not None for row in rest), "nothing is served there"


def test_every_endpoint_of_the_control_plane_is_documented() -> None:
    told = {constant(call) for call in calls("Route", "control")} - {None}
    assert {f"GET {path}" for path in told} == rows("endpoints.md", "The control plane") | {f"GET {BASE}/openapi.json"}
    operations = {f"{it.method} {BASE}{it.path}" for it in OPERATIONS}
    assert operations | {f"GET {BASE}/openapi.json"} == rows("endpoints.md", "The API of the control plane")


def test_every_header_that_is_sent_is_documented() -> None:
    """Lines of headers stand in the code as bytes, as they go out."""
    line = re.compile(rb"(?:^|%b|\r\n)([a-z][a-z-]*): ")
    written = {module: tree for module, tree in modules().items() if module not in TO_PROVIDERS}
    constants = (node.value for tree in written.values() for node in ast.walk(tree) if isinstance(node, ast.Constant))
    lines = [text for text in constants if isinstance(text, bytes) and text.endswith(b"\r\n")]
    assert {name.decode() for text in lines for name in line.findall(text)} == rows("headers.md", "Of answers")


def test_every_header_that_is_read_is_documented() -> None:
    read_of = {True: PASSED_ON | ONCE | OF_THE_CACHE, False: set[bytes]()}
    for module, tree in modules().items():
        if module.split(".")[0] in {"gateway", "transport"}:
            read_of[module not in OF_PROVIDERS] |= set(looked_up(tree))
    assert {name.decode() for name in read_of[True]} == rows("headers.md", "Of requests")
    of_providers = {name.encode() for name in rows("headers.md", "Of providers' answers")}
    assert read_of[False] <= of_providers <= set(literals("gateway", "transport"))


TO_PROVIDERS = {"gateway.account", "gateway.deployments"}
"""Modules that write headers of requests."""
OF_PROVIDERS = {"transport.client", "gateway.reception"}
"""Modules that read headers of providers' answers; the others read those of requests."""


def looked_up(tree: ast.Module) -> Iterator[bytes]:
    """The constant names by which something called `headers` is asked."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr="get", value=mapping), args=[name, *_]):
                pass
            case ast.Subscript(value=mapping, slice=name) | ast.Compare(left=name, comparators=[mapping]):
                pass
            case _:
                continue
        if (
            isinstance(name, ast.Constant)
            and isinstance(name.value, bytes)
            and ast.unparse(mapping).endswith("headers")
        ):
            yield name.value


def test_every_code_of_an_error_is_documented() -> None:
    """That of every class is on the generated page; these are the codes given where an error is made."""
    refused = {(constant(call, 0), constant(call, 1)) for call in calls("Refusal", "transport")}
    assert {pair for pair in refused if None not in pair} == REFUSALS.keys()
    shapes = {constant(call, 2) for call in calls("ShapeError", "formats")}
    given = {
        constant(keyword)
        for call in calls("InvalidRequest", "gateway")
        for keyword in call.keywords
        if keyword.arg == "code"
    }
    assert (shapes | given) - {None} == REQUEST_CODES.keys()


def test_every_event_of_the_log_is_documented() -> None:
    told = {constant(call, 0) for name in ("report", "_report") for call in calls(name)}
    told |= {name for call in calls("event") if "." in str(name := constant(call, 0))}
    assert (told - {None}) | {"request"} == rows("log.md", "Events")


def constant(node: ast.Call | ast.keyword, argument: int = 0) -> object:
    """The constant that an argument is; None where it is none."""
    given = node.value if isinstance(node, ast.keyword) else next(iter(node.args[argument:]), None)
    return given.value if isinstance(given, ast.Constant) else None


def test_every_field_of_a_request_in_the_log_is_documented() -> None:
    template = b"".join(literals("telemetry"))
    fields = {name.decode() for name in re.findall(rb'"([a-z_]+)":["%]', template)}
    assert fields == rows("log.md", "Requests")


def test_every_page_has_its_place_in_the_index() -> None:
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    linked = {(ROOT / "docs" / link).resolve() for link in re.findall(r"\]\(([^)#:]+)\)", index)}
    pages = {path for path in (ROOT / "docs").rglob("*.md") if path.name != "index.md"}
    assert pages <= linked, pages - linked


def test_the_package_says_what_it_is_in_one_line_everywhere() -> None:
    line = "one OpenAI-compatible endpoint in front of every model provider"
    for path in (ROOT / "pyproject.toml", ROOT / "README.md", SRC / "__init__.py"):
        assert line in path.read_text(encoding="utf-8"), path
