"""Which details a request of a type should give, and how what is missing is asked for."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wish:
    """What a type's requests should give.

    Attributes:
        asks: ids of details, in the order in which they are asked for.
        spared_by: details with which nothing is asked for.
    """

    asks: tuple[str, ...]
    spared_by: frozenset[str]


@dataclass(frozen=True, slots=True)
class Checklist:
    """What rules/diagnostics.yaml asks for.

    Attributes:
        is_asked: whether the desk asks at all.
        by_type: a type that is not there is asked for nothing.
        words: how a detail is asked for, by its id and language.
    """

    is_asked: bool
    by_type: Mapping[str, Wish]
    words: Mapping[str, Mapping[str, str]]

    def missing(self, kind: str, told: Collection[str]) -> tuple[str, ...]:
        """What is to be asked of a request of type `kind` that tells the details `told`."""
        wish = self.by_type.get(kind)
        if not self.is_asked or wish is None or not wish.spared_by.isdisjoint(told):
            return ()
        return tuple(each for each in wish.asks if each not in told)

    def ask(self, detail: str, language: str) -> str:
        """How it is asked for, else in English."""
        words = self.words[detail]
        return words.get(language) or words["en"]
