"""Numbers of people and lengths of time in a sentence, in figures and in words.

`une centaine d'utilisateurs`, `1 200 salariés`, `more than 150 people`, `depuis 48 h`, `two days`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from gateway.domain.intent.sentences import Sentence
from gateway.domain.intent.tables import Needs, QuantityTables

_FIGURES = re.compile(r"(\d{1,9})([a-z]{0,5})")
_WITH_UNIT = re.compile(r" \d{1,9}[a-z]")
_REACH = 5
_MOST = 10**9
_LINKS = frozenset(("and", "et"))


@dataclass(frozen=True, slots=True)
class Quantities:
    """What a sentence counts: people (0 where none are counted) and hours (0 where no time is told)."""

    people: int = 0
    hours: int = 0

    def meets(self, needs: Needs) -> bool:
        """Whether there are as many as asked for."""
        return self.people >= needs.people and self.hours >= needs.hours


def quantities_of(sentence: Sentence, tables: QuantityTables) -> Quantities:
    """The largest number of people and the longest time that the sentence names."""
    words = sentence.text.split()
    if (
        tables.people.isdisjoint(words)
        and tables.hours.keys().isdisjoint(words)
        and not _WITH_UNIT.search(sentence.text)
    ):
        return Quantities()
    people = hours = 0
    at = 0
    while at < len(words):
        value, unit, end = _number(words, at, tables)
        if value == 0:
            if words[at] in tables.hours and at and words[at - 1] in {"a", "an"}:
                hours = max(hours, tables.hours[words[at]])
            at += 1
            continue
        if (at and words[at - 1] in tables.more) or (
            "plus" in words[at - 2 : at] and words[at - 1] in {"de", "d"}
        ):
            value += 1
        following = ([unit] if unit else []) + words[end : end + _REACH]
        for distance, word in enumerate(following):
            if word in tables.hours and distance < 2:
                hours = max(hours, value * tables.hours[word])
                break
            if word in tables.people:
                people = max(people, value)
                break
            if word in {",", "?", "!"} or word.isdigit():
                break
        at = end
    return Quantities(min(people, _MOST), min(hours, _MOST))


def _number(words: list[str], at: int, tables: QuantityTables) -> tuple[int, str, int]:
    """Value, unit written to it (`48h`), and the index after a number that begins at `at`; 0 where none does."""
    found = _FIGURES.fullmatch(words[at])
    if found:
        value, end = int(found[1]), at + 1
        if found[2] == "k":
            return value * 1000, "", end
        while (
            not found[2]
            and end < len(words)
            and len(words[end]) == 3
            and words[end].isdigit()
            and value < 10**6
        ):
            value, end = value * 1000 + int(words[end]), end + 1
        if not found[2] and end < len(words) and tables.numbers.get(words[end], 0) >= 100:
            value, end = value * tables.numbers[words[end]], end + 1
        return value, found[2], end
    total = current = 0
    end = at
    while end < len(words):
        number = tables.numbers.get(words[end])
        if number is None:
            linked = (
                words[end] in _LINKS
                and end > at
                and end + 1 < len(words)
                and words[end + 1] in tables.numbers
            )
            if not linked:
                break
        elif number >= 100 and current:
            current *= number
            if number >= 1000:
                total, current = total + current, 0
        elif number == 20 and current == 4:
            current = 80
        else:
            current += number
        end += 1
    return total + current, "", end
