"""Long words with one slip: a letter dropped, doubled, changed, or two letters exchanged."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

_MIN_LETTERS = 7
# Of the words last seen: most mails are made of the same ones.
_KEPT = 8192
_HEAD = 2


class Speller:
    """Finds the word that was meant, among the long ones that the rules look for.

    A word whose letters were changed is met by what both have in common when one letter is left out of
    each; so the cost does not depend on the number of words.
    """

    def __init__(self, words: Iterable[str], *, right: Iterable[str]) -> None:
        """Take the words to find.

        Args:
            right: words that are near one of them and are meant as they stand (directory, director).
        """
        known = frozenset(words)
        self._known = known | frozenset(right)
        self._heads = frozenset(word[:_HEAD] for word in known if len(word) >= _MIN_LETTERS)
        self._by_part: dict[str, list[str]] = {}
        for word in sorted(known):
            if len(word) >= _MIN_LETTERS and word.isalpha():
                for part in _parts(word):
                    self._by_part.setdefault(part, []).append(word)
        self._meant = lru_cache(_KEPT)(self._find_meant)

    def corrections(self, words: set[str]) -> dict[str, str]:
        """The word meant, for those of `words` that are mistyped."""
        heads, known = self._heads, self._known
        found = {}
        for word in words:
            if (
                len(word) >= _MIN_LETTERS - 1
                and word[:_HEAD] in heads
                and word not in known
                and len(word) <= 30
            ):
                meant = self._meant(word)
                if meant:
                    found[word] = meant
        return found

    def _find_meant(self, word: str) -> str:
        for part in _parts(word):
            for candidate in self._by_part.get(part, ()):
                if _one_slip(word, candidate):
                    return candidate
        return ""


def _parts(word: str) -> list[str]:
    return [word, *(word[:at] + word[at + 1 :] for at in range(len(word)))]


def _one_slip(typed: str, meant: str) -> bool:
    if len(typed) != len(meant):
        longer, shorter = (typed, meant) if len(typed) > len(meant) else (meant, typed)
        return len(longer) == len(shorter) + 1 and shorter in _parts(longer)
    differing = [at for at in range(len(typed)) if typed[at] != meant[at]]
    if len(differing) == 2:
        first, second = differing
        return second == first + 1 and typed[first] == meant[second] and typed[second] == meant[first]
    return len(differing) == 1
