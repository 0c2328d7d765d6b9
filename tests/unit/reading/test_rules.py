"""The words in rules/reading: their examples hold, and what is wrong in them is refused with its line."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from gateway.errors import ConfigurationError
from gateway.rulebook.folder import rules_folder
from gateway.rulebook.reading import load_reading_tables
from gateway.rulebook.reading_examples import ReadingExample, run_reading_examples

EXAMPLES = list(run_reading_examples(rules_folder("")))


@pytest.mark.parametrize("example", EXAMPLES, ids=[f"{one.file}: {one.example[:40]}" for one in EXAMPLES])
def test_the_rules_own_examples_hold(example: ReadingExample) -> None:
    assert example.found == example.expected


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    return Path(shutil.copytree(rules_folder(""), tmp_path / "rules"))


def test_a_missing_file_is_named(rules: Path) -> None:
    (rules / "reading" / "quotes.yaml").unlink()

    with pytest.raises(ConfigurationError, match=r"quotes\.yaml: cannot be read"):
        load_reading_tables(rules)


def test_a_key_said_twice_is_refused_with_its_line(rules: Path) -> None:
    path = rules / "reading" / "signatures.yaml"
    path.write_text(path.read_text(encoding="utf-8") + "\nmobile: [x]\n", encoding="utf-8")

    with pytest.raises(ConfigurationError) as refused:
        load_reading_tables(rules)

    assert refused.value.line is not None
    assert "signatures.yaml" in str(refused.value)


def test_a_list_that_is_missing_is_named(rules: Path) -> None:
    path = rules / "bounces.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("\nsubjects:", "\nsubject:"), encoding="utf-8")

    with pytest.raises(ConfigurationError, match="subjects"):
        load_reading_tables(rules)


def test_a_new_language_is_added_in_one_place(rules: Path) -> None:
    path = rules / "reading" / "quotes.yaml"
    path.write_text(
        path.read_text(encoding="utf-8").replace(
            "attribution_verbs:\n", "attribution_verbs:\n  eo: [skribis]\n", 1
        ),
        encoding="utf-8",
    )

    assert load_reading_tables(rules).quotes.verbs.search("lea martin skribis") == "skribis"
