"""The rules of rules/escalation: their examples hold, and what is wrong in them is refused with its line."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from gateway.errors import ConfigurationError
from gateway.rulebook.folder import rules_folder
from gateway.rulebook.intent import load_intent_tables
from gateway.rulebook.intent_examples import run_intent_examples


def test_the_rules_own_examples_hold() -> None:
    examples = list(run_intent_examples(rules_folder("")))

    assert [f"{one.example}: {one.found}" for one in examples if not one.passes] == []
    assert len(examples) > 850


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    return Path(shutil.copytree(rules_folder(""), tmp_path / "rules"))


@pytest.mark.parametrize(
    ("file", "old", "new", "reason"),
    [
        ("lexicon.fr.yaml", "{ask_inf_fr} * {esc_inf_fr}", "{nobody} escalader", "no word class 'nobody'"),
        (
            "lexicon.fr.yaml",
            "^ [{lead_fr}] escalade urgente",
            "[escalade]",
            "no word in it that must be there",
        ),
        ("lexicon.en.yaml", "hereby escalate|escalating", "hereby [escalate", "a bracket is not closed"),
        ("lexicon.en.yaml", "sense: nudge", "sense: nugde", "'rules.5.sense' cannot be 'nugde'"),
        ("operators.en.yaml", "reach: inside", "reach: outside", "cannot be 'outside'"),
        ("grounds.yaml", "    why: Nobody can work at all.\n", "", "why' is missing"),
        (
            "refusals.yaml",
            '    examples: ["Le problème',
            '    exemples: ["Le problème',
            "did you mean 'examples'",
        ),
        ("quantities.yaml", "deux: 2", "deux: two", "deux"),
    ],
)
def test_a_wrong_rule_is_refused_with_file_line_and_reason(
    rules: Path, file: str, old: str, new: str, reason: str
) -> None:
    path = rules / "escalation" / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")

    with pytest.raises(ConfigurationError) as refused:
        load_intent_tables(rules)

    assert refused.value.line is not None
    assert file in str(refused.value)
    assert reason in str(refused.value)


def test_a_rule_in_shadow_suggests_and_does_not_act(rules: Path) -> None:
    from gateway.domain.intent.read import read_intent
    from gateway.domain.zones import Zones

    path = rules / "escalation" / "lexicon.fr.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace("sense: escalation\n", "sense: escalation\n    mode: shadow\n"), encoding="utf-8"
    )

    intent = read_intent(Zones("Pouvez-vous escalader ?", "", ""), load_intent_tables(rules))

    assert intent.asked == "none"
    assert [hit.text for hit in intent.suggested] == ["Pouvez-vous escalader"]
