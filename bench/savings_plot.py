"""A picture of what was paid for over what was asked, as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from xml.sax.saxutils import escape

import msgspec

WIDTH: Final = 700
HEIGHT: Final = 400
LEFT: Final = 70
BOTTOM: Final = 50
TOP: Final = 20
RIGHT: Final = 20
POINTS: Final = 200
"""Of one line."""
HEAD: Final = (
    f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">'
)
COLOURS: Final = ("#888888", "#33658a", "#0b6e4f")


class Line(msgspec.Struct, frozen=True):
    """One gateway: the calls of a model after each request."""

    name: str
    calls: Sequence[int]


def draw(lines: Sequence[Line]) -> str:
    """The lines beside one another; all are of as many requests."""
    most = len(lines[0].calls)
    parts = [HEAD, f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>', *_axes(most)]
    for number, line in enumerate(lines):
        parts += _line(line, most, COLOURS[number % len(COLOURS)], TOP + 30 + 18 * number)
    return "\n".join([*parts, "</svg>", ""])


def _x(requests: float, most: int) -> float:
    return round(LEFT + requests / most * (WIDTH - LEFT - RIGHT), 1)


def _y(calls: float, most: int) -> float:
    return round(HEIGHT - BOTTOM - calls / most * (HEIGHT - BOTTOM - TOP), 1)


def _axes(most: int) -> list[str]:
    grid = []
    for quarter in range(5):
        count = most * quarter // 4
        across, up = _x(count, most), _y(count, most)
        grid.append(f'<path d="M{across} {TOP}V{_y(0, most)}" stroke="#ddd"/>')
        grid.append(f'<text x="{across}" y="{_y(0, most) + 18}" text-anchor="middle">{count:,}</text>')
        grid.append(f'<path d="M{LEFT} {up}H{WIDTH - RIGHT}" stroke="#ddd"/>')
        grid.append(f'<text x="{LEFT - 8}" y="{up + 4}" text-anchor="end">{count:,}</text>')
    middle = (LEFT + WIDTH - RIGHT) / 2
    grid.append(f'<text x="{middle}" y="{HEIGHT - 10}" text-anchor="middle">requests</text>')
    grid.append(f'<text x="{LEFT + 6}" y="{TOP + 12}">calls of a model, which are paid for</text>')
    return grid


def _line(line: Line, most: int, colour: str, legend: int) -> list[str]:
    step = max(1, most // POINTS)
    points = [(0, 0), *((count, line.calls[count - 1]) for count in range(step, most + 1, step))]
    drawn = " ".join(f"{_x(count, most)},{_y(calls, most)}" for count, calls in points)
    label = f'<text x="{LEFT + 6}" y="{legend + 12}" fill="{colour}" font-weight="bold">{escape(line.name)}</text>'
    return [f'<polyline points="{drawn}" fill="none" stroke="{colour}" stroke-width="2"/>', label]
