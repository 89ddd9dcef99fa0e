"""Imports go along the design's arrows only: what is above knows what is below, never the other way round."""

import ast
import sys
from collections.abc import Collection, Iterator

from tests.house.source import declared_dependencies, modules

from trunkline.providers import PROVIDERS

VERSION = "(the package itself)"

LAYERS: dict[str, set[str]] = {
    VERSION: set(),
    # what the operator wrote, the language of its conditions, and what it is checked against
    "config.names": set(),
    "routing.expressions": set(),
    "formats": set(),
    "guard": {"formats"},
    "config": {"config.names", "guard", "routing.expressions"},
    # values in, values out; `transport.exchange` is the seam to an upstream, sockets or not
    "transport.exchange": set(),
    "providers": {"formats", "transport.exchange"},
    "ledger.prices": {"formats"},
    "ledger.catalogue": {"formats", "ledger.prices"},
    "routing": {
        "config",
        "config.names",
        "formats",
        "ledger.prices",
        "providers",
        "routing.expressions",
        "transport.exchange",
    },
    "embedding": set(),
    "limits": set(),
    "cache": {"formats"},
    # what is kept
    "ledger.record": set(),
    "store": {"ledger.record", "limits"},
    "ledger": {"ledger.record", "store"},
    "vault": {"store"},
    # whom it is counted for
    "tenancy": {"cache", "config", "routing", "store"},
    # what is kept of what was said
    "kept": {"config", "store", "tenancy", "vault"},
    # what is told
    "telemetry": {"ledger.record"},
    "control": {"config", "kept", "store", "telemetry", "tenancy", "vault"},
    # the sockets
    "transport": {"transport.exchange"},
    # the data plane
    "gateway": {
        "config",
        "config.names",
        "formats",
        "providers",
        "transport",
        "transport.exchange",
        "routing",
        "limits",
        "guard",
        "cache",
        "embedding",
        "kept",
        "ledger",
        "ledger.catalogue",
        "ledger.prices",
        "ledger.record",
        "store",
        "telemetry",
        "tenancy",
        "vault",
    },
    # the certificates it shows and trusts
    "certificates": {"config", "gateway", "telemetry", "transport"},
    # a process, and several of them
    "data": set(),
    "running": {"data"},
    "setup": {"config", "providers", "store", "telemetry", "vault", "gateway", "data"},
    "lifetime": {"config", "gateway"},
    "listening": {"config", "gateway", "transport"},
    "upkeep": {"gateway", "store", "vault"},
    "serve": {
        VERSION,
        "cache",
        "certificates",
        "config",
        "gateway",
        "ledger",
        "ledger.catalogue",
        "listening",
        "routing",
        "setup",
        "store",
        "telemetry",
        "transport",
        "upkeep",
        "vault",
    },
    "workers": {"config", "data", "gateway", "lifetime", "listening", "serve", "setup", "store", "telemetry"},
    # the command line, which may use everything
    "cli": {
        VERSION,
        "certificates",
        "config",
        "config.names",
        "control",
        "data",
        "embedding",
        "formats",
        "gateway",
        "guard",
        "kept",
        "ledger",
        "ledger.catalogue",
        "ledger.prices",
        "ledger.record",
        "lifetime",
        "listening",
        "providers",
        "routing",
        "routing.expressions",
        "running",
        "serve",
        "setup",
        "store",
        "telemetry",
        "tenancy",
        "transport",
        "transport.exchange",
        "vault",
        "workers",
        "limits",
    },
    "__main__": {"cli"},
}
"""Every part of the package, lowest first, and what it may import. A module belongs to the longest name that fits."""

OWNERS: dict[str, set[str]] = {
    "apsw": {"store"},
    "arro3": {"cli.parquet"},
    "asyncpg": {"store"},
    "cel_expr_python": {"routing.expressions"},
    "click": {"cli"},
    "cryptography": {"certificates", "providers", "vault"},
    "genai_prices": {"ledger", "providers.models"},
    "httptools": {"transport"},
    "jsonschema_rs": {"guard.shape"},
    "numpy": {"cache.semantic", "embedding", "routing.complexity"},
    "onnxruntime": {"embedding"},
    "phonenumbers": {"guard.pii.phone"},
    "prometheus_client": {"telemetry.exposition"},
    "pydantic": {"config"},
    "pydantic_core": {"config", "cli.options"},
    "re2": {"guard"},
    "redis": {"store"},
    "rich": {"cli"},
    "starlette": {"control"},
    "tokenizers": {"embedding"},
    "uvicorn": {"control"},
    "uvloop": {"cli", "workers"},
    "watchfiles": {"config.watch"},
    "yaml": {"config.document"},
}
"""Libraries that only one part of the package knows; `msgspec` is for all."""

PURE = ("config.names", "formats", "guard", "limits", "cache", "routing", "ledger.prices", "ledger.record")
"""They take values and return values, so that they are tested without sockets, files or a loop."""
OUTSIDE = {
    "asyncio",
    "os",
    "pathlib",
    "select",
    "shutil",
    "socket",
    "ssl",
    "subprocess",
    "tempfile",
    "threading",
    "urllib",
}

CONNECTING = {
    "create_connection",
    "open_connection",
    "open_unix_connection",
    "create_server",
    "start_tls",
    "getaddrinfo",
}
"""Calls that open or accept connections, or look up names."""
CONNECTS = {
    "transport": "both legs of the data plane",
    "control.listener": "the control plane's listener",
    "workers": "the port that workers share, and the channel to them",
    "cli.doctor": "reads a provider's certificate, for the operator",
}

SAME_PROVIDER = {
    "config.check": "the section `simulated` is for providers of that type, whatever they are called",
    "cli.providers": "says where a provider comes from: the built-in one from nowhere",
}
"""Where, outside of `providers`, one provider is told from another, and why."""


def within(module: str, names: Collection[str]) -> str | None:
    """The longest of `names` that is `module` or a package around it."""
    fitting = [name for name in names if module == name or module.startswith(f"{name}.")]
    return max(fitting, key=len, default=None)


def part(module: str) -> str:
    found = VERSION if not module else within(module, LAYERS)
    assert found is not None, f"{module} belongs to no layer: say in LAYERS where it stands"
    return found


def own_imports(tree: ast.Module) -> Iterator[str]:
    """Modules of the package that a module imports, wherever in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "trunkline":
            base = (node.module or "").partition(".")[2]
            for alias in node.names:
                inner = f"{base}.{alias.name}" if base else alias.name
                yield inner if inner in modules() else base
        elif isinstance(node, ast.Import):
            yield from (a.name.partition(".")[2] for a in node.names if a.name.split(".")[0] == "trunkline")


def foreign_imports(tree: ast.Module) -> set[str]:
    """Top names of what a module imports from elsewhere."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            assert not node.level, "imports say where from in full"
            found.add((node.module or "").split(".")[0])
        elif isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
    return found - {"trunkline"}


def parses_urls_only(tree: ast.Module) -> bool:
    """Whether all that is taken of `urllib` is `urllib.parse`, which turns texts into texts."""
    froms = (node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom))
    return {name for name in froms if name.split(".")[0] == "urllib"} <= {"urllib.parse"}


def test_the_arrows_point_downward_only() -> None:
    lower: set[str] = set()
    for name, below in LAYERS.items():
        assert below <= lower, f"{name} would reach up to {below - lower}"
        lower.add(name)


def test_a_module_imports_only_what_its_layer_may() -> None:
    wrong = [
        f"{module} imports {imported}, but {part(module)} does not know {part(imported)}"
        for module, tree in modules().items()
        for imported in own_imports(tree)
        if part(imported) not in {part(module), *LAYERS[part(module)]}
    ]
    assert not wrong


def test_every_arrow_is_used() -> None:
    used = {(part(module), part(imported)) for module, tree in modules().items() for imported in own_imports(tree)}
    unused = [f"{name} -> {target}" for name, below in LAYERS.items() for target in below if (name, target) not in used]
    assert not unused, "take them out of LAYERS"


def test_a_library_is_known_only_to_the_part_that_needs_it() -> None:
    for module, tree in modules().items():
        for library in foreign_imports(tree) & OWNERS.keys():
            assert within(module, OWNERS[library]), f"{module} imports {library}"


def test_every_library_is_a_declared_dependency_and_every_dependency_is_used() -> None:
    known = {
        "arro3-core": "arro3",
        "arro3-io": "arro3",
        "cel-expr-python": "cel_expr_python",
        "genai-prices": "genai_prices",
        "google-re2": "re2",
        "jsonschema-rs": "jsonschema_rs",
        "prometheus-client": "prometheus_client",
        "pyyaml": "yaml",
    }
    declared = {known.get(name, name) for name in declared_dependencies()}
    imported = {name for tree in modules().values() for name in foreign_imports(tree)} - sys.stdlib_module_names
    assert imported - {"pydantic_core"} == declared  # pydantic_core is pydantic's own, released with it


def test_what_is_pure_reaches_for_nothing_outside() -> None:
    for module, tree in modules().items():
        if within(module, PURE):
            outside = OUTSIDE - {"urllib"} if parses_urls_only(tree) else OUTSIDE
            assert not foreign_imports(tree) & outside, module


def test_only_a_few_modules_open_connections() -> None:
    for module, tree in modules().items():
        called = {
            node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            for node in ast.walk(tree)
            if isinstance(node, ast.Call)
        }
        if called & CONNECTING:
            assert within(module, CONNECTS), f"{module} calls {called & CONNECTING}"


def names_a_provider(node: ast.expr) -> bool:
    """Whether an expression is a provider's type, or one provider's facts."""
    if isinstance(node, ast.Constant):
        return node.value in PROVIDERS
    if isinstance(node, ast.Tuple | ast.List | ast.Set):
        return any(map(names_a_provider, node.elts))
    return isinstance(node, ast.Name | ast.Attribute) and ast.unparse(node).split(".")[-1] in {"SIMULATED", "PROVIDER"}


def compares_providers(tree: ast.Module) -> list[int]:
    """Lines on which something is compared with one provider."""
    lines = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and any(map(names_a_provider, [node.left, *node.comparators])):
            lines.append(node.lineno)
        elif isinstance(node, ast.MatchValue) and names_a_provider(node.value):
            lines.append(node.value.lineno)
    return lines


def test_no_provider_is_told_from_another_outside_of_the_providers() -> None:
    # The formats know who makes models (`issuer`), which are names of providers, too.
    found = {module: lines for module, tree in modules().items() if (lines := compares_providers(tree))}
    elsewhere = {module: lines for module, lines in found.items() if not module.startswith(("providers", "formats"))}
    assert elsewhere.keys() == SAME_PROVIDER.keys(), "a quirk is a flag in providers/, not a comparison elsewhere"
