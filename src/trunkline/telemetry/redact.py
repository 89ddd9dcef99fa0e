"""What keeps secrets out of the log: by the name of a field, by the look of a text, and by being known.

This is the last line of defence, behind never handing a secret to the log. It rather removes too much than too little.
"""

import re
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Final

REDACTED: Final = "[redacted]"
LONGEST: Final = 8000
"""Characters of one text; a traceback fits."""
MOST_ITEMS: Final = 50
DEEPEST: Final = 5
SHORTEST_SECRET: Final = 6
"""Characters. A known secret that is shorter is none, and would remove half the log."""
_MARGIN: Final = 1000
"""Characters beyond the longest that are looked at, so that the cut leaves no half of a secret."""

_SECRET_NAME: Final = re.compile(
    "apikey|authorization|bearer|cookie|credential|passphrase|passwd|password|secret|(auth|dsn|jwt|keys?|pwd|token)$"
)
"""Of a name's letters alone: `X-API-Key` and `master_key_2` have it, `key_name`, `tokens` and `token_count` do not."""

_SECRETS: Final = re.compile(
    r"""
    authorization ["']? \s* [:=] \s* ["']? (?P<header> [^\r\n"']+ )
    | bearer \s+ ["']? (?P<bearer> [^\s"',;]+ )
    | (?: key | token | secret | password | passwd | cookie ) ["']? \s* [:=] \s* ["']? (?P<assigned> [^\s"',;&]+ )
    | :// (?P<userinfo> [^\s/?\#@]{1,500} ) @
    | (?P<token>
          (?<! [a-z0-9] ) sk [-_] [\w-]{4,} | sk [-_] [\w-]{16,}      # OpenAI, Anthropic, OpenRouter, Stripe, ...
        | (?<! [a-z0-9] ) (?: gsk_ | xai- | hf_ | r8_ | pplx- | nvapi- | gh[opsru]_ | github_pat_ | xox[a-z]- )
          [\w-]{8,}
        | AIza [\w-]{16,} | (?: AKIA | ASIA ) [0-9A-Z]{12,}           # Google, Amazon
        | eyJ [\w-]{8,2000} (?: \. [\w-]+ ){1,2}                      # a JSON Web Token
        | -----BEGIN [ A-Z]{1,40} KEY----- .*? (?: -----END [ A-Z]{1,40} KEY----- | \Z )
      )
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
"""What looks like a secret, in the group that matched."""


class Guard:
    """Makes values fit for the log: without secrets, bounded, and of types that JSON knows."""

    def __init__(self) -> None:
        self._known: re.Pattern[str] | None = None

    def hide(self, secrets: Iterable[str]) -> None:
        """From now on remove these very texts too, wherever they occur. Takes the place of those given before."""
        texts = sorted({secret for secret in secrets if len(secret) >= SHORTEST_SECRET}, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, texts))) if texts else None

    def text(self, text: str) -> str:
        """`text` without what looks like a secret, not much longer than `LONGEST`, and valid Unicode."""
        if len(text) > LONGEST + _MARGIN:
            text = self._mask(text[: LONGEST + _MARGIN])[:-_MARGIN] + "…"
        else:
            text = self._mask(text)
        if len(text) > LONGEST:
            text = text[:LONGEST] + "…"
        return text.encode(errors="backslashreplace").decode()

    def fields(self, mapping: Mapping[str, object]) -> dict[str, object]:
        """The fields of a log line."""
        return self._mapping(mapping, 0)

    def _mask(self, text: str) -> str:
        if self._known is not None:
            text = self._known.sub(REDACTED, text)
        return _SECRETS.sub(_without, text)

    def _mapping(self, mapping: Mapping[str, object], depth: int) -> dict[str, object]:
        named = [(_shown(name), value) for name, value in islice(mapping.items(), MOST_ITEMS)]
        return {self.text(name): self._named(name, value, depth) for name, value in named}

    def _named(self, name: str, value: object, depth: int) -> object:
        # A number is a count: how many keys there are, how many tokens were used.
        if isinstance(value, bool | int | float | None) or not _SECRET_NAME.search(_NO_LETTER.sub("", name.lower())):
            return self._value(value, depth)
        return REDACTED

    def _value(self, value: object, depth: int) -> object:
        match value:
            case None | bool() | float():
                return value
            case int() if -(2**63) <= value < 2**63:
                return value
            case Mapping() | list() | tuple() | set() | frozenset() if depth >= DEEPEST:
                return "…"
            case Mapping():
                return self._mapping(value, depth + 1)
            case [str() | bytes() as name, item]:  # such as a header
                return [self.text(_shown(name)), self._named(_shown(name), item, depth + 1)]
            case list() | tuple() | set() | frozenset():
                return [self._value(item, depth + 1) for item in islice(value, MOST_ITEMS)]
            case BaseException():
                return self.text(f"{type(value).__name__}: {_shown(value)}")
            case _:
                return self.text(_shown(value))


_NO_LETTER: Final = re.compile("[^a-z]")


def _without(found: re.Match[str]) -> str:
    """What was found, with the group that matched taken out."""
    group = found.lastgroup or 0
    first, last = found.span(group)
    return found.string[found.start() : first] + REDACTED + found.string[last : found.end()]


def _shown(value: object) -> str:
    if isinstance(value, bytes | bytearray):
        return value[: LONGEST + 2 * _MARGIN].decode(errors="backslashreplace")
    try:
        return str(value)
    except Exception as error:  # noqa: BLE001  # what cannot be shown must not fail the line that tells about it
        return f"<{type(value).__name__} that cannot be shown: {type(error).__name__}>"
