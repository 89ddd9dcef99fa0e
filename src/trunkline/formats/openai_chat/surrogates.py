"""Text that was cut between the halves of a surrogate pair: JSON, but no Unicode.

Some servers cut their output by UTF-16 units. The first half then ends one chunk and the second begins the next.
"""

from typing import Any


class Mender:
    """Puts halves together over the chunks of one stream. What stays alone becomes U+FFFD."""

    __slots__ = ("_held",)

    def __init__(self) -> None:
        self._held: dict[tuple[int, str], str] = {}
        """Choice and field → the half that waits."""

    def mended(self, chunk: dict[str, Any]) -> dict[str, Any]:
        """`chunk` with nothing but Unicode in it."""
        choices = chunk.get("choices")
        for number, choice in enumerate(choices if isinstance(choices, list) else []):
            place = choice.get("delta", choice) if isinstance(choice, dict) else None
            if not isinstance(place, dict):
                continue
            for name, text in place.items():
                if isinstance(text, str) and text:
                    place[name] = self._join(text, (number, name))
        fixed: dict[str, Any] = mend(chunk)
        return fixed

    def _join(self, text: str, key: tuple[int, str]) -> str:
        text = self._held.pop(key, "") + text
        if "\ud800" <= text[-1] <= "\udbff":
            self._held[key] = text[-1]
            text = text[:-1]
        return text


def mend(value: Any) -> Any:
    """`value` with every pair joined, and halves replaced."""
    if isinstance(value, str):
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if isinstance(value, dict):
        return {mend(name): mend(field) for name, field in value.items()}
    if isinstance(value, list):
        return [mend(item) for item in value]
    return value
