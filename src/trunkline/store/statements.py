"""Named SQL statements, kept in `.sql` files so that they can be read, and run by hand, as SQL.

-- name: key_by_digest
-- What it is for, in a line or more.
SELECT … ;
"""

import re
from importlib import resources

_NAME = re.compile(r"^-- name: *(\w+) *$", re.MULTILINE)


def load(dialect: str) -> dict[str, str]:
    """Every statement of `store/sql/<dialect>/`, by name."""
    statements: dict[str, str] = {}
    folder = resources.files("trunkline.store") / "sql" / dialect
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        for name, statement in parse(file.read_text("utf-8")).items():
            if name in statements:
                raise ValueError(f"two statements are named {name}")
            statements[name] = statement
    return statements


def parse(text: str) -> dict[str, str]:
    """The statements of one file, by name, without their comments. Raises ValueError for one without a comment."""
    _, *parts = _NAME.split(text)
    statements: dict[str, str] = {}
    for name, part in zip(parts[::2], parts[1::2], strict=True):
        lines = part.strip().splitlines()
        if name in statements:
            raise ValueError(f"two statements are named {name}")
        if not lines or not lines[0].startswith("-- "):
            raise ValueError(f"the statement {name} has no comment that says what it is for")
        statements[name] = "\n".join(line for line in lines if not line.startswith("--")).strip().rstrip(";")
    return statements
