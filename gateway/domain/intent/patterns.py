"""The language in which rules say what they look for, compiled to expressions of linear cost.

    escalad(er|ez) word forms            a|b       one of two words
    {object}       one of a word class   [please]  may be there
    *              up to four words      ^ and $   begin and end of a clause
    ?              the mark, as itself   ,         the mark, as itself

A word class may hold patterns. Every repetition is bounded and sentences are short, so the cost of a
search is linear in the text. Each pattern has words without which it cannot be met (its anchors): a text
without them is not searched.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gateway.domain.intent.folding import fold_in_place

_GAP = r"(?:[a-z0-9]+ |, ){0,4}?"
_MAX_EXPRESSION = 60_000
_MAX_DEPTH = 12
_ITEM = re.compile(r"\{[a-z_0-9]+\}|[\[\]*^$?,!\"]|[^\s\[\]*^$?,{}\"!]+")
_FORMS = re.compile(r"([a-z0-9]*)\(([a-z0-9|]*)\)")
_WORD = re.compile(r"[a-z0-9]+")
_MIN_ANCHOR = 4
_SIGNS = frozenset('[]{}()*^$|?,!"_')


class PatternError(ValueError):
    """A pattern that cannot be read; the message says why."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled pattern.

    Attributes:
        anchors: one of these words must be in a sentence; None where no word of it is rare enough.
        words: all words that stand in it.
    """

    expression: re.Pattern[str]
    anchors: frozenset[str] | None
    words: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Piece:
    expression: str
    anchors: frozenset[str] | None = None
    words: frozenset[str] = frozenset()


class Grammar:
    """The word classes and the common words that patterns are compiled with."""

    def __init__(self, classes: Mapping[str, Iterable[str]], common: Iterable[str]) -> None:
        self._sources = {name: tuple(members) for name, members in classes.items()}
        self._common = frozenset(common)
        self._compiled: dict[str, _Piece] = {}

    def compile(self, pattern: str) -> Pattern:
        """One pattern.

        Raises:
            PatternError: it is empty, has a class that does not exist, or grows too large.
        """
        piece = self._sequence(pattern, 0)
        if not piece.words:
            raise PatternError("there is no word in it")
        return Pattern(re.compile(rf"(?<= ){piece.expression}"), piece.anchors, piece.words)

    def _sequence(self, pattern: str, depth: int) -> _Piece:
        if depth > _MAX_DEPTH:
            raise PatternError("its classes contain each other")
        pattern = _plain(pattern)
        items = _ITEM.findall(pattern)
        if "".join(items) != pattern.replace(" ", ""):
            raise PatternError("it has a character that means nothing here")
        parts: list[_Piece] = []
        optional: int | None = None
        for item in items:
            if item == "[":
                if optional is not None:
                    raise PatternError("brackets within brackets")
                optional = len(parts)
            elif item == "]":
                if optional is None:
                    raise PatternError("a bracket is closed that was not opened")
                inner = "".join(part.expression for part in parts[optional:])
                words = frozenset().union(*(part.words for part in parts[optional:]))
                parts[optional:] = [_Piece(f"(?:{inner})?", None, words)]
                optional = None
            else:
                parts.append(self._item(item, depth))
        if optional is not None:
            raise PatternError("a bracket is not closed")
        anchors = [part.anchors for part in parts if part.anchors]
        expression = "".join(part.expression for part in parts)
        if len(expression) > _MAX_EXPRESSION:
            raise PatternError("its classes make it too large")
        return _Piece(
            expression,
            min(anchors, key=len) if anchors else None,
            frozenset().union(*(part.words for part in parts)),
        )

    def _item(self, item: str, depth: int) -> _Piece:
        if item == "*":
            return _Piece(_GAP)
        if item == "^":
            return _Piece(r"(?:(?<=\A )|(?<= , )|(?<= \" ))")
        if item == "$":
            return _Piece(r"(?=[,?!.\"]|\Z)")
        if item in '?,!"':
            return _Piece(rf"\{item} ")
        if item[0] == "{":
            return self._class(item[1:-1], depth)
        forms = _forms(item)
        rare = all(len(form) >= _MIN_ANCHOR and form not in self._common for form in forms)
        joined = "|".join(sorted(forms, key=len, reverse=True))
        return _Piece(
            f"(?:{joined}) " if len(forms) > 1 else f"{joined} ", frozenset(forms) if rare else None, frozenset(forms)
        )

    def _class(self, name: str, depth: int) -> _Piece:
        if name not in self._compiled:
            if name not in self._sources:
                raise PatternError(f"there is no word class {name!r}")
            members = [self._sequence(member, depth + 1) for member in self._sources[name]]
            if not members:
                raise PatternError(f"the word class {name!r} is empty")
            found = [member.anchors for member in members]
            anchors = None if None in found else frozenset().union(*(one for one in found if one))
            alternatives = sorted((member.expression for member in members), key=len, reverse=True)
            words = frozenset().union(*(member.words for member in members))
            self._compiled[name] = _Piece(f"(?:{'|'.join(alternatives)})", anchors, words)
        return self._compiled[name]


def _plain(pattern: str) -> str:
    """`pattern` without accents and apostrophes, its signs kept."""
    return "".join(
        char if char in _SIGNS else fold_in_place(char).decode("ascii").replace("-", " ") for char in pattern
    )


def _forms(item: str) -> list[str]:
    """The word forms of `a|b` and of `escalad(er|ez)`, each one word."""
    if "(" in item:
        found = _FORMS.fullmatch(item)
        if found is None:
            raise PatternError(f"{item!r} is no word with endings")
        return [found[1] + ending for ending in dict.fromkeys(found[2].split("|"))]
    forms = item.split("|")
    for form in forms:
        if not _WORD.fullmatch(form):
            raise PatternError(f"{form!r} is no word: lower case, no accents, no apostrophes")
    return forms
