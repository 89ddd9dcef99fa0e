"""What an examination finds."""

from typing import Literal

import msgspec

Level = Literal["ok", "warn", "fail"]


class Finding(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that was looked at."""

    level: Level
    """`warn`: it works, and is likely not what is meant. `fail`: requests fail, or will."""
    subject: str
    text: str
    remedy: str = ""
    """What to do."""


def ok(subject: str, text: str) -> Finding:
    """It is as it should be."""
    return Finding("ok", subject, text)


def warn(subject: str, text: str, remedy: str) -> Finding:
    """It could be better."""
    return Finding("warn", subject, text, remedy)


def fail(subject: str, text: str, remedy: str) -> Finding:
    """It does not work."""
    return Finding("fail", subject, text, remedy)
