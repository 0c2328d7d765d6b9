"""rules/attachments.yaml: which files are not handed on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from pydantic import Field

from gateway.domain.files import FileRules, RefusedFiles
from gateway.domain.mail import Attachment
from gateway.rulebook.policy_files import Id
from gateway.rulebook.preset import read_rules
from gateway.rulebook.reading_examples import ReadingExample
from gateway.rulebook.source import Strict, Words, typed
from gateway.rulebook.terms import LANGUAGES

_FILE = "attachments.yaml"
_EXAMPLE = Attachment("", "application/octet-stream", 1, "", inline=False, content_id="")


class RefusedEntry(Strict):
    """See `domain.files.RefusedFiles`; each name of `examples` is refused for it, none of `traps` is for any."""

    id: Id
    names: list[Words] = Field(min_length=1)
    types: list[Words] = Field(default_factory=list)
    reason: dict[str, Words]
    why: Words
    examples: list[Words] = Field(min_length=1)
    traps: list[Words] = Field(min_length=1)


class AttachmentsFile(Strict):
    """attachments.yaml."""

    why: Words
    refused: list[RefusedEntry]


def load_file_rules(folder: Path, preset: str = "") -> FileRules:
    """The rules as typed values.

    Raises:
        ConfigurationError: with file, line and reason for the first thing that is wrong.
    """
    source = read_rules(folder, _FILE, preset)
    seen: set[str] = set()
    kinds = []
    for number, each in enumerate(typed(source, AttachmentsFile).refused):
        if each.id in seen:
            raise source.refuse(("refused", number, "id"), f"{each.id!r} is there twice")
        seen.add(each.id)
        for language in LANGUAGES:
            if language not in each.reason:
                raise source.refuse(("refused", number, "reason"), f"the reason in {language!r} is missing")
        names = tuple(name.casefold() for name in each.names)
        types = frozenset(name.casefold() for name in each.types)
        kinds.append(RefusedFiles(each.id, names, types, MappingProxyType(dict(each.reason))))
    return FileRules(tuple(kinds))


def run_attachment_examples(folder: Path, preset: str = "") -> Iterator[ReadingExample]:
    """Run the examples; of a preset only where it has the file."""
    if preset and not (folder / "presets" / preset / _FILE).is_file():
        return
    rules = load_file_rules(folder, preset)
    for each in typed(read_rules(folder, _FILE, preset), AttachmentsFile).refused:
        for names, expected in ((each.examples, each.id), (each.traps, "")):
            for name in names:
                (file,) = rules.judged([replace(_EXAMPLE, filename=name)])
                yield ReadingExample(_FILE, name, expected or "taken", file.refused or "taken")
