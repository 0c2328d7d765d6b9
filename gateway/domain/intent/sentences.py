"""Folded text as sentences of words, each word with its place in the text.

A sentence is a string in which every word and mark is followed by one space: ` pouvez vous escalader ? `.
Marks are `,` (between clauses), `"` (quotation), `?` and `!` (at the end).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

_TOKENS = re.compile(r"[a-z0-9\x00]+(?:\+[0-9])?|\n|[.,;:!?\"()-]")
_LINE_END = frozenset("\n")
_MAX_TOKENS = 90
_FULL_LINE = 64
_CLAUSE_MARKS = frozenset((",", ":", "(", ")"))
_ENDS = frozenset((".", ";", "!", "?"))


@dataclass(slots=True)
class Sentence:
    """One sentence.

    Attributes:
        text: its words and marks, each followed by a space, with a space before the first.
        starts: the offset in `text` of each word or mark.
        places: for each, its start and end in the text of the zone.
    """

    text: str = " "
    starts: list[int] = field(default_factory=list)
    places: list[tuple[int, int]] = field(default_factory=list)

    def add(self, word: str, start: int, end: int) -> None:
        """Append a word or mark."""
        self.starts.append(len(self.text))
        self.places.append((start, end))
        self.text += f"{word} "

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Where the characters from `start` to `end` of the sentence stand in the text of the zone."""
        first = max(bisect_right(self.starts, start) - 1, 0)
        last = max(bisect_right(self.starts, max(end - 1, start)) - 1, first)
        return self.places[first][0], self.places[last][1]

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
    sentence = Sentence()
    line_start = 0
    quoted_line = -1
    for found in _TOKENS.finditer(folded):
        token, start = found[0], found.start()
        if token in _LINE_END:
            if sentence.starts and not _wraps(text, line_start, start):
                yield sentence
                sentence = Sentence()
            line_start = start + 1
            quoted_line = line_start if folded.startswith(">", line_start) else -1
        elif quoted_line == line_start:
            continue
        elif token[0].isalnum() or token[0] == "\x00":
            word = token.replace("\x00", "").replace("+", "")
            if word:
                sentence.add(corrections.get(word, word), start, found.end())
        else:
            mark = _mark(token, folded, start)
            if mark and sentence.starts:
                sentence.add(mark, start, found.end())
            if token in _ENDS and mark:
                yield sentence
                sentence = Sentence()
        if len(sentence.starts) >= _MAX_TOKENS:
            yield sentence
            sentence = Sentence()
    if sentence.starts:
        yield sentence


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
