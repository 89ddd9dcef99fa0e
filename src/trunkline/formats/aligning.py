"""Where the words of a model that goes on with an answer meet the words that are there already.

It may begin right at the break; repeat the last words, as it was asked to, or half a sentence; start the answer anew;
or say first that it will go on. What repeats is found by the words themselves, whatever white space stands between
them. What starts anew in other words cannot be joined, and that is told rather than guessed at.
"""

import re
from typing import Final

MOST_HELD: Final = 160
"""Characters held at most while what came may be an introduction. What repeats is held as long as it does."""
_REACH = 4000
"""Characters from the end of what was said in which a repetition may begin, unless it begins with the answer."""
_BEHIND_A_SPACE, _WORD = 8, 3
"""Letters and digits that must repeat to be a repetition: behind a space, where the same word may well come twice; and
without one, where two words would run into each other.
"""
_SYMBOLS = 10
"""Characters of any kind that are enough behind a space."""
_SAME_BEGINNING, _SAME_ELSEWHERE = 20, 60
"""Characters that agree, after which an answer is told anew if it then says something else."""

_SPACE = re.compile(r"\s+")
_BREAK = re.compile(r"[:!.…](?=[\s.…\"'*_)\]]|$|[^\x00-\x7f])|[。！：]|\n+")
_CLOSING = ":!.…\"'*_)]"
"""What may follow the end of a sentence and belongs to it."""
_OPENINGS = (
    "sure thing", "sure", "certainly", "of course", "absolutely", "okay", "ok", "alright", "all right", "got it",
    "understood", "my apologies", "apologies", "sorry", "no problem", "natürlich", "gerne", "klar", "bien sûr",
    "d'accord", "claro", "por supuesto", "certo", "好的", "当然",
)  # fmt: skip
_STARTS = (
    *_OPENINGS, "here", "continu", "i will", "i'll", "i’ll", "let me", "let us", "let's", "picking up", "resum",
    "carrying on", "going on", "to continue", "hier", "weiter", "ich", "voici", "je continue", "aquí", "继续", "続き",
)  # fmt: skip
_THING = "(?:answer|response|reply|text|message|story|poem|essay|sentence|explanation|list|code)"
_GOES_ON = re.compile(
    r"(?:continu\w*|resum\w+|picking up|pick up|carry(?:ing)? on|go(?:ing)? on)"
    rf"(?: with| from)?(?:\W*(?:[:…\n]|\.\.\.)| where| here| right| the {_THING}| my {_THING})"
    r"|(?:left|broke|cut|was cut|were cut) off|the continuation"
    rf"|rest of (?:the|my|your) {_THING}"
    r"|fortsetz|geht es weiter|voici la suite|sigue la respuesta|ecco il seguito|继续|続き"
)
_MARKS = " \t\n*_\"'([>"


class Unaligned(ValueError):
    """What a model says does not go on from what was said."""


class Aligner:
    """Takes the words of a model that goes on, and gives what follows the break."""

    __slots__ = ("_held", "_inner", "_intro", "_overlap", "_said", "_wanted")

    def __init__(self, said: str, wanted: str = "") -> None:
        """`wanted` are the last words of `said`, which the model was asked to begin with; empty where it was not."""
        self._said = said
        self._wanted = wanted
        self._held = ""
        self._overlap: _Overlap | None = _Overlap(said, wanted)
        self._intro = 0
        """Length of an introduction."""
        self._inner: Aligner | None = None
        """For what follows it."""

    def feed(self, text: str) -> str | None:
        """What follows the break, once that is known; None until then. Raises `Unaligned`."""
        self._held += text
        return self._decide(text, last=False)

    def finish(self) -> str:
        """The same, where nothing more comes."""
        decided = self._decide("", last=True)
        assert decided is not None
        return decided

    def _decide(self, text: str, *, last: bool) -> str | None:
        if self._overlap is not None:
            self._overlap.feed(text)
            if self._overlap.open(last=last):
                return None
            cut = self._overlap.cut(last=last)
            if cut is not None:
                return self._behind(cut, last=last)
            self._overlap = None
        if self._inner is not None:
            return self._inner.finish() if last else self._inner.feed(text)
        return self._without_introduction(last=last)

    def _without_introduction(self, *, last: bool) -> str | None:
        """What follows the sentences and lines that say that it goes on; all, where there are none."""
        while True:
            rest = self._after_introduction()
            end = _BREAK.search(rest)
            if end is None or end.end() > MOST_HELD:
                if not last and len(rest) < MOST_HELD and _may_introduce(rest):
                    return None
                break
            sentence = rest[: end.end()]
            if not (_introduces(sentence) if sentence.strip() else self._intro and sentence.startswith("\n")):
                break
            self._intro += end.end()
        if not self._intro:
            return self._held
        if self._held[self._intro - 1] != "\n":
            rest = rest.removeprefix(" ")  # it parts the introduction from what follows
        self._inner = Aligner(self._said, self._wanted)
        decided = self._inner.feed(rest)
        return self._inner.finish() if decided is None and last else decided

    def _after_introduction(self) -> str:
        """What follows it, as far as it is known."""
        rest = self._held[self._intro :]
        if self._intro and not self._held[self._intro - 1].isspace():
            self._intro += len(rest) - len(rest.lstrip(_CLOSING))
            rest = rest.lstrip(_CLOSING)
        return rest

    def _behind(self, cut: int, *, last: bool) -> str | None:
        """What stands behind the first `cut` characters, which repeat. None: its white space is still coming."""
        rest = self._held[cut:]
        ending = self._said[len(self._said.rstrip()) :]
        if not ending:
            return rest
        if not rest.strip() and not last:
            return None
        return rest[len(ending) :] if rest.startswith(ending) else rest.lstrip()


class _Overlap:
    """Whether what comes repeats the end of what was said."""

    __slots__ = ("_anew", "_come", "_found", "_left", "_raw", "_said", "_spaced", "_wanted")

    def __init__(self, said: str, wanted: str) -> None:
        self._said = _squeezed(said)
        self._anew = False
        """It was as something that was said, and then it was not."""
        self._wanted = _squeezed(wanted).strip()
        self._come = ""
        self._raw = ""
        self._spaced = not said[-1:].isspace()
        """A space would come next."""
        self._found: list[int] = []
        """Places in what was said from which on all of it has come again."""
        self._left: list[int] | None = None
        """Places from which on all that has come was said before."""

    def feed(self, text: str) -> None:
        self._raw += text
        text = _squeezed(text)
        if not self._come:
            text = text.lstrip()
        elif self._come.endswith(" "):
            text = text.removeprefix(" ")
        if not text:
            return
        before, self._come = len(self._come), self._come + text
        if self._left is None:
            first, said = text[0], self._said
            near = range(max(0, len(said) - _REACH), len(said))
            self._left = [place for place in {0, *near} if said[place : place + 1] == first]
        self._left = [place for place in self._left if self._goes_on(place, before)]

    def _goes_on(self, place: int, before: int) -> bool:
        """Whether what has come may be the beginning of what was said from `place` on."""
        said, come = self._said, self._come
        end = len(said) - place
        if come[before:end] != said[place + before : place + len(come)]:
            same = before
            while said[place + same] == come[same]:
                same += 1
            if same >= (_SAME_ELSEWHERE if place else _SAME_BEGINNING):
                self._anew = True
            return False
        if len(come) < end:
            return True
        self._found.append(place)
        return False

    def open(self, *, last: bool) -> bool:
        """Whether it is not known yet. Raises `Unaligned` for what ends in the middle of a repetition."""
        if not self._come:
            return not last
        if not self._left:
            return False
        come, end = len(self._come), len(self._said.rstrip())
        if last and any(place + come < end and self._sure(place, come) for place in self._left):
            raise Unaligned("the answer was begun anew and ended early")
        return not last

    def cut(self, *, last: bool) -> int | None:
        """How many characters of what has come are a repetition; None: it is none. Raises `Unaligned`."""
        if last and self._said.endswith(" "):
            end = len(self._said.rstrip()) - len(self._come)
            self._found += [place for place in self._left or () if place >= end]
        sure = [place for place in self._found if self._sure(place, len(self._said) - place)]
        if sure:
            return self._raw_length(len(self._said.rstrip()) - min(sure))
        if self._anew:
            raise Unaligned("the answer was begun anew in other words")
        return None

    def _sure(self, place: int, length: int) -> bool:
        """Whether so many characters can only be a repetition."""
        said = self._said
        same = said[place : place + length]
        if place == 0 or same == self._wanted:
            return True
        letters = sum(map(str.isalnum, same))
        if _recurs(said[:place], same):
            return False
        if self._spaced and self._raw[:1].isspace():
            return letters >= _BEHIND_A_SPACE or len(same.replace(" ", "")) >= _SYMBOLS
        begins_word = not (said[place - 1].isalnum() and said[place].isalnum())
        return letters >= (_WORD if begins_word else _WORD + 1)

    def _raw_length(self, length: int) -> int:
        """How many characters as they came make so many with single spaces."""
        at = len(self._raw) - len(self._raw.lstrip())
        while length:
            space = _SPACE.match(self._raw, at)
            at = space.end() if space is not None else at + 1
            length -= 1
        return at


def _squeezed(text: str) -> str:
    return _SPACE.sub(" ", text)


def _recurs(before: str, same: str) -> bool:
    """Whether it is of a kind that may come any number of times: rows, digits, laughter."""
    if any(same.startswith(same[period:]) for period in range(1, len(same) // 2 + 1)):
        return True
    seen = min(len(before), len(same))
    return seen >= min(len(same), 4) and before.rstrip()[-seen:] == same[-seen:]


def _introduces(sentence: str) -> bool:
    """Whether it says only that it goes on."""
    words = sentence.lstrip(_MARKS).casefold()
    opening = next((said for said in _OPENINGS if words.startswith(said)), "")
    rest = words[len(opening) :]
    if opening and rest[:1].isascii() and not rest[:1].isalnum():
        alone = not any(map(str.isalnum, rest))
        return alone or rest.endswith(":") or _GOES_ON.search(rest) is not None
    return words.startswith(_STARTS) and _GOES_ON.search(words) is not None


def _may_introduce(text: str) -> bool:
    """Whether it may become an introduction."""
    words = text.lstrip(_MARKS).casefold()
    return words.startswith(_STARTS) or any(start.startswith(words) for start in _STARTS)


# What is asked for


def last_words(said: str) -> str:
    """The end of what was said, from a word's beginning on, and so long that it comes only once."""
    length = 48
    while length < min(len(said), _REACH):
        end = said[-length:]
        begin = re.search(r"(?<=\s)\S", end)
        words = end[begin.start() :] if begin is not None else end
        if words.strip() and said.count(words) == 1:
            return words
        length *= 2
    return said
