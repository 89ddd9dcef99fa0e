"""Finds secrets: those of `secret_kinds` by their form, private keys by their frame, and others by what they are given to."""

import base64
import binascii
import json
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from trunkline.guard.secret_kinds import ASSIGNED, PRIVATE_KEY, SecretKind
from trunkline.guard.values import Hit

_BLANKS: Final = re.compile(r"[xX]{6}|\*{4}|\.{3}")
"""What stands in place of a secret where its form is shown."""
_EXAMPLES: Final = re.compile(r"(?i)x{6}|\*{4}|\.{3}|your[_-]|example|placeholder|redacted|dummy|changeme|0{12}")
_RANGE: Final = re.compile(r"\{([0-9]+),[0-9]+\}")


def entropy(text: str) -> float:
    """Shannon's, in bits a character."""
    length = len(text)
    return -sum(count / length * math.log2(count / length) for count in Counter(text).values())


def _is_jwt(token: str) -> bool:
    header = token.partition(".")[0]
    try:
        decoded = json.loads(base64.urlsafe_b64decode(header + "=" * (-len(header) % 4)))
    except (binascii.Error, ValueError):
        return False
    return isinstance(decoded, dict) and "alg" in decoded


def _has_password(url: str) -> bool:
    password = url.rpartition("@")[0].rpartition(":")[2]
    return password.lower() not in {"password", "pass", "secret", "token", "pwd", "passwd"}


_CHECKS: Final[Mapping[str, Callable[[str], bool]]] = {"jwt": _is_jwt, "url": _has_password, "": bool}


class Secret:
    """One kind with a form of its own."""

    reach = 0

    def __init__(self, kind: SecretKind) -> None:
        self.gates = (_RANGE.sub(r"{\1,}", kind.pattern),)  # re2 counts to a thousand at most
        self._kind = kind
        self._pattern = re.compile(rf"(?<![A-Za-z0-9_])(?:{kind.pattern})(?![A-Za-z0-9_])")
        self._check = _CHECKS[kind.check]

    def find(self, text: str, start: int) -> Iterator[Hit]:
        """The secrets of this kind from `start` on."""
        for found in self._pattern.finditer(text, start):
            random = not self._kind.entropy or (
                entropy(found[0]) >= self._kind.entropy and _BLANKS.search(found[0]) is None
            )
            if random and self._check(found[0]):
                yield Hit(found.start(), found.end(), self._kind.name)


_NAMES: Final = (
    r"pass(?:word|wd|phrase)|pwd|secret|token|api[_ -]?key|access[_ -]?key|auth[_ -]?key|private[_ -]?key|client[_ -]?secret"
    r"|credentials?|account[_ -]?key|signing[_ -]?key|encryption[_ -]?key|kennwort|passwort|mot de passe|contraseña"
)
_ASSIGNED: Final = re.compile(
    rf"(?i)(?!tokeni[sz])(?:{_NAMES})(?:[_-]?[a-z0-9]{{1,20}})?(?=[\"']?\s{{0,3}}(?::=|=>|[:=]|\bis\b:?)\s{{0,3}}(?:bearer )?[\"'`]?(?P<value>[^\s\"'`,;<>(){{}}\[\]]{{8,200}}))"
)
_RANDOM: Final = 3.0
_PATH_OR_CODE: Final = re.compile(
    r"^(?:https?:|\$|/|\./|~|os\.|process\.|env\.|config\.|self\.|[a-z_]+\.[a-z_.]+$|%[A-Z_]+%$)|^[A-Za-z]+$|^[a-z]+(?:[_-][a-z]+)+$"
)


class Assigned:
    """`password = "…"`, and the like: a value with letters and digits, and of high entropy."""

    gates = (rf"(?i)(?:{_NAMES})[^\n]{{0,24}}?(?:[:=]|\bis\b)",)
    reach = 0

    def find(self, text: str, start: int) -> Iterator[Hit]:
        """The values from `start` on; the name may stand before it."""
        for found in _ASSIGNED.finditer(text, max(0, start - 64)):
            value = found["value"].rstrip(".!?:")
            telling = any(map(str.isdigit, value)) and any(map(str.isalpha, value))
            if (
                found.start("value") >= start
                and telling
                and entropy(value) >= _RANDOM
                and _PATH_OR_CODE.search(value) is None
                and _EXAMPLES.search(value) is None
            ):
                yield Hit(found.start("value"), found.start("value") + len(value), ASSIGNED)


LONGEST_KEY: Final = 16_384
"""Characters of a private key that is looked for its end; a longer one is taken this far."""
_BEGIN: Final = re.compile(r"-----BEGIN [A-Z0-9 ]{0,24}PRIVATE KEY(?: BLOCK)?-----|PuTTY-User-Key-File-[23]: ")
_END: Final = re.compile(r"-----END [A-Z0-9 ]{0,24}PRIVATE KEY(?: BLOCK)?-----|Private-MAC: [0-9a-f]{40,64}")
_MAY_BEGIN: Final = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}-{0,5}\Z")


class PrivateKeys:
    """PEM, OpenSSH, PGP and PuTTY private keys, from their first line to their last, or to the text's end."""

    gates = ("-----BEGIN", "PuTTY-User-Key-File")
    reach = 0

    def find(self, text: str, start: int) -> Iterator[Hit]:
        """The keys from `start` on."""
        begun = _BEGIN.search(text, start)
        while begun is not None:
            ended = _END.search(text, begun.end(), begun.start() + LONGEST_KEY)
            end = ended.end() if ended else min(len(text), begun.start() + LONGEST_KEY)
            yield Hit(begun.start(), end, PRIVATE_KEY)
            begun = _BEGIN.search(text, end)


def open_key(text: str, start: int) -> int | None:
    """Where a private key begins whose end may be still to come."""
    if "-----BEGIN" not in text and "PuTTY-User-Key-File" not in text:
        return None
    begun = _BEGIN.search(text, start)
    while begun is not None:
        ended = _END.search(text, begun.end(), begun.start() + LONGEST_KEY)
        if ended is None and len(text) - begun.start() < LONGEST_KEY:
            return begun.start()
        begun = _BEGIN.search(text, ended.end() if ended else begun.start() + LONGEST_KEY)
    beginning = _MAY_BEGIN.search(text, max(start, len(text) - 64))
    return beginning.start() if beginning else None
