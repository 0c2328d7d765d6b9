"""What ARCHITECTURE.md says of the desk's rules is there: each key of the rules, each name, each test."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.rulebook.source import read_source

ROOT = Path(__file__).resolve().parents[2]
HEADING = "## What holds the desk's rules"
_QUOTED = re.compile(r"`([^`]+)`")


def rows() -> list[tuple[str, list[str], list[str]]]:
    """Rule, places and tests of each row of the section's tables."""
    section = (
        (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8").partition(HEADING)[2].partition("\n## ")[0]
    )
    found = []
    for line in section.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| ") and cells[1:] != ["said in", "held by"]:
            rule, places, tests = cells
            found.append((rule, _QUOTED.findall(places), _QUOTED.findall(tests)))
    return found


def missing_place(place: str) -> str:
    """What is wrong with `file key` or `file name`; empty when it is there."""
    file, _, name = place.partition(" ")
    path = ROOT / file
    if not path.is_file():
        return f"there is no {file}"
    if path.suffix == ".py":
        return "" if name in set(_names(path)) else f"{file} has no {name}"
    return _missing_key(read_source(path).content, name, file)


def _missing_key(content: Any, key: str, file: str) -> str:
    rest = key
    while rest:
        known = {each["id"]: each for each in content} if isinstance(content, list) else content
        # An id may hold dots itself: `rules.priority.urgent`.
        step = next((one for one in known if rest == one or rest.startswith(f"{one}.")), None)
        if step is None:
            return f"{file} has no {key}: there is no {rest}"
        content, rest = known[step], rest[len(step) + 1 :]
    return ""


def _names(path: Path) -> Iterator[str]:
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name


@pytest.mark.parametrize(("rule", "places", "tests"), rows(), ids=[row[0][:60] for row in rows()])
def test_every_rule_is_said_where_it_says_and_held_by_a_test(
    rule: str, places: list[str], tests: list[str]
) -> None:
    assert places, f"{rule!r}: no place"
    assert tests, f"{rule!r}: no test"

    wrong = [missing_place(place) for place in places] + [missing_place(f"tests/{test}") for test in tests]

    assert not list(filter(None, wrong))
    assert all(test.partition(" ")[2].startswith("test_") for test in tests)


def test_the_tables_are_there() -> None:
    heads = [
        line
        for line in (ROOT / "ARCHITECTURE.md").read_text().splitlines()
        if "| said in | held by |" in line
    ]

    assert [head.split("|")[1].strip() for head in heads] >= ["ticket", "states", "clocks", "reminders"]
    assert len(rows()) > 40


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("rules/workflow.yaml states.shut", "there is no shut"),
        ("rules/workflow.yaml states.closed.need", "there is no need"),
        ("rules/workflows.yaml states", "there is no rules/workflows.yaml"),
        ("gateway/domain/flex.py charges", "has no charges"),
        ("tests/unit/domain/test_flex.py test_nothing", "has no test_nothing"),
    ],
)
def test_what_is_not_there_is_found(place: str, words: str) -> None:
    assert words in missing_place(place)
