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


@pytest.mark.parametrize("mode", ["suggest", "shadow"])
def test_a_rule_that_may_not_act_is_shown_or_logged(rules: Path, mode: str) -> None:
    from gateway.domain.intent.read import read_intent
    from gateway.domain.zones import Zones

    path = rules / "escalation" / "lexicon.fr.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace("sense: escalation\n", f"sense: escalation\n    mode: {mode}\n"), encoding="utf-8"
    )

    intent = read_intent(Zones("Pouvez-vous escalader ?", "", ""), load_intent_tables(rules))

    assert intent.asked == "none"
    shown = {"suggest": intent.suggested, "shadow": intent.shadowed}
    assert [hit.text for hit in shown.pop(mode)] == ["Pouvez-vous escalader"]
    assert list(shown.values()) == [()]


def test_a_preset_puts_a_ground_into_shadow_and_its_examples_hold(rules: Path) -> None:
    from gateway.rulebook.intent_examples import meanings_of, read_text

    home = rules / "presets" / "erp-flex" / "escalation"
    home.mkdir()
    (home / "grounds.yaml").write_text(
        "why: this desk wants to see first\nrules:\n  - {id: sso-down, mode: suggest}\n", encoding="utf-8"
    )

    intent = read_text("Le SSO est en panne.", load_intent_tables(rules, "erp-flex"))

    assert (intent.grounds, meanings_of(intent)) == ((), {"sso-down"})
    assert read_text("Le SSO est en panne.", load_intent_tables(rules)).grounds == ("sso-down",)
    ran = list(run_intent_examples(rules, "erp-flex"))
    assert ran
    assert all(one.passes for one in ran)


def test_what_has_no_effect_has_no_mode(rules: Path) -> None:
    path = rules / "escalation" / "lexicon.en.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("sense: mention\n", "sense: mention\n    mode: shadow\n"), encoding="utf-8")

    with pytest.raises(ConfigurationError, match=r"lexicon\.en\.yaml:\d+: .*no mode"):
        load_intent_tables(rules)
