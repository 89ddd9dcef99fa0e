"""The text the simulated models speak: a few dozen sentences, put together anew for every request."""

from typing import Final

_OPENINGS: Final = (
    "Good question.",
    "Happy to help with that.",
    "Here is how I would look at it.",
    "Short answer: it depends on what you want to keep.",
    "Let us take it one step at a time.",
    "There are two sides to this.",
    "Yes, and it is simpler than it looks.",
    "That comes up often.",
)
_SENTENCES: Final = (
    "Begin with the part that is easy to undo, and leave the rest until you have seen it work.",
    "Write down what you expect before you look at the result.",
    "A small example usually shows the problem sooner than a long description.",
    "Most of the time is spent waiting, so measure that first.",
    "If two things must always change together, they belong in one place.",
    "The numbers above are estimates; yours will differ by a factor of two or so.",
    "Ask who will read it, and cut everything they already know.",
    "In practice the first limit you meet is memory, not speed.",
    "Keep the old way working until nobody has used it for a month.",
    "A list of three points is remembered, a list of ten is skimmed.",
    "When in doubt, prefer the option that fails loudly.",
    "It helps to name the thing after what it is rather than how it is made.",
    "Check the assumption that seems too obvious to check.",
    "One way is to split the work by day and compare the totals.",
    "The same idea applies to trains, recipes and tax forms.",
    "You can test this with a pencil and a few minutes.",
    "Nothing here needs to be decided today.",
    "Compare the result with last week's before you trust it.",
    "Most surprises come from time zones, rounding and copies that were never updated.",
    "Leave a note for the person who comes after you.",
    "A second opinion costs an hour and may save a week.",
    "Try it on a Tuesday, when everybody is there.",
    "The exception is when the order matters; then do it by hand.",
    "Whatever you choose, choose it for a reason you can say in one sentence.",
    "That leaves the question of cost, which is lower than you would think.",
    "Read it aloud once; the awkward part will be obvious.",
)
_CLOSINGS: Final = (
    "Would you like an example?",
    "That should be enough to begin with.",
    "Tell me more about your case and I can be more specific.",
    "I hope this helps.",
    "Shall I go through it in detail?",
)


def prose(seed: int, sentences: int) -> str:
    """An opening, so many sentences, and a closing, picked by `seed`: the same seed, the same text."""
    picked = [_OPENINGS[seed % len(_OPENINGS)]]
    state = seed
    for _ in range(sentences):
        state = (state * 1103515245 + 12345) & 0x7FFFFFFF  # a linear congruential generator: even enough for prose
        picked.append(_SENTENCES[(state >> 16) % len(_SENTENCES)])
    picked.append(_CLOSINGS[(state >> 8) % len(_CLOSINGS)])
    return " ".join(picked)
