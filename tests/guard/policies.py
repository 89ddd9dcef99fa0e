"""Screens as a policy would have them, for tests."""

from collections.abc import Sequence

from trunkline.guard import rules
from trunkline.guard.rules import Rule
from trunkline.guard.screen import Screen
from trunkline.guard.values import Action, Finding, Piece, PieceKind

REGIONS = ("US", "GB", "DE", "FR", "ES", "IT", "NL")


def pii(*kinds: str, action: Action = "redact") -> Rule:
    return rules.pii("input[0].pii", kinds or ("all",), action, REGIONS)


def secrets(*kinds: str, action: Action = "redact") -> Rule:
    return rules.secrets("input[1].secrets", kinds or ("all",), action)


def tripwires(threshold: float = 0.7, action: Action = "block") -> Rule:
    return rules.injection("input[2].injection", threshold, action)


def words(*listed: str, action: Action = "redact") -> Rule:
    return rules.words("input[3].words", listed, action)


def expressions(*patterns: str, action: Action = "redact") -> Rule:
    return rules.expressions("input[4].regex", patterns, action)


def everything(action: Action = "redact") -> list[Rule]:
    """Every built-in check, the heuristic ones included."""
    return [pii("all", "name", "address", action=action), secrets(action=action), tripwires(action="report")]


def found(screen: Screen, text: str, kind: PieceKind = "text") -> Sequence[Finding]:
    return screen.screen([Piece("text", text, "user", kind)]).findings


def sent(screen: Screen, text: str, kind: PieceKind = "text") -> str:
    """What the text becomes."""
    return screen.screen([Piece("text", text, "user", kind)]).edits.get("text", text)
