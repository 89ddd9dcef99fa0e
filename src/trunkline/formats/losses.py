"""What a translation cannot carry: dropped and told where that is harmless, refused where it would change the answer.

Nothing is left behind in silence. A writer asks `Losses` for every part, parameter and extra field of the source that
its own format has no words for.
"""

from collections.abc import Mapping
from typing import Any, NoReturn

from trunkline.formats.conversation import Extras, FormatName
from trunkline.formats.paths import told_name

_BOOKKEEPING = frozenset({"status"})
"""What an API notes on what it has told, and nobody else would want to know: clients send back all that they got."""


class CannotCarry(ValueError):
    """The target has no words for something that the answer depends on. `param` is its path in the client's terms."""

    def __init__(self, message: str, param: str) -> None:
        super().__init__(message)
        self.param = param


class Losses:
    """Collects what one translation leaves behind."""

    __slots__ = ("_drops_all", "dropped")

    def __init__(self, *, drop_all: bool = False) -> None:
        """`drop_all`: the operator wants even what matters to be dropped rather than refused."""
        self._drops_all = drop_all
        self.dropped: list[str] = []
        """Paths, each once, in the order of their coming: the value of `x-trunkline-dropped`."""

    def drop(self, param: str) -> None:
        """Leave `param` behind: the answer does not depend on it."""
        if param not in self.dropped:
            self.dropped.append(param)

    def refuse(self, param: str, why: str) -> None:
        """The target cannot do `param`. Raises `CannotCarry`, unless the operator wants it dropped."""
        if not self._drops_all:
            raise CannotCarry(why, param)
        self.drop(param)

    def must_refuse(self, param: str, why: str) -> NoReturn:
        """The same where the request makes no sense without it."""
        raise CannotCarry(why, param)

    def leave(self, extras: Extras, source: FormatName, path: str, harmless: frozenset[str]) -> None:
        """The fields of a node that only its own format `source` knows.

        Those in `harmless` are dropped, and told unless they are empty; so is a zero, which asks for nothing. Others
        that say nothing (null, false, empty, an object of nulls) are dropped as well, and the rest is refused.
        """
        for written, value in extras.get(source, {}).items():
            name = told_name(source, written)
            param = f"{path}.{name}" if path else name
            if name in harmless or (type(value) in (int, float) and not value):
                if name not in _BOOKKEEPING and value not in (None, "", [], {}):
                    self.drop(param)
            elif value not in (None, False) and not _says_nothing(value):
                self.refuse(param, f"'{param}' cannot be carried to this model's API.")


def _says_nothing(value: object) -> bool:
    return value in (None, "", []) or (isinstance(value, dict) and all(map(_says_nothing, value.values())))


def rest(value: Mapping[str, Any], *taken: str) -> dict[str, Any]:
    """What is left of an object when the fields that were understood are taken out."""
    return {name: field for name, field in value.items() if name not in taken}
