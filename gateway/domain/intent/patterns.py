"""The language in which rules say what they look for, compiled to expressions of linear cost.

    escalad(er|ez) word forms            a|b       one of two words
    {object}       one of a word class   [please]  may be there
    *              up to four words      ^ and $   begin and end of a clause
    ? ! , "        the mark, as itself   #         a number in figures

A word class may hold patterns. Every repetition is bounded and sentences are short, so the cost of a
search is linear in the text. Each pattern has sets of words of which it needs one each: a text without
them is not searched.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from gateway.domain.intent.folding import fold_in_place

_GAP = r"(?:[a-z0-9]+ |, ){0,4}?"
_MAX_EXPRESSION = 60_000
_MAX_DEPTH = 12
_ATOM = r"\{[a-z_0-9]+\}|[#,?!$\"]|[a-z0-9]+(?:\([a-z0-9|]*\))?"
_ITEM = re.compile(rf"[\[\]*^]|(?:{_ATOM})(?:\|(?:{_ATOM}))*")
_ATOMS = re.compile(_ATOM)
_SHORT = 4
_MARKS = {
    "#": "[0-9]{1,12} ",
    "$": r"(?=[,?!.\"]|\Z)",
    "?": r"\? ",
    "!": "! ",
    ",": ", ",
    '"': '" ',
}
_SIGNS = frozenset('[]{}()*^$|?,!"_#')


class _Plain(dict[int, str]):
    """Each character without its accent, an apostrophe as a space, a sign as itself; found out once."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        plain = char if char in _SIGNS else fold_in_place(char).decode("ascii").replace("-", " ")
        return self.setdefault(code, plain)


_PLAIN = _Plain()


class PatternError(ValueError):
    """A pattern that cannot be read; the message says why."""


@dataclass(frozen=True)
class Pattern:
    """A pattern; most are never met, so each is compiled when it is first tried.

    Attributes:
        source: the regular expression as text.
        required: sets of words, of each of which one stands in every text that it meets.
        words: all words that stand in it.
    """

    source: str
    required: tuple[frozenset[str], ...]
    words: frozenset[str]

    @cached_property
    def expression(self) -> re.Pattern[str]:
        """The compiled form."""
        return re.compile(self.source)

    def is_possible(self, words: set[str]) -> bool:
        """Whether a text of these words can be met."""
        for one in self.required:  # noqa: SIM110  (a generator costs more than what it looks at)
            if one.isdisjoint(words):
                return False
        return True


@dataclass(frozen=True, slots=True)
class _Piece:
    expression: str
    required: tuple[frozenset[str], ...] = ()
    words: frozenset[str] = frozenset()


class Grammar:
    """The word classes that patterns are compiled with."""

    def __init__(self, classes: Mapping[str, Iterable[str]]) -> None:
        self._sources = {name: tuple(members) for name, members in classes.items()}
        self._compiled: dict[str, _Piece] = {}

    def compile(self, pattern: str) -> Pattern:
        """One pattern.

        Raises:
            PatternError: it is empty, has a class that does not exist, or grows too large.
        """
        piece = self._sequence(pattern, 0)
        if not piece.required:
            raise PatternError("there is no word in it that must be there")
        return Pattern(rf"(?<= ){piece.expression}", piece.required, piece.words)

    def _sequence(self, pattern: str, depth: int) -> _Piece:
        if depth > _MAX_DEPTH:
            raise PatternError("its classes contain each other")
        pattern = pattern.translate(_PLAIN)
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
                parts[optional:] = [_Piece(f"(?:{inner})?", (), words)]
                optional = None
            else:
                parts.append(self._item(item, depth))
        if optional is not None:
            raise PatternError("a bracket is not closed")
        expression = "".join(part.expression for part in parts)
        if len(expression) > _MAX_EXPRESSION:
            raise PatternError("its classes make it too large")
        return _Piece(
            expression,
            tuple(dict.fromkeys(one for part in parts for one in part.required)),
            frozenset().union(*(part.words for part in parts)),
        )

    def _item(self, item: str, depth: int) -> _Piece:
        if item == "*":
            return _Piece(_GAP)
        if item == "^":
            return _Piece(r"(?:(?<=\A )|(?<= , )|(?<= \" ))")
        forms: list[str] = []
        pieces: list[_Piece] = []
        for atom in _ATOMS.findall(item):
            if atom[0] == "{":
                pieces.append(self._class(atom[1:-1], depth))
            elif atom in _MARKS:
                pieces.append(_Piece(_MARKS[atom]))
            else:
                forms += _forms(atom)
        if forms:
            words = frozenset(forms)
            joined = "|".join(sorted(words, key=lambda word: (-len(word), word)))
            pieces.append(_Piece(f"(?:{joined}) " if len(words) > 1 else f"{joined} ", (words,), words))
        return pieces[0] if len(pieces) == 1 else self._one_of(pieces)

    def _one_of(self, pieces: list[_Piece]) -> _Piece:
        found = [min(piece.required, key=_frequency) for piece in pieces if piece.required]
        alternatives = sorted((piece.expression for piece in pieces), key=len, reverse=True)
        return _Piece(
            f"(?:{'|'.join(alternatives)})",
            (frozenset().union(*found),) if len(found) == len(pieces) else (),
            frozenset().union(*(piece.words for piece in pieces)),
        )

    def _class(self, name: str, depth: int) -> _Piece:
        if name not in self._compiled:
            if name not in self._sources:
                raise PatternError(f"there is no word class {name!r}")
            members = [self._sequence(member, depth + 1) for member in self._sources[name]]
            if not members:
                raise PatternError(f"the word class {name!r} is empty")
            self._compiled[name] = self._one_of(members)
        return self._compiled[name]


def _frequency(words: frozenset[str]) -> tuple[int, int]:
    """How often a text has one of `words`, as an order: by the short ones among them, and their number."""
    return sum(len(word) < _SHORT for word in words), len(words)


def _forms(atom: str) -> list[str]:
    """The words of `escalad(er|ez)`."""
    stem, _, endings = atom.rstrip(")").partition("(")
    return [stem + ending for ending in endings.split("|")]
