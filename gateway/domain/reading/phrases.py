"""Many phrases looked for at once in folded text, at the price of the few that can be there."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from gateway.domain.reading.folding import fold

_FIRST_UNSPACED = "\u2e80"


class PhraseSet:
    """Phrases by their first word; `*` in one stands for up to six words.

    A text is searched only for phrases whose first word it holds. Phrases that begin with `*`, or are
    in a script without spaces, are tried on all texts that could hold them.
    """

    def __init__(self, phrases: Iterable[str]) -> None:
        spaced: dict[str, list[str]] = {}
        others: list[str] = []
        for phrase in dict.fromkeys(phrases):
            pattern = _pattern(phrase)
            first = fold(phrase.partition("*")[0]).split(" ", 1)[0]
            if not pattern:
                continue
            if not first or first[0] >= _FIRST_UNSPACED:
                others.append(pattern)
            else:
                spaced.setdefault(first, []).append(pattern)
        self._by_first = {first: tuple(patterns) for first, patterns in spaced.items()}
        self._compiled: dict[str, re.Pattern[str]] = {}
        self._others = _compiled(tuple(others), bordered=False) if others else None
        self._others_ascii = any(pattern.isascii() for pattern in others)

    def search(self, folded: str, words: frozenset[str] | None = None) -> str:
        """The first phrase that stands anywhere in `folded` at word borders, as it stands there, or an empty string.

        Args:
            words: of `folded`, for whoever asks several sets about one text.
        """
        best: re.Match[str] | None = None
        for first in self._by_first.keys() & (words if words is not None else frozenset(folded.split())):
            found = self._beginning(first).search(folded)
            if found and (best is None or found.start() < best.start()):
                best = found
        if best is not None:
            return best[0]
        if self._others and (self._others_ascii or not folded.isascii()):
            found = self._others.search(folded)
            return found[0] if found else ""
        return ""

    def starts(self, folded: str) -> str:
        """The phrase with which `folded` begins, or an empty string."""
        first = folded.partition(" ")[0]
        found = self._beginning(first).match(folded) if first in self._by_first else None
        if found is None and self._others and not folded.isascii():
            found = self._others.match(folded)
        return found[0] if found else ""

    def is_one(self, folded: str) -> bool:
        """Whether `folded` is one of the phrases and nothing else."""
        first = folded.partition(" ")[0]
        if first in self._by_first and self._beginning(first).fullmatch(folded):
            return True
        return bool(
            self._others and (self._others_ascii or not folded.isascii()) and self._others.fullmatch(folded)
        )

    def _beginning(self, first: str) -> re.Pattern[str]:
        """The phrases that begin with this word; most are never met, so they are compiled when one could be."""
        found = self._compiled.get(first)
        if found is None:
            found = self._compiled[first] = _compiled(self._by_first[first], bordered=True)
        return found


@lru_cache(maxsize=4096)
def _compiled(patterns: tuple[str, ...], *, bordered: bool) -> re.Pattern[str]:
    joined = "|".join(sorted(patterns, key=len, reverse=True))
    return re.compile(rf"(?<!\w)(?:{joined})(?!\w)" if bordered else joined)


def _pattern(phrase: str) -> str:
    pieces = [fold(piece) for piece in phrase.split("*")]
    pattern = re.escape(pieces[0]).replace(r"\ ", " ")
    for piece in pieces[1:]:
        literal = re.escape(piece).replace(r"\ ", " ")
        if not pattern.isascii() and pattern and pattern[0] >= _FIRST_UNSPACED:
            pattern += r".{0,60}" + literal
        elif pattern:
            pattern += r"(?: [^ ]{1,40}){0,6}" + (f" {literal}" if literal else "")
        else:
            pattern = r"(?:[^ ]{1,40} ){0,6}" + literal
    return pattern
