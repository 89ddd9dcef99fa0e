"""Curves of recovered quality as a drawing: SVG, readable on light and dark ground."""

from collections.abc import Iterator, Sequence
from html import escape
from typing import Final

from trunkline.routing.complexity.training.validate import Quality

SIDE: Final = 260
LEFT: Final = 52
TOP: Final = 34
BOTTOM: Final = 78
GAP: Final = 46
INK: Final = "#6b7280"
COLOURS: Final = {False: "#d97706", True: "#2563eb"}
NAMES: Final = {False: "features", True: "features and embedding"}


def draw(qualities: Sequence[Quality]) -> str:
    """A panel for each set: share of strong calls to the right, share of the gap recovered upwards."""
    sets = list(dict.fromkeys(quality.set for quality in qualities))
    width = LEFT + len(sets) * (SIDE + GAP)
    body = [
        line
        for number, name in enumerate(sets)
        for line in _panel(LEFT + number * (SIDE + GAP), name, [q for q in qualities if q.set == name])
    ]
    height = TOP + SIDE + BOTTOM
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'font-family="sans-serif" font-size="12" fill="{INK}">'
    )
    return "\n".join([head, *body, "</svg>", ""])


def _panel(x: int, name: str, qualities: Sequence[Quality]) -> Iterator[str]:
    yield f'<text x="{x}" y="{TOP - 12}" font-size="14">{escape(name or "all prompts")} ({qualities[0].prompts})</text>'
    yield f'<rect x="{x}" y="{TOP}" width="{SIDE}" height="{SIDE}" fill="none" stroke="{INK}" stroke-opacity=".5"/>'
    for percent in range(0, 101, 25):
        along = percent * SIDE / 100
        yield f'<text x="{x + along:.0f}" y="{TOP + SIDE + 16}" text-anchor="middle">{percent}</text>'
        yield f'<text x="{x - 6}" y="{TOP + SIDE - along + 4:.0f}" text-anchor="end">{percent}</text>'
    yield (
        f'<path d="M{x} {TOP + SIDE}L{x + SIDE} {TOP}" stroke="{INK}" stroke-dasharray="4 4" fill="none">'
        "<title>at random: 0.500</title></path>"
    )
    for quality in qualities:
        yield _curve(x, quality)
    middle = f'x="{x + SIDE / 2:.0f}" y="{TOP + SIDE + 34}" text-anchor="middle"'
    yield f"<text {middle}>% of calls to the strong model</text>"
    for line, quality in enumerate(qualities):
        yield (
            f'<text x="{x}" y="{TOP + SIDE + 54 + 16 * line}" fill="{COLOURS[quality.embedded]}">'
            f"{NAMES[quality.embedded]}: {quality.area:.3f}</text>"
        )


def _curve(x: int, quality: Quality) -> str:
    last = len(quality.recovered) - 1
    points = " ".join(
        f"{x + SIDE * place / last:.1f},{TOP + SIDE * (1 - min(max(value, 0), 1.1)):.1f}"
        for place, value in enumerate(quality.recovered)
    )
    return f'<polyline points="{points}" stroke="{COLOURS[quality.embedded]}" stroke-width="2" fill="none"/>'
