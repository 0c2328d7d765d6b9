"""rules/diagnostics.yaml and rules/diagnostics/words.*.yaml: which details are asked for, and how they are met."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import Field

from gateway.domain.checklist import Checklist, Wish
from gateway.domain.diagnostics import DetailRule, DiagnosticsTables, FileSign
from gateway.domain.intent.pattern_index import PatternIndex
from gateway.domain.intent.patterns import Grammar, Pattern, PatternError
from gateway.rulebook.policy_files import ByLanguage, Id
from gateway.rulebook.preset import read_rules
from gateway.rulebook.source import Place, Source, Strict, Words, known, typed
from gateway.rulebook.terms import LANGUAGES

_FILE = "diagnostics.yaml"
# What stands in a form for more than itself; each is bounded, so that a search is linear.
_SHAPES = {"{0}": "[0-9]{1,12}", "{A}": "[A-Za-z_]{2,40}", "{h}": "[0-9A-Fa-f]{4,16}", "{w}": r"\w{1,40}"}
_SHAPE = re.compile(r"(\{[0Ahw]\}| )")
_Some = Annotated[list[Words], Field(min_length=1)]


class FileExample(Strict):
    """A file that is sent."""

    name: Words
    type: Words
    size: int = Field(ge=0)
    inline: bool = False


class FileEntry(Strict):
    """See `domain.diagnostics.FileSign`."""

    id: Id
    names: list[Words] = Field(default_factory=list)
    types: list[Words] = Field(default_factory=list)
    never: list[Words] = Field(default_factory=list)
    at_least: int = Field(default=1, ge=0)
    inline_at_least: int = Field(default=1, ge=0)
    why: Words
    examples: list[FileExample] = Field(min_length=1)
    traps: list[FileExample] = Field(min_length=1)


class DetailEntry(Strict):
    """A detail, how it is asked for, and what tells it in every language."""

    id: Id
    ask: ByLanguage
    why: Words
    unless_in: Literal["clause", "text"] = "clause"
    forms: list[Words] = Field(default_factory=list)
    files: list[FileEntry] = Field(default_factory=list)


class ChecklistEntry(Strict):
    """What requests of a type, which is its id, are asked for."""

    id: Id
    asks: list[Id] = Field(min_length=1)
    spared_by: list[Id] = Field(default_factory=list)
    why: Words


class DiagnosticsFile(Strict):
    """diagnostics.yaml."""

    ask: bool
    why: Words
    checklists: list[ChecklistEntry]
    details: list[DetailEntry] = Field(min_length=1)


class DetailWords(Strict):
    """A detail's words in one language; `examples` tell it, `traps` do not."""

    id: Id
    patterns: _Some
    unless: list[Words] = Field(default_factory=list)
    examples: _Some
    traps: _Some


class WordsFile(Strict):
    """words.<language>.yaml."""

    why: Words
    classes: dict[str, list[Words]] = Field(default_factory=dict)
    details: list[DetailWords] = Field(min_length=1)


def words_files(folder: Path) -> list[str]:
    """The names of the files of words, relative to `folder`."""
    return [f"diagnostics/{path.name}" for path in sorted((folder / "diagnostics").glob("words.*.yaml"))]


def load_checklist(folder: Path, preset: str, types: Collection[str]) -> Checklist:
    """What is asked for.

    Raises:
        ConfigurationError: with file, line and reason for the first thing that is wrong.
    """
    source, read = _read(folder, preset)
    ids = [each.id for each in read.details]
    for number, each in enumerate(read.checklists):
        known(source, ("checklists", number, "id"), each.id, list(types), "type")
        for key, names in (("asks", each.asks), ("spared_by", each.spared_by)):
            for position, name in enumerate(names):
                known(source, ("checklists", number, key, position), name, ids, "detail")
    for number, detail in enumerate(read.details):
        for language in LANGUAGES:
            if language not in detail.ask:
                raise source.refuse(
                    ("details", number, "ask"), f"how it is asked for in {language!r} is missing"
                )
    return Checklist(
        is_asked=read.ask,
        by_type=MappingProxyType(
            {each.id: Wish(tuple(each.asks), frozenset(each.spared_by)) for each in read.checklists}
        ),
        words=MappingProxyType({each.id: each.ask for each in read.details}),
    )


def load_diagnostics(folder: Path, preset: str) -> DiagnosticsTables:
    """How details are met.

    Raises:
        ConfigurationError: with file, line and reason for the first thing that is wrong.
    """
    _, read = _read(folder, preset)
    ids = [each.id for each in read.details]
    patterns: dict[str, list[Pattern]] = {name: [] for name in ids}
    unless: dict[str, list[Pattern]] = {name: [] for name in ids}
    for name in words_files(folder):
        words = read_rules(folder, name, preset)
        file = typed(words, WordsFile)
        grammar = Grammar(file.classes)
        for number, entry in enumerate(file.details):
            place = ("details", number)
            known(words, (*place, "id"), entry.id, ids, "detail")
            patterns[entry.id] += _compiled(words, (*place, "patterns"), entry.patterns, grammar)
            unless[entry.id] += _compiled(words, (*place, "unless"), entry.unless, grammar)
    rules = tuple(
        DetailRule(
            entry.id,
            tuple(unless[entry.id]),
            entry.unless_in == "text",
            _forms(entry.forms),
            tuple(map(_file_sign, entry.files)),
        )
        for entry in read.details
    )
    told_by = PatternIndex.of(
        (position, pattern) for position, name in enumerate(ids) for pattern in patterns[name]
    )
    return DiagnosticsTables(rules, told_by)


def _read(folder: Path, preset: str) -> tuple[Source, DiagnosticsFile]:
    source = read_rules(folder, _FILE, preset)
    read = typed(source, DiagnosticsFile)
    seen: set[str] = set()
    for number, each in enumerate(read.details):
        if each.id in seen:
            raise source.refuse(("details", number, "id"), f"{each.id!r} is there twice")
        seen.add(each.id)
    return source, read


def _compiled(source: Source, place: Place, patterns: list[str], grammar: Grammar) -> list[Pattern]:
    compiled = []
    for number, text in enumerate(patterns):
        try:
            compiled.append(grammar.compile(text))
        except PatternError as error:
            raise source.refuse((*place, number), f"{text!r}: {error}") from error
    return compiled


def _forms(forms: list[str]) -> re.Pattern[str] | None:
    """One expression for all, at the beginning of a word."""
    if not forms:
        return None
    compiled = [
        "".join(
            _SHAPES.get(piece) or (r"[ \u00a0\u202f]{0,2}" if piece == " " else re.escape(piece))
            for piece in _SHAPE.split(form)
        )
        for form in forms
    ]
    return re.compile(rf"(?<!\w)(?:{'|'.join(compiled)})", re.IGNORECASE)


def _file_sign(entry: FileEntry) -> FileSign:
    def folded(names: list[str]) -> tuple[str, ...]:
        return tuple(name.casefold() for name in names)

    return FileSign(
        entry.id,
        folded(entry.names),
        folded(entry.types),
        folded(entry.never),
        entry.at_least,
        entry.inline_at_least,
    )
