"""The shipped rules: they load, they do what their examples say, and seeded faults are refused with a line."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from gateway.cli.rules import check, try_examples
from gateway.domain.policy import Audience
from gateway.errors import ConfigurationError
from gateway.rulebook.clock_examples import run_clock_examples
from gateway.rulebook.folder import rules_folder
from gateway.rulebook.policy import load_policy
from gateway.rulebook.policy_examples import run_policy_examples
from gateway.rulebook.reading_examples import ReadingExample

SHIPPED = rules_folder("")
EXAMPLES = [*run_policy_examples(SHIPPED), *run_clock_examples(SHIPPED)]


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SHIPPED, tmp_path / "rules"))


def _line_of(file: Path, words: str) -> int:
    return file.read_text(encoding="utf-8").splitlines().index(words) + 1


@pytest.mark.parametrize("example", EXAMPLES, ids=[f"{one.file}: {one.example}" for one in EXAMPLES])
def test_the_rules_own_examples_hold(example: ReadingExample) -> None:
    assert example.found == example.expected


def test_every_state_and_every_notified_event_has_an_example() -> None:
    policy = load_policy(SHIPPED)
    shown = {one.example for one in EXAMPLES}

    for state in policy.workflow.states:
        assert any(words.startswith(f"a reply in {state} ") for words in shown)
        assert any(f"to {state}" in words for words in shown) or state == policy.workflow.initial
    for rule in policy.notifications:
        assert f"{rule.event} {rule.state}".rstrip() in shown


def test_every_shipped_rule_uses_a_shipped_template(capsys: pytest.CaptureFixture[str]) -> None:
    check(SHIPPED, "")

    assert "are right (version " in capsys.readouterr().out


def test_labels_are_looked_up_by_language_and_fall_back_on_english() -> None:
    policy = load_policy(SHIPPED)

    assert policy.workflow.states["waiting_customer"].labels["fr"] == "En attente du client"
    assert policy.priorities["urgent"].label("fr") == "Critique"
    assert policy.priorities["urgent"].label("de") == "Urgent"
    assert policy.types["change_request"].meaning("fr") == ""
    assert policy.workflow.resolutions["no_answer"].label("fr") == "Sans réponse du client"


def test_a_mail_opens_a_low_ticket_and_the_most_urgent_is_first_in_the_queue() -> None:
    policy = load_policy(SHIPPED)

    assert policy.default_priority == "low"
    assert sorted(policy.priorities, key=policy.rank) == ["urgent", "high", "medium", "low"]


def test_the_customer_is_told_of_every_state_but_the_first() -> None:
    policy = load_policy(SHIPPED)

    told = {rule.state for rule in policy.notifications if rule.audience is Audience.REQUESTER and rule.state}

    assert told == set(policy.workflow.states) - {policy.workflow.initial}


def test_the_version_changes_with_any_file(rules: Path) -> None:
    before = load_policy(rules).version
    file = rules / "reading" / "languages.yaml"
    file.write_text(file.read_text(encoding="utf-8") + "\n", encoding="utf-8")

    assert load_policy(rules).version != before
    assert load_policy(SHIPPED).version == before


@pytest.mark.parametrize(
    "name", ["workflow", "priorities", "types", "notifications", "intake", "calendars", "sla", "reminders"]
)
def test_a_missing_file_is_named(rules: Path, name: str) -> None:
    (rules / f"{name}.yaml").unlink()

    with pytest.raises(ConfigurationError, match=rf"{name}\.yaml: cannot be read"):
        load_policy(rules)


# file, what stands there, what stands there instead, the line that is named, why
FAULTS = [
    ("workflow", "initial: submitted", "initial: submited", "initial: submited", "did you mean 'submitted'?"),
    ("workflow", "initial: submitted", "initial: closed", "initial: closed", "is not open"),
    ("workflow", "  - id: scheduled", "  - id: closed", "  - id: closed", "'closed' is there twice"),
    ("workflow", "  - id: resolved", "  - id: Résolu", "  - id: Résolu", "pattern"),
    (
        "workflow",
        "    label: {en: Resolved, fr: Résolu}",
        "    label: {en: Resolved}",
        "    label: {en: Resolved}",
        "the label in 'fr' is missing",
    ),
    (
        "workflow",
        "    why: an agent works on it",
        "    whi: an agent works on it",
        "    whi: an agent works on it",
        "did you mean 'why'?",
    ),
    (
        "workflow",
        "      closed: [desk, customer, timer]",
        "      close: [desk, customer, timer]",
        "      close: [desk, customer, timer]",
        "no state 'close'",
    ),
    (
        "workflow",
        "    becomes:\n      in_progress: [desk, customer]\n      closed: [desk, customer]\n",
        "    becomes: {}\n",
        "    becomes: {}",
        "nobody could ever leave 'resolved'",
    ),
    (
        "workflow",
        "      closed: [desk, customer, timer]",
        "      waiting_customer: [desk, customer, timer]",
        "      waiting_customer: [desk, customer, timer]",
        "a ticket that is waiting_customer need not become it",
    ),
    (
        "workflow",
        "      closed: [desk, customer, timer]",
        "      closed: [desk, custommer, timer]",
        "      closed: [desk, custommer, timer]",
        "no mover 'custommer'; did you mean 'customer'?",
    ),
    (
        "workflow",
        "      closed: [desk, customer, timer]",
        "      closed: [desk, customer]",
        "      closed: [desk, customer]",
        "name `timer` here too",
    ),
    (
        "workflow",
        "      closed: [desk, customer, timer]",
        "      closed: []",
        "      closed: []",
        "nobody may do so",
    ),
    (
        "workflow",
        "      in_progress: [desk, customer]",
        "      in_progress: [desk]",
        "    customer_reply: in_progress",
        "does not let a customer",
    ),
    (
        "workflow",
        "    needs: [at, who]",
        "    needs: [at, whom]",
        "    needs: [at, whom]",
        "no field 'whom'; did you mean 'who'?",
    ),
    (
        "workflow",
        "    customer_reply: in_progress",
        "    customer_reply: closed",
        "    customer_reply: closed",
        "cannot end a ticket",
    ),
    (
        "workflow",
        "    why: an agent works on it",
        "    why: an agent works on it\n    reopens: true",
        "    reopens: true",
        "can be reopened",
    ),
    (
        "workflow",
        "    why: an agent works on it",
        "    why: an agent works on it\n    follow_up: true",
        "    follow_up: true",
        "is followed up",
    ),
    (
        "workflow",
        "  - {id: fixed, label: {en: Fixed, fr: Corrigé}}",
        "  - {id: answered, label: {en: Fixed, fr: Corrigé}}",
        "  - {id: answered, label: {en: Fixed, fr: Corrigé}}",
        "'answered' is there twice",
    ),
    ("priorities", "  - id: high", "  - id: urgent", "  - id: urgent", "'urgent' is there twice"),
    (
        "priorities",
        "      fr: le contournement est possible, mais difficile et coûteux",
        "",
        "    meaning:",
        "the meaning in 'fr' is missing",
    ),
    ("types", "default: assistance", "default: help", "default: help", "there is no type 'help'"),
    (
        "notifications",
        "    event: nudged",
        "    event: nugded",
        "    event: nugded",
        "did you mean 'nudged'?",
    ),
    ("notifications", "    to: team", "    to: everybody", "    to: everybody", "it can be 'requester'"),
    ("notifications", "  - id: nudged", "  - id: reopened", "  - id: reopened", "'reopened' is there twice"),
    (
        "notifications",
        "    event: nudged",
        "    event: nudged\n    state: closed",
        "    state: closed",
        "only state_changed has a state",
    ),
    (
        "notifications",
        "    template: new-ticket",
        "    template: new-tiket",
        "    template: new-tiket",
        "no template 'new-tiket'; did you mean 'new-ticket'?",
    ),
    (
        "intake",
        "  participants: 10",
        "  participants: many",
        "  participants: many",
        "should be a valid integer",
    ),
    (
        "intake",
        "  participants: 10",
        "  participant: 10",
        "  participant: 10",
        "did you mean 'participants'?",
    ),
    (
        "workflow",
        "    clocks: {response: pause, resolution: pause}",
        "    clocks: {response: pause, resolution: stop}",
        "    clocks: {response: pause, resolution: stop}",
        "a ticket that is waiting_third_party is not resolved yet",
    ),
    (
        "workflow",
        "    clocks: {response: end, resolution: stop}",
        "    clocks: {response: end, resolution: run}",
        "    clocks: {response: end, resolution: run}",
        "a ticket that is resolved has no running clock",
    ),
    (
        "workflow",
        "    clocks: {response: run, resolution: run}",
        "    clocks: {response: pause, resolution: run}",
        "    clocks: {response: pause, resolution: run}",
        "the response clock of a new ticket must run",
    ),
    (
        "workflow",
        "    clocks: {response: run, resolution: run}",
        "    clocks: {response: go, resolution: run}",
        "    clocks: {response: go, resolution: run}",
        "it can be 'run', 'pause', 'stop' or 'end'",
    ),
    (
        "calendars",
        "    zone: Europe/London",
        "    zone: Europe/Londres",
        "    zone: Europe/Londres",
        "there is no time zone 'Europe/Londres'",
    ),
    ("calendars", "    zone: UTC", "    zone: ../UTC", "    zone: ../UTC", "there is no time zone"),
    (
        "calendars",
        "    country: GB",
        "    country: GBX",
        "    country: GBX",
        "there is no country with public holidays 'GBX'; did you mean 'GB'?",
    ),
    (
        "calendars",
        "    region: ENG",
        "    region: ENGL",
        "    region: ENGL",
        "there is no region of GB 'ENGL'; did you mean 'ENG'?",
    ),
    ("calendars", "    country: GB", "    closed: []", "    region: ENG", "a region needs its country"),
    (
        "calendars",
        "    country: GB",
        "    country: GB\n    closed: [{day: 2026-02-30, why: never}]",
        "    closed: [{day: 2026-02-30",
        "valid date",
    ),
    (
        "calendars",
        "    hours: {monday: 09:00-17:30,",
        "    hours: {monday: 9-17,",
        "    hours:",
        "'9-17' is not",
    ),
    (
        "calendars",
        "    hours: {monday: 09:00-17:30,",
        "    hours: {monday: 17:30-09:00,",
        "    hours:",
        "must follow one another",
    ),
    (
        "calendars",
        "    hours: {monday: 09:00-17:30,",
        "    hours: {mondays: 09:00-17:30,",
        "    hours:",
        "did you mean 'monday'?",
    ),
    (
        "sla",
        "  business-hours: FR",
        "  business-hours: FRA",
        "  business-hours: FRA",
        "there is no calendar 'FRA'; did you mean 'FR'?",
    ),
    ("sla", "  24x7: 24x7", "  24/7: 24x7", "  24/7: 24x7", "no coverage '24/7'; did you mean '24x7'?"),
    ("sla", "  24x7: 24x7", "", "coverages:", "the calendar of '24x7' is missing"),
    (
        "sla",
        "default_coverage: business-hours",
        "default_coverage: all",
        "default_coverage: all",
        "no coverage",
    ),
    ("sla", "warn_after: 75%", "warn_after: 75", "warn_after: 75", "'75' is not a share such as 75%"),
    ("sla", "  urgent:", "  urgend:", "  urgend:", "no priority 'urgend'; did you mean 'urgent'?"),
    (
        "sla",
        "    resolution: 4 hours",
        "    resolution: 20 minutes",
        "    resolution: 20 minutes",
        "cannot be resolved before it is answered",
    ),
    (
        "sla",
        "    response: 30 minutes",
        "    response: 0 minutes",
        "    response: 0",
        "nobody can keep 0 minutes",
    ),
    (
        "sla",
        "    resolution: 40 hours",
        "    resolution: 5 days",
        "    resolution: 5 days",
        "in hours and minutes",
    ),
    (
        "sla",
        "    resolution: 40 hours",
        "    resolution: 40h",
        "    resolution: 40h",
        "not a duration such as",
    ),
    (
        "reminders",
        "  remind_after: [3 days, 6 days]",
        "  remind_after: [3 days, 3 days]",
        "  remind_after:",
        "each reminder must be later",
    ),
    (
        "reminders",
        "  close_after: 12 days",
        "  close_after: 6 days",
        "  close_after:",
        "must be later than the last",
    ),
    (
        "reminders",
        "  notice: 2 days",
        "  notice: 4 days",
        "  notice:",
        "longer than the time between two reminders",
    ),
    (
        "priorities",
        "    set_by: [desk]",
        "    set_by: [dessk]",
        "    set_by: [dessk]",
        "no mover 'dessk'; did you mean 'desk'?",
    ),
    ("priorities", "    set_by: [desk]", "    set_by: [timer]", "    set_by: [timer]", "no mover 'timer'"),
    ("priorities", "    set_by: [desk]", "    set_by: []", "    set_by: []", "at least 1 item"),
    ("reminders", "  share_of_open: 10%", "  share_of_open: 0%", "  share_of_open:", "is not a share"),
]


@pytest.mark.parametrize(
    ("name", "old", "new", "at", "reason"), FAULTS, ids=[f"{f[0]}: {f[4] or f[2].strip()}" for f in FAULTS]
)
def test_a_seeded_fault_is_refused_with_file_line_and_reason(
    rules: Path, name: str, old: str, new: str, at: str, reason: str
) -> None:
    file = rules / f"{name}.yaml"
    text = file.read_text(encoding="utf-8")
    assert f"{old}\n" in text or f"{old} " in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    templates = {rule.template for rule in load_policy(SHIPPED).notifications}

    with pytest.raises(ConfigurationError) as refused:
        load_policy(rules, templates=templates)

    assert refused.value.file == str(file)
    found = file.read_text(encoding="utf-8").splitlines()[(refused.value.line or 0) - 1]
    assert found.startswith(at)
    assert reason in refused.value.reason


def test_a_state_that_nothing_leads_to_is_refused(rules: Path) -> None:
    file = rules / "workflow.yaml"
    island = "  - id: {0}\n    label: {{en: A, fr: A}}\n    why: nobody comes here\n"
    island += "    clocks: {{response: run, resolution: run}}\n    becomes: {{{1}: [desk]}}\n"
    text = file.read_text(encoding="utf-8")
    file.write_text(
        text.replace(
            "\nresolutions:", "\n" + island.format("a", "b") + island.format("b", "a") + "\nresolutions:"
        ),
        encoding="utf-8",
    )

    with pytest.raises(ConfigurationError, match="nothing ever becomes 'a'") as refused:
        load_policy(rules)

    assert refused.value.line == _line_of(file, "  - id: a")


def test_an_example_that_does_not_hold_is_shown(rules: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = rules / "workflow.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("reopen_window_days: 30", "reopen_window_days: 10"), encoding="utf-8")

    assert try_examples(rules, as_json=False) == 1
    assert (
        "workflow.yaml: a reply in closed after 30 days: follow_up, and should be in_progress"
        in capsys.readouterr().out
    )


def test_examples_are_counted_or_printed_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert try_examples(SHIPPED, as_json=False) == 0
    counted = int(capsys.readouterr().out.split()[0])

    assert try_examples(SHIPPED, as_json=True) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    assert len(rows) == counted
    assert all(row["ok"] and row["expected"] == row["found"] for row in rows)
    assert {row["file"] for row in rows} >= {
        "workflow.yaml",
        "notifications.yaml",
        "bounces.yaml",
        "sla.yaml",
    }


def test_an_example_of_a_state_that_does_not_exist_is_refused(rules: Path) -> None:
    file = rules / "workflow.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("{state: submitted, gives", "{state: submited, gives"), encoding="utf-8")

    with pytest.raises(ConfigurationError, match="did you mean 'submitted'") as refused:
        list(run_policy_examples(rules))

    assert refused.value.line == _line_of(file, "    - {state: submited, gives: submitted}")


EXAMPLE_FAULTS = [
    ("calendars", "calendar: GB, from", "calendar: UK, from", "no calendar 'UK'"),
    ("calendars", "from: 2026-12-24 17:00", "from: 2026-12-24 25:00", "is not a time such as"),
    ("sla", "coverage: 24x7", "coverage: 24/7", "no coverage '24/7'"),
    ("sla", "09:00 medium,", "09:00 middle,", "no priority 'middle'"),
    ("sla", "11:00 resolved,", "11:00 solved,", "no priority or state 'solved'"),
    ("sla", "at: 2026-11-21 03:22", "at: later", "is not a time such as"),
]


@pytest.mark.parametrize(("name", "old", "new", "reason"), EXAMPLE_FAULTS)
def test_a_clock_example_that_names_what_is_not_there_is_refused(
    rules: Path, name: str, old: str, new: str, reason: str
) -> None:
    file = rules / f"{name}.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace(old, new, 1), encoding="utf-8")

    with pytest.raises(ConfigurationError, match=reason) as refused:
        list(run_clock_examples(rules))

    assert refused.value.file == str(file)
    assert new in file.read_text(encoding="utf-8").splitlines()[(refused.value.line or 0) - 1]


def test_a_configured_folder_goes_before_the_shipped_one(rules: Path) -> None:
    assert rules_folder(str(rules)) == rules
    assert rules_folder("").name == "rules"
    with pytest.raises(ConfigurationError, match="no such folder of rules"):
        rules_folder(str(rules / "nowhere"))
