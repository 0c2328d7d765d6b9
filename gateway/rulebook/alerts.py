"""rules/alerts.yaml: what around an alert's words says that a request is about something else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from pydantic import Field

from gateway.domain.alert_words import AlertTables, phrase
from gateway.domain.intent.patterns import Grammar, Pattern, PatternError
from gateway.domain.intent.tables import Operator, Reach, Sense
from gateway.rulebook.intent_files import RuleId
from gateway.rulebook.preset import read_rules
from gateway.rulebook.source import Place, Source, Strict, Words, typed

NAME = "alerts.yaml"
_Some = Annotated[list[Words], Field(min_length=1)]


class SetAsideEntry(Strict):
    """See `domain.intent.tables.Operator`."""

    id: RuleId
    reach: Reach
    why: Words
    patterns: _Some
    spared_by: list[Words] = Field(default_factory=list)


class AlertExample(Strict):
    """An alert's words, and whether a request is about it."""

    words: _Some
    text: Words
    met: bool


class AlertsFile(Strict):
    """alerts.yaml."""

    why: Words
    set_aside: list[SetAsideEntry]
    examples: list[AlertExample] = Field(min_length=1)


def load_alert_tables(folder: Path, preset: str = "") -> AlertTables:
    """Read and compile it.

    Raises:
        ConfigurationError: with file, line and reason for the first thing that is wrong.
    """
    source, read = _read(folder, preset)
    operators: list[Operator] = []
    for number, each in enumerate(read.set_aside):
        place = ("set_aside", number)
        if each.id in {one.name for one in operators}:
            raise source.refuse((*place, "id"), f"{each.id!r} is there twice")
        operators.append(
            Operator(
                each.id,
                each.reach,
                frozenset({Sense.ALERT}),
                tuple(_patterns(source, (*place, "patterns"), each.patterns)),
                tuple(_patterns(source, (*place, "spared_by"), each.spared_by)),
            )
        )
    for number, example in enumerate(read.examples):
        for position, words in enumerate(example.words):
            try:
                phrase(words)
            except PatternError as error:
                raise source.refuse(("examples", number, "words", position), f"{words!r}: {error}") from error
    return AlertTables(tuple(operators))


def read_alert_examples(folder: Path, preset: str = "") -> list[AlertExample]:
    """The file's examples."""
    return _read(folder, preset)[1].examples


def _read(folder: Path, preset: str) -> tuple[Source, AlertsFile]:
    source = read_rules(folder, NAME, preset)
    return source, typed(source, AlertsFile)


def _patterns(source: Source, place: Place, patterns: list[str]) -> Iterator[Pattern]:
    grammar = Grammar({})
    for number, text in enumerate(patterns):
        try:
            yield grammar.compile(text)
        except PatternError as error:
            raise source.refuse((*place, number), f"{text!r}: {error}") from error
