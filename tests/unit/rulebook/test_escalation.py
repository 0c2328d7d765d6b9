"""The rules of the escalation process hold together."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from gateway.errors import ConfigurationError
from gateway.rulebook.escalation import load_escalation
from gateway.rulebook.folder import rules_folder
from gateway.rulebook.reading import load_reading_tables

PRIORITIES = ("urgent", "high", "medium", "low")


def test_every_ground_and_refusal_has_its_labels() -> None:
    folder = rules_folder("")
    labels = load_escalation(folder, PRIORITIES).labels
    rules = load_reading_tables(folder).intent.rules

    read = {rule.id for rule in rules if rule.sense.value in {"ground", "refusal"}}
    assert read <= set(labels)


@pytest.mark.parametrize(
    ("file", "old", "new", "words"),
    [
        ("process.yaml", "level: 2", "level: 3", "no level 2 to climb from"),
        ("process.yaml", "[urgent]", "[critical]", "critical"),
        ("process.yaml", "straight: [security-flaw", "straight: [security-flow", "security-flow"),
        ("process.yaml", "nudge_first: false", "nudge_frist: false", "nudge_frist"),
        ("labels.yaml", "sso-down: {en: authentication (SSO) is down, ", "sso-down: {", "'en'"),
    ],
)
def test_a_wrong_rule_is_refused_with_its_file(
    tmp_path: Path, file: str, old: str, new: str, words: str
) -> None:
    shutil.copytree(rules_folder("") / "escalation", tmp_path / "escalation")
    path = tmp_path / "escalation" / file
    path.write_text(path.read_text().replace(old, new))

    with pytest.raises(ConfigurationError) as refused:
        load_escalation(tmp_path, PRIORITIES)
    assert file in str(refused.value)
    assert words in str(refused.value)
