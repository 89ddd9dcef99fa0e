"""`${VAR}`, `${VAR:-default}` and `${file:/run/secrets/x}` in any string of a configuration; `$${` stands for `${`."""

import re
from collections.abc import Mapping
from pathlib import Path as FilePath
from typing import Final

from trunkline.config.document import NOTHING, Document, Value
from trunkline.config.problems import Hidden, Path, quote

MAX_FILE: Final = 64 << 10
"""Bytes of one file: a secret, perhaps a certificate."""
MAX_BROUGHT_IN: Final = 4 << 20
"""Characters that all references of a document bring in."""

_TEXT: Final = r"(?:[^}$]|\$(?!\{))*"  # references do not stand inside of each other
_REFERENCE: Final = re.compile(
    r"(?P<literal>\$\$\{)"
    rf"|\$\{{file:(?P<file>{_TEXT})\}}"
    rf"|\$\{{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?P<otherwise>:-(?P<default>{_TEXT}))?\}}"
    r"|(?P<broken>\$\{)"
)


class _Unresolved(Exception):
    """A reference that has no value: message, which never shows a value, and hint."""


def expand(document: Document, env: Mapping[str, str], folder: FilePath) -> None:
    """Replace every reference in `document`, once: what it brings in is not looked at again.

    Text into which anything was brought is `Hidden`. Relative names of files start at `folder`.
    """
    document.root = _Expander(document, env, folder).visit(document.root, ())


class _Expander:
    def __init__(self, document: Document, env: Mapping[str, str], folder: FilePath) -> None:
        self._document = document
        self._env = env
        self._folder = folder
        self._left = MAX_BROUGHT_IN

    def visit(self, value: Value, path: Path) -> Value:
        if isinstance(value, dict):
            return {name: self.visit(inner, (*path, name)) for name, inner in value.items()}
        if isinstance(value, list):
            return [self.visit(inner, (*path, index)) for index, inner in enumerate(value)]
        if isinstance(value, str) and "${" in value:
            return self._text(value, path)
        return value

    def _text(self, text: str, path: Path) -> Value:
        parts, problems = [], []
        end, brought_in = 0, False
        for found in _REFERENCE.finditer(text):
            parts.append(text[end : found.start()])
            end = found.end()
            brought_in = brought_in or not found["literal"]
            try:
                parts.append(self._value(found))
            except _Unresolved as problem:
                problems.append(problem.args)
        for message, hint in dict.fromkeys(problems):
            self._document.add(path, message, hint)
            self._document.unusable.add(path)
        whole = "".join(parts) + text[end:]
        return NOTHING if problems else Hidden(whole) if brought_in else whole

    def _value(self, found: re.Match[str]) -> str:
        if found["literal"]:
            return "${"
        if found["broken"]:
            hint = "write ${NAME}, ${NAME:-default} or ${file:/path}; a plain `${` is written `$${`"
            raise _Unresolved("a `${` that is not a reference", hint)
        value = self._variable(found) if found["file"] is None else _read(self._folder, found["file"])
        self._left -= len(value)
        if self._left < 0:
            raise _Unresolved(f"variables and files bring in more than {MAX_BROUGHT_IN >> 20} MiB of text", "")
        return value

    def _variable(self, found: re.Match[str]) -> str:
        value = self._env.get(found["name"])
        if found["otherwise"]:  # as in a shell, an empty variable counts as unset here
            return value or found["default"]
        if value is None:
            hint = f"set it, or give a default: ${{{found['name']}:-…}}"
            raise _Unresolved(f"the environment variable {found['name']} is not set", hint)
        return value


def _read(folder: FilePath, name: str) -> str:
    """The text of a file without the line break that editors and `echo` leave at its end."""
    try:
        with (folder / name).open("rb") as file:
            data = file.read(MAX_FILE + 1)
        if len(data) > MAX_FILE:
            raise _Unresolved(f"the file {quote(name)} is larger than {MAX_FILE >> 10} KiB", "")
        return data.decode().removesuffix("\n").removesuffix("\r")
    except OSError as error:
        raise _Unresolved(f"the file {quote(name)} cannot be read: {error.strerror}", "") from None
    except ValueError:  # also of a name with a NUL
        raise _Unresolved(f"the file {quote(name)} is not UTF-8 text", "") from None
