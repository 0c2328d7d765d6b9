"""Presets are laid over the rules, and whatever is wrong is refused where it was written."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from gateway.errors import ConfigurationError
from gateway.rulebook.folder import rules_folder
from gateway.rulebook.policy import load_policy
from gateway.rulebook.preset import check_files, preset_names, read_rules

SHIPPED = rules_folder("")


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """A copy of the rules with a preset `mine` that is still empty."""
    shutil.copytree(SHIPPED, tmp_path / "rules")
    (tmp_path / "rules" / "presets" / "mine").mkdir()
    return tmp_path / "rules"


def lay(rules: Path, name: str, text: str) -> Path:
    path = rules / "presets" / "mine" / name
    path.write_text(text)
    return path


def test_the_five_presets_are_there_and_right() -> None:
    assert preset_names(SHIPPED) == [
        "customer-care",
        "erp-flex",
        "industrial-erp",
        "learning-saas",
        "partner-24x7",
    ]
    versions = {load_policy(SHIPPED, preset).version for preset in ("", *preset_names(SHIPPED))}
    assert len(versions) == 6


def test_entries_are_changed_taken_out_and_added_by_their_id(rules: Path) -> None:
    lay(
        rules,
        "workflow.yaml",
        "why: a desk with no third parties\n"
        "states:\n"
        "  - {id: waiting_third_party, remove: true}\n"
        "  - id: submitted\n"
        "    becomes: {in_progress: [desk], waiting_customer: [desk], scheduled: [desk], resolved: [desk], closed: [desk, customer]}\n"
        "  - id: in_progress\n"
        "    becomes: {waiting_customer: [desk], scheduled: [desk], resolved: [desk], closed: [desk, customer]}\n"
        "  - id: waiting_customer\n"
        "    becomes: {in_progress: [desk, customer], scheduled: [desk], resolved: [desk], closed: [desk, customer, timer]}\n"
        "  - id: scheduled\n"
        "    becomes: {in_progress: [desk], waiting_customer: [desk], resolved: [desk], closed: [desk, customer]}\n",
    )
    lay(
        rules,
        "notifications.yaml",
        "why: nobody waits for third parties\n"
        "notifications:\n"
        "  - {id: third-party, remove: true}\n"
        "  - {id: third-party-participants, remove: true}\n",
    )

    states = load_policy(rules, "mine").workflow.states

    assert "waiting_third_party" not in states
    assert list(states)[:3] == ["submitted", "in_progress", "waiting_customer"]


@pytest.mark.parametrize(
    ("name", "text", "line", "words"),
    [
        ("workflow.yaml", "initial: submitted\n", 1, "`why` is missing"),
        ("workflow.yaml", "why: x\nintial: submitted\n", 2, "'intial'"),
        (
            "workflow.yaml",
            "why: x\nstates:\n  - {id: gone, remove: true}\n",
            3,
            "no 'gone' that could be removed",
        ),
        (
            "workflow.yaml",
            "why: x\nstates:\n  - id: resolved\n    becomes: {in_progress: [desk, customer], shut: [desk]}\n",
            4,
            "no state 'shut'",
        ),
        ("sla.yaml", "why: x\ntargets:\n  low:\n    response: soon\n", 4, "soon"),
        ("calendars.yaml", "why: x\ncalendars:\n  FR: {zone: Europe/Pari}\n", 3, "Europe/Pari"),
    ],
)
def test_a_wrong_overlay_is_refused_with_its_own_file_and_line(
    rules: Path, name: str, text: str, line: int, words: str
) -> None:
    path = lay(rules, name, text)

    with pytest.raises(ConfigurationError) as refused:
        load_policy(rules, "mine")

    assert str(refused.value).startswith(f"{path}:{line}: ")
    assert words in str(refused.value)


def test_what_was_not_overlaid_keeps_its_own_line(rules: Path) -> None:
    lay(rules, "workflow.yaml", "why: x\nstates:\n  - {id: submitted, label: {en: New, fr: Nouvelle}}\n")
    base = (rules / "workflow.yaml").read_text().splitlines()
    source = read_rules(rules, "workflow.yaml", "mine")

    error = source.refuse(("states", 5, "id"), "x")
    assert base[source.line(("states", 5, "id")) - 1].strip() == "- id: resolved"
    assert str(error).startswith(str(rules / "workflow.yaml"))


def test_a_preset_that_is_not_there_and_a_file_over_nothing_are_refused(rules: Path) -> None:
    with pytest.raises(ConfigurationError, match="no preset 'other'"):
        load_policy(rules, "other")
    lay(rules, "workfow.yaml", "why: x\n")
    with pytest.raises(ConfigurationError, match="no such file in the rules"):
        check_files(rules, "mine")
