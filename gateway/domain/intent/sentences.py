"""Folded text as sentences of words, each word with its place in the text.

A sentence is a string in which every word and mark is followed by one space: ` pouvez vous escalader ? `.
Marks are `,` (between clauses), `"` (quotation), `?` and `!` (at the end).

A text is marked in place first, each sign becoming a mark or a space, so that the words of a sentence are
those of its stretch of the text. Where they stand is looked up for the few that a rule has met.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

_SIGNS = re.compile(r"[\n.,;:!?\"()+-]")
_STRETCHES = re.compile(r"[^\n.;!?]+[.;!?]?")
_TOKENS = re.compile(r"\x00*[a-z0-9][a-z0-9\x00+]*|[.,;!?\"]")
# Combining marks and the plus of `bac+5` stand within words.
_IN_WORDS = str.maketrans({"\x00": None, "+": None})
_BETWEEN_WORDS = str.maketrans("@/", "  ")
_MARKS = ' ,".;!?'
_MAX_TOKENS = 90
_FULL_LINE = 64
_CLAUSE_MARKS = frozenset((",", ":", "(", ")"))
_ENDS = frozenset((".", ";", "!", "?"))


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence.

    Attributes:
        text: its words and marks, each followed by a space, with a space before the first.
        marked: the whole text, in which it begins at `start`, after so many tokens as `skipped`.
    """

    text: str
    marked: str
    start: int
    skipped: int

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Where the characters from `start` to `end` of the sentence stand in the text of the zone."""
        # The words before an offset are as many as the spaces before it, but for the first one.
        first = max(self.text.count(" ", 0, start + 1) - 1, 0)
        last = max(self.text.count(" ", 0, max(end - 1, start + 1)) - 1, first)
        most = self.text.count(" ") - 2
        first, last = min(first, most) + self.skipped, min(last, most) + self.skipped
        found = list(islice(_TOKENS.finditer(self.marked, self.start), first, last + 1))
        return found[0].start(), found[-1].end()

    def clause(self, start: int, end: int) -> tuple[int, int]:
        """The bounds of the clause, or clauses, that the characters from `start` to `end` are in."""
        after = self.text.find(" , ", max(end - 1, 0))
        return self.text.rfind(" , ", 0, start + 1) + 1, len(self.text) if after < 0 else after + 1


def sentences(text: str, folded: str, corrections: Mapping[str, str]) -> Iterator[Sentence]:
    """The sentences of `text`.

    Args:
        folded: the same, by `fold_in_place`.
        corrections: the right form of mistyped words.
    """
    marked = _marked(text, folded)
    for stretch in _STRETCHES.finditer(marked):
        said = stretch[0].lstrip(_MARKS)
        words = said.translate(_IN_WORDS).replace(",", " , ").replace('"', ' " ').split()
        if not words:
            continue
        if words[-1][-1] in _ENDS:
            words[-1:] = [words[-1][:-1], words[-1][-1]] if len(words[-1]) > 1 else [words[-1]]
        if not corrections.keys().isdisjoint(words):
            words = [corrections.get(word, word) for word in words]
        start = stretch.end() - len(said)
        skipped = 0
        while skipped < len(words):
            # A sentence begins with a word.
            if words[skipped] in _MARKS:
                skipped += 1
                continue
            part = words[skipped : skipped + _MAX_TOKENS]
            yield Sentence(f" {' '.join(part)} ", marked, start, skipped)
            skipped += len(part)


def _marked(text: str, folded: str) -> str:
    """`folded` with its signs as marks, at the same length; what ends no sentence and no clause is a space."""
    line_start = 0

    def mark(found: re.Match[str]) -> str:
        nonlocal line_start
        sign, at = found[0], found.start()
        if sign == "\n":
            wraps = _wraps(text, line_start, at)
            line_start = at + 1
            return " " if wraps else sign
        return _mark(sign, folded, at)

    return _SIGNS.sub(mark, folded).translate(_BETWEEN_WORDS)


def _mark(sign: str, folded: str, at: int) -> str:
    """What a punctuation mark becomes; a space where it belongs to a word or a number."""
    before, after = folded[at - 1 : at], folded[at + 1 : at + 2]
    if sign in _ENDS:
        inner = sign == "." and before.isdigit() and after.isdigit()
        return " " if inner else sign
    if sign in _CLAUSE_MARKS:
        inner = sign in ",:" and before.isdigit() and after.isdigit()
        return " " if inner else ","
    if sign == "+":
        return sign if before not in {" ", "\n", ""} and after.isdigit() else " "
    if sign == "-":
        return "," if before in {" ", "", "-"} and after in {" ", "", "-"} else " "
    return sign


def _wraps(text: str, line_start: int, line_end: int) -> bool:
    """Whether the line goes on in the next one, because a program has wrapped it."""
    following = text[line_end + 1 : line_end + 2]
    if text[line_end - 1 : line_end] in _ENDS:
        return False
    return following.islower() or (following.isupper() and line_end - line_start >= _FULL_LINE)
