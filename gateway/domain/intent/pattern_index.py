"""Which of many patterns a text can be met by, from its words alone.

A pattern has sets of words of which a text needs one each. Every such set is a bit; the bits that the words
of a text meet are gathered once, and a pattern is possible when all of its own are among them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from gateway.domain.intent.patterns import Pattern


@dataclass(frozen=True, slots=True)
class PatternIndex:
    """Patterns, each with the position of the rule that it belongs to.

    Attributes:
        entries: the bits that a pattern needs, its rule's position, and the pattern; in the rules' order.
        by_word: the bits that a word meets.
    """

    entries: tuple[tuple[int, int, Pattern], ...]
    by_word: dict[str, int]

    @classmethod
    def of(cls, patterns: Iterable[tuple[int, Pattern]]) -> Self:
        """Take the patterns in."""
        bits: dict[frozenset[str], int] = {}
        entries = []
        for position, pattern in patterns:
            needed = 0
            for words in pattern.required:
                needed |= bits.setdefault(words, 1 << len(bits))
            entries.append((needed, position, pattern))
        by_word: dict[str, int] = {}
        for words, bit in bits.items():
            for word in words:
                by_word[word] = by_word.get(word, 0) | bit
        return cls(tuple(entries), by_word)

    def within(self, words: Iterable[str]) -> PatternIndex:
        """The patterns that a text of `words` can be met by, for looking at its sentences."""
        by_word = self.by_word
        known = {word: by_word[word] for word in words if word in by_word}
        met = 0
        for bits in known.values():
            met |= bits
        return PatternIndex(tuple([entry for entry in self.entries if entry[0] & met == entry[0]]), known)

    def possible(self, words: Iterable[str]) -> list[tuple[int, Pattern]]:
        """The patterns that a sentence of `words` can be met by, in the rules' order."""
        known = self.by_word.get
        met = 0
        for word in words:
            met |= known(word, 0)
        return [(position, pattern) for needed, position, pattern in self.entries if needed & met == needed]
