"""Which details a request tells: by words and files, in bounded time; wrong rules are refused with their line."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.diagnostics import read_details
from gateway.domain.reading.tables import ReadingTables
from gateway.errors import ConfigurationError
from gateway.pipeline.classify import classify
from gateway.pipeline.parse import parse
from gateway.rulebook.diagnostics import load_checklist, load_diagnostics
from gateway.rulebook.diagnostics_examples import run_diagnostics_examples
from gateway.rulebook.folder import rules_folder
from tests.costs import cost_s
from tests.unit.reading.wire import wire

SHIPPED = rules_folder("")
TYPES = ("assistance", "change_request", "consulting")
UNITS = [
    "depuis ce matin ",
    "tous les. ",
    'message "',
    "a, ",
    "when i click ",
    "0x",
    "ERR_",
    "1 2 ",
    "é",
    "\n",
]

COMPLETE = {
    "fr": "Depuis ce matin, quand je clique sur Valider, j'obtiens l'erreur 500.\n"
    "Tous les utilisateurs sont touchés.\nNous avons redémarré le serveur, sans succès.\n",
    "en": "Since this morning, when I click on Save, we get error 500.\n"
    "All users are affected.\nWe have restarted the server, to no avail.\n",
}


def load_both(rules: Path) -> None:
    load_checklist(rules, "", TYPES)
    load_diagnostics(rules, "")


def told_in(raw: bytes, tables: ReadingTables) -> dict[str, str]:
    return {each.detail: each.words for each in classify(parse(raw), tables, null_sender=False).details}


def test_every_example_holds_and_half_of_them_are_traps() -> None:
    examples = list(run_diagnostics_examples(SHIPPED))

    assert [each for each in examples if not each.passes] == []
    for language in ("fr", "en"):
        of_language = [each for each in examples if each.file == f"diagnostics/words.{language}.yaml"]
        kinds = Counter(each.expected.startswith("no ") for each in of_language)
        assert len(of_language) >= 60
        assert kinds[True] == kinds[False]


@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_complete_request_tells_all_and_with_which_words(language: str, tables: ReadingTables) -> None:
    found = told_in(wire(COMPLETE[language], subject="x"), tables)

    assert set(found) >= {"error", "steps", "since", "who", "tried"}
    assert found["error"] in {"erreur 500", "error 500"}
    assert all(words in COMPLETE[language] for words in found.values())


def test_length_tells_nothing(tables: ReadingTables) -> None:
    long = "Bonjour, le module Paie est très important pour nous et il doit marcher. " * 60

    assert told_in(wire(long, subject="Module Paie"), tables) == {}


def test_what_is_quoted_or_signed_is_not_told(tables: ReadingTables) -> None:
    text = "Bonjour,\n\nÇa ne marche pas.\n\n-- \nTous les utilisateurs, depuis ce matin\n\n> j'obtiens l'erreur 500\n"

    assert told_in(wire(text, subject="Bonjour"), tables) == {}


def test_the_subject_tells_too(tables: ReadingTables) -> None:
    assert told_in(wire("Bonjour, merci.\n", subject="Erreur 500 depuis hier"), tables) == {
        "error": "Erreur 500",
        "since": "depuis hier",
    }


def test_whoever_only_asks_how_is_spared() -> None:
    checklist = load_checklist(SHIPPED, "", TYPES)

    assert checklist.missing("assistance", {"question"}) == ()
    assert checklist.missing("assistance", {"since", "who"}) == ("error", "steps", "tried")
    assert checklist.missing("consulting", ()) == ("goal", "deadline")


@given(st.lists(st.sampled_from(UNITS), max_size=60))
def test_words_told_stand_in_the_text(tables: ReadingTables, pieces: list[str]) -> None:
    text = "".join(pieces)

    for each in read_details([("reply", text)], (), tables.diagnostics):
        assert each.words[:40] in " ".join(text.split())


@pytest.mark.parametrize("unit", UNITS)
def test_a_text_of_a_megabyte_costs_no_more_than_its_beginning(unit: str, tables: ReadingTables) -> None:
    text = unit * (1_000_000 // len(unit))

    least = min(cost_s(lambda: read_details([("reply", text)], (), tables.diagnostics)) for _ in range(3))

    assert least < 0.2


@pytest.mark.parametrize(
    ("file", "before", "after", "reason"),
    [
        (
            "diagnostics.yaml",
            "asks: [error,",
            "asks: [eror,",
            "there is no detail 'eror'; did you mean 'error'?",
        ),
        ("diagnostics.yaml", "id: consulting", "id: consultng", "there is no type 'consultng'"),
        (
            "diagnostics.yaml",
            "      en: since when",
            "      de: since when",
            "how it is asked for in 'en' is missing",
        ),
        ("diagnostics.yaml", "  - id: tried", "  - id: error", "'error' is there twice"),
        ("diagnostics/words.fr.yaml", "{users_fr}", "{user_fr}", "there is no word class 'user_fr'"),
        ("diagnostics/words.en.yaml", "  - id: steps", "  - id: step", "there is no detail 'step'"),
    ],
)
def test_a_wrong_rule_is_refused_with_its_line(
    file: str, before: str, after: str, reason: str, tmp_path: Path
) -> None:
    rules = Path(shutil.copytree(SHIPPED, tmp_path / "rules"))
    text = (rules / file).read_text(encoding="utf-8")
    assert before in text
    (rules / file).write_text(text.replace(before, after, 1), encoding="utf-8")

    with pytest.raises(ConfigurationError) as refused:
        load_both(rules)

    assert reason in str(refused.value)
    assert f"{file}:" in str(refused.value)
