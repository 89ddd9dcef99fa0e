"""A picture of curves of hits over wrong answers, as SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from xml.sax.saxutils import escape

import msgspec

WIDTH: Final = 700
HEIGHT: Final = 400
LEFT: Final = 60
BOTTOM: Final = 50
TOP: Final = 20
RIGHT: Final = 20
MOST_WRONG: Final = 0.025
MOST_HITS: Final = 0.7
HEAD: Final = (
    f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">'
)
COLOURS: Final = ("#0b6e4f", "#b23a48", "#33658a")


class Point(msgspec.Struct, frozen=True):
    """One setting: shares of all requests."""

    wrong: float
    hits: float
    setting: str


def draw(curves: Mapping[str, Sequence[Point]]) -> str:
    """The curves beside one another, with their settings as tooltips. Points off the picture are left out."""
    parts = [
        HEAD,
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        *_axes(),
    ]
    for number, (name, points) in enumerate(curves.items()):
        parts += _curve(name, points, COLOURS[number % len(COLOURS)], TOP + 20 + 18 * number)
    return "\n".join([*parts, "</svg>", ""])


def _x(wrong: float) -> float:
    return round(LEFT + wrong / MOST_WRONG * (WIDTH - LEFT - RIGHT), 1)


def _y(hits: float) -> float:
    return round(HEIGHT - BOTTOM - hits / MOST_HITS * (HEIGHT - BOTTOM - TOP), 1)


def _axes() -> list[str]:
    grid = []
    for step in range(6):
        at = _x(step * 0.005)
        grid.append(f'<path d="M{at} {TOP}V{_y(0)}" stroke="#ddd"/>')
        grid.append(f'<text x="{at}" y="{_y(0) + 18}" text-anchor="middle">{step * 0.5:g} %</text>')
    for step in range(8):
        at = _y(step * 0.1)
        grid.append(f'<path d="M{LEFT} {at}H{WIDTH - RIGHT}" stroke="#ddd"/>')
        grid.append(f'<text x="{LEFT - 8}" y="{at + 4}" text-anchor="end">{step * 10} %</text>')
    middle = (LEFT + WIDTH - RIGHT) / 2
    grid.append(f'<text x="{middle}" y="{HEIGHT - 10}" text-anchor="middle">wrong answers, of all requests</text>')
    grid.append(f'<text x="{LEFT + 6}" y="{TOP + 12}">answered from the cache, of all requests</text>')
    return grid


def _curve(name: str, points: Sequence[Point], colour: str, legend: int) -> list[str]:
    inside = [p for p in points if p.wrong <= MOST_WRONG and p.hits <= MOST_HITS]
    line = " ".join(f"{_x(p.wrong)},{_y(p.hits)}" for p in inside)
    dots = [
        f'<circle cx="{_x(p.wrong)}" cy="{_y(p.hits)}" r="4" fill="{colour}">'
        f"<title>{escape(p.setting)}</title></circle>"
        for p in inside
    ]
    label = f'<text x="{LEFT + 6}" y="{legend + 12}" fill="{colour}" font-weight="bold">{escape(name)}</text>'
    return [f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>', *dots, label]
