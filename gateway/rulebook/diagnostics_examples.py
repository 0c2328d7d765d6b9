"""The examples of `rules/diagnostics.yaml` and its words, run: what tells a detail, and what does not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gateway.domain.diagnostics import DiagnosticsTables, read_details
from gateway.domain.mail import Attachment
from gateway.rulebook.diagnostics import (
    DiagnosticsFile,
    FileEntry,
    FileExample,
    WordsFile,
    load_diagnostics,
    words_files,
)
from gateway.rulebook.preset import read_rules
from gateway.rulebook.reading_examples import ReadingExample
from gateway.rulebook.source import typed


def run_diagnostics_examples(folder: Path, preset: str = "") -> Iterator[ReadingExample]:
    """Run all of them.

    Args:
        folder: of the rules.
        preset: whose own files alone are run; empty for the rules as they are.

    Raises:
        ConfigurationError: a rule is wrong.
    """
    laid = folder / "presets" / preset
    files = [name for name in words_files(folder) if not preset or (laid / name).is_file()]
    with_files = not preset or (laid / "diagnostics.yaml").is_file()
    if not files and not with_files:
        return
    tables = load_diagnostics(folder, preset)
    for name in files:
        for entry in typed(read_rules(folder, name, preset), WordsFile).details:
            for text in entry.examples:
                yield ReadingExample(name, text, entry.id, _told(text, entry.id, tables))
            for text in entry.traps:
                yield ReadingExample(name, text, f"no {entry.id}", _told(text, entry.id, tables))
    if with_files:
        for detail in typed(read_rules(folder, "diagnostics.yaml", preset), DiagnosticsFile).details:
            for sign in detail.files:
                yield from _of_files(detail.id, sign, tables)


def _told(text: str, detail: str, tables: DiagnosticsTables) -> str:
    found = {each.detail for each in read_details([("reply", text)], (), tables)}
    return detail if detail in found else f"no {detail}"


def _of_files(detail: str, sign: FileEntry, tables: DiagnosticsTables) -> Iterator[ReadingExample]:
    for expected, examples in ((detail, sign.examples), (f"no {detail}", sign.traps)):
        for example in examples:
            told = read_details((), [_attachment(example)], tables)
            found = detail if any(each.detail == detail for each in told) else f"no {detail}"
            yield ReadingExample("diagnostics.yaml", example.name, expected, found)


def _attachment(example: FileExample) -> Attachment:
    return Attachment(example.name, example.type, example.size, "", inline=example.inline, content_id="")
