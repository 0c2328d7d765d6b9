"""Folded text as sentences of words, each word with its place in the text.

A sentence is a string in which every word and mark is followed by one space: ` pouvez vous escalader ? `.
Marks are `,` (between clauses), `"` (quotation), `?` and `!` (at the end).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_TOKENS = re.compile(r"[a-z0-9\x00]+(?:\+[0-9])?|\n|[.,;:!?\"()-]")
_LINE_END = frozenset("\n")
_MAX_TOKENS = 90
_FULL_LINE = 64
_CLAUSE_MARKS = frozenset((",", ":", "(", ")"))
_ENDS = frozenset((".", ";", "!", "?"))


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence.

    Attributes:
        text: its words and marks, each followed by a space, with a space before the first.
        places: start and end of each in the text of the zone.
    """

    text: str
    places: list[tuple[int, int]]

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Where the characters from `start` to `end` of the sentence stand in the text of the zone."""
        # The words before an offset are as many as the spaces before it, but for the first one.
        first = max(self.text.count(" ", 0, start + 1) - 1, 0)
        last = max(self.text.count(" ", 0, max(end - 1, start + 1)) - 1, first)
        most = len(self.places) - 1
        return self.places[min(first, most)][0], self.places[min(last, most)][1]

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
    words: list[str] = []
    places: list[tuple[int, int]] = []
    line_start = 0
    quoted_line = -1
    for found in _TOKENS.finditer(folded):
        token, start = found[0], found.start()
        ends = False
        if token[0].isalnum() or token[0] == "\x00":
            if quoted_line == line_start:
                continue
            word = token.replace("\x00", "").replace("+", "")
            if word:
                words.append(corrections.get(word, word))
                places.append((start, found.end()))
        elif token in _LINE_END:
            ends = not _wraps(text, line_start, start)
            line_start = start + 1
            quoted_line = line_start if folded.startswith(">", line_start) else -1
        elif quoted_line != line_start:
            mark = _mark(token, folded, start)
            if mark and words:
                words.append(mark)
                places.append((start, found.end()))
            ends = bool(mark) and token in _ENDS
        if words and (ends or len(words) >= _MAX_TOKENS):
            yield Sentence(f" {' '.join(words)} ", places)
            words, places = [], []
    if words:
        yield Sentence(f" {' '.join(words)} ", places)


def _mark(sign: str, folded: str, at: int) -> str:
    """What a punctuation mark becomes in the sentence; empty where it belongs to a word or a number."""
    before, after = folded[at - 1 : at], folded[at + 1 : at + 2]
    if sign in _ENDS:
        inner = sign == "." and before.isdigit() and after.isdigit()
        return "" if inner else sign
    if sign in _CLAUSE_MARKS:
        inner = sign in ",:" and before.isdigit() and after.isdigit()
        return "" if inner else ","
    if sign == "-":
        return "," if before in {" ", "", "-"} and after in {" ", "", "-"} else ""
    return '"' if sign == '"' else ""


def _wraps(text: str, line_start: int, line_end: int) -> bool:
    """Whether the line goes on in the next one, because a program has wrapped it."""
    following = text[line_end + 1 : line_end + 2]
    if text[line_end - 1 : line_end] in _ENDS:
        return False
    return following.islower() or (following.isupper() and line_end - line_start >= _FULL_LINE)
