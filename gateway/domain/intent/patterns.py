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

from gateway.domain.intent.folding import fold_in_place

_GAP = r"(?:[a-z0-9]+ |, ){0,4}?"
_MAX_EXPRESSION = 60_000
_MAX_DEPTH = 12
_ITEM = re.compile(r"\{[a-z_0-9]+\}|[\[\]*^,!#\"]|[^\s\[\]*^,{}\"!#]+")
_ALTERNATIVE = re.compile(r"([a-z0-9]+|[?$])(?:\(([a-z0-9|]*)\))?")
_MIN_ANCHOR = 4
_END_MARKS = {"?": r"\? ", "$": r"(?=[,?!.\"]|\Z)"}
_SIGNS = frozenset('[]{}()*^$|?,!"_#')


class PatternError(ValueError):
    """A pattern that cannot be read; the message says why."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled pattern.

    Attributes:
        anchors: one of these words stands in every text that it meets; the rarest such set.
        required: all such sets.
        words: all words that stand in it.
    """

    expression: re.Pattern[str]
    anchors: frozenset[str]
    required: tuple[frozenset[str], ...]
    words: frozenset[str]

    def is_possible(self, words: set[str]) -> bool:
        """Whether a text of these words can be met."""
        return not any(one.isdisjoint(words) for one in self.required)


@dataclass(frozen=True, slots=True)
class _Piece:
    expression: str
    required: tuple[frozenset[str], ...] = ()
    words: frozenset[str] = frozenset()


class Grammar:
    """The word classes and the common words that patterns are compiled with."""

    def __init__(
        self, classes: Mapping[str, Iterable[str]], *, common: Iterable[str], rare: Iterable[str]
    ) -> None:
        self._sources = {name: tuple(members) for name, members in classes.items()}
        self._common = frozenset(common)
        self._rare = frozenset(rare)
        self._compiled: dict[str, _Piece] = {}

    def compile(self, pattern: str) -> Pattern:
        """One pattern.

        Raises:
            PatternError: it is empty, has a class that does not exist, or grows too large.
        """
        piece = self._sequence(pattern, 0)
        if not piece.required:
            raise PatternError("there is no word in it that must be there")
        expression = re.compile(rf"(?<= ){piece.expression}")
        return Pattern(expression, min(piece.required, key=self._frequency), piece.required, piece.words)

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
        if item == "$":
            return _Piece(r"(?=[,?!.\"]|\Z)")
        if item == "#":
            return _Piece(r"[0-9]{1,12} ")
        if item in '?,!"':
            return _Piece(rf"\{item} ")
        if item[0] == "{":
            return self._class(item[1:-1], depth)
        forms = _forms(item)
        if "?" in forms or "$" in forms:
            written = "|".join(_END_MARKS.get(form, f"{form} ") for form in forms)
            return _Piece(f"(?:{written})", (), frozenset(forms) - _END_MARKS.keys())
        joined = "|".join(sorted(forms, key=len, reverse=True))
        written = f"(?:{joined}) " if len(forms) > 1 else f"{joined} "
        return _Piece(written, (frozenset(forms),), frozenset(forms))

    def _frequency(self, words: frozenset[str]) -> tuple[int, int]:
        """How often a text has one of `words`, by the frequent ones among them and their number."""
        frequent = sum(
            word in self._common or (len(word) < _MIN_ANCHOR and word not in self._rare) for word in words
        )
        return frequent, len(words)

    def _class(self, name: str, depth: int) -> _Piece:
        if name not in self._compiled:
            if name not in self._sources:
                raise PatternError(f"there is no word class {name!r}")
            members = [self._sequence(member, depth + 1) for member in self._sources[name]]
            if not members:
                raise PatternError(f"the word class {name!r} is empty")
            found = [min(member.required, key=self._frequency) for member in members if member.required]
            required = (frozenset().union(*found),) if len(found) == len(members) else ()
            alternatives = sorted((member.expression for member in members), key=len, reverse=True)
            words = frozenset().union(*(member.words for member in members))
            self._compiled[name] = _Piece(f"(?:{'|'.join(alternatives)})", required, words)
        return self._compiled[name]


def _plain(pattern: str) -> str:
    """`pattern` without accents and apostrophes, its signs kept."""
    return "".join(
        char if char in _SIGNS else fold_in_place(char).decode("ascii").replace("-", " ") for char in pattern
    )


def _forms(item: str) -> list[str]:
    """The words of `a|b` and of `escalad(er|ez)`, and the end marks among them."""
    forms: list[str] = []
    for found in _ALTERNATIVE.finditer(item):
        stem, endings = found[1], found[2]
        forms += [stem] if endings is None else [stem + ending for ending in endings.split("|")]
    if _ALTERNATIVE.sub("", item).strip("|") or "" in forms:
        raise PatternError(f"{item!r} is no list of words")
    return list(dict.fromkeys(forms))
