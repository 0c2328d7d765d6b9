"""Which of the details that a request should give it gives: found by words and files, never by length."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from gateway.domain.intent.folding import fold_in_place, without_addresses, words_of
from gateway.domain.intent.pattern_index import PatternIndex
from gateway.domain.intent.patterns import Pattern
from gateway.domain.intent.sentences import Sentence, sentences
from gateway.domain.mail import Attachment

MAX_CHARS = 16 * 1024
"""Of one zone; what is told is told before that, and a log may follow it."""
_MAX_SHOWN = 120
_FILE = "file"


@dataclass(frozen=True, slots=True)
class FileSign:
    """Files that tell a detail.

    Attributes:
        names: with `*`, folded case.
        types: content types, with `*`.
        never: names that say otherwise.
        at_least: bytes; `inline_at_least` where it is shown within the text.
    """

    id: str
    names: tuple[str, ...]
    types: tuple[str, ...]
    never: tuple[str, ...]
    at_least: int
    inline_at_least: int

    def meets(self, file: Attachment) -> bool:
        """Whether the file is one."""
        name = file.filename.casefold()
        if file.size < (self.inline_at_least if file.inline else self.at_least):
            return False
        if any(fnmatchcase(name, each) for each in self.never):
            return False
        return any(fnmatchcase(name, each) for each in self.names) or any(
            fnmatchcase(file.content_type, each) for each in self.types
        )


@dataclass(frozen=True, slots=True)
class DetailRule:
    """How one detail is recognised.

    Attributes:
        unless: words in the same clause with which a pattern does not count.
        whole_text: whether they are looked for in the whole text instead.
        forms: what stands for it as it is written, such as a number of an error; or None.
    """

    id: str
    unless: tuple[Pattern, ...]
    whole_text: bool
    forms: re.Pattern[str] | None
    files: tuple[FileSign, ...]


@dataclass(frozen=True, slots=True)
class DiagnosticsTables:
    """All of them, and the patterns that tell each."""

    rules: tuple[DetailRule, ...]
    told_by: PatternIndex


@dataclass(frozen=True, slots=True)
class Told:
    """A detail that is given.

    Attributes:
        zone: subject, reply, forward or file.
        words: that give it, or the file's name.
    """

    detail: str
    zone: str
    words: str


def read_details(
    texts: Iterable[tuple[str, str]], files: Iterable[Attachment], tables: DiagnosticsTables
) -> tuple[Told, ...]:
    """What is told, each detail once with the first words that tell it, in the order of the rules.

    Args:
        texts: zone and text.
    """
    reader = _Reader(tables)
    for zone, text in texts:
        if text and len(reader.told) < len(tables.rules):
            reader.take(zone, text[:MAX_CHARS])
    for file in files:
        reader.take_file(file)
    return tuple(
        reader.told[at]
        for at, rule in enumerate(tables.rules)
        if at in reader.told and not (rule.whole_text and reader.is_spoilt(rule))
    )


class _Reader:
    """Gathers what the zones tell."""

    def __init__(self, tables: DiagnosticsTables) -> None:
        self.told: dict[int, Told] = {}
        self._tables = tables
        self._sentences: list[Sentence] = []

    def take(self, zone: str, text: str) -> None:
        """Read one zone."""
        for at, rule in enumerate(self._tables.rules):
            if rule.forms is not None and at not in self.told and (found := rule.forms.search(text)):
                self._tell(at, zone, found[0])
        folded = fold_in_place(text)
        candidates = self._tables.told_by.within(words_of(folded))
        for sentence in sentences(text, without_addresses(folded.decode("ascii")), {}):
            self._sentences.append(sentence)
            words = set(sentence.text.split())
            possible = candidates.possible(words)
            if possible:
                self._look_for(possible, sentence, words, zone, text)

    def take_file(self, file: Attachment) -> None:
        """Look at an attached file."""
        for at, rule in enumerate(self._tables.rules):
            if at not in self.told and any(sign.meets(file) for sign in rule.files):
                self._tell(at, _FILE, file.filename or file.content_type)

    def is_spoilt(self, rule: DetailRule) -> bool:
        """Whether a word that stands anywhere says that the rule's detail is not what is told."""
        return any(
            pattern.is_possible(words) and pattern.expression.search(sentence.text)
            for sentence in self._sentences
            for words in (set(sentence.text.split()),)
            for pattern in rule.unless
        )

    def _look_for(
        self,
        candidates: Iterable[tuple[int, Pattern]],
        sentence: Sentence,
        words: set[str],
        zone: str,
        text: str,
    ) -> None:
        """The first words of the sentence that tell each detail that is not told yet."""
        best: dict[int, tuple[int, int]] = {}
        for at, pattern in candidates:
            if at in self.told:
                continue
            for found in pattern.expression.finditer(sentence.text):
                place = (found.start(), found.end())
                if (at not in best or place < best[at]) and self._counts(at, place, sentence, words):
                    best[at] = place
                    break
        for at, (start, end) in best.items():
            first, last = sentence.place(start, end)
            self._tell(at, zone, text[first:last])

    def _counts(self, at: int, place: tuple[int, int], sentence: Sentence, words: set[str]) -> bool:
        rule = self._tables.rules[at]
        if rule.whole_text:
            return True
        first, end = sentence.clause(*place)
        for pattern in rule.unless:
            if pattern.is_possible(words):
                found = pattern.expression.search(sentence.text, first)
                if found is not None and found.start() < end:
                    return False
        return True

    def _tell(self, at: int, zone: str, words: str) -> None:
        shown = " ".join(words.split())[:_MAX_SHOWN]
        self.told[at] = Told(self._tables.rules[at].id, zone, shown)
