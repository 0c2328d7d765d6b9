"""Desk files: the contract's example loads, and each kind of mistake is refused with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.domain.desk import DeskFile
from gateway.errors import ConfigurationError
from gateway.rulebook.desk_file import load_desk_file

# The one of the contract, word for word.
EXAMPLE = """\
domain: example.test              # of the signed reply and bounce addresses
addresses:
  - {address: support@example.test, team: support, offer: cloud}
phone: "+33 1 00 00 00 00"        # emergencies
teams:
  - {name: support, address: team@example.test, lead: lea@example.test}
people:
  - {name: Lea Martin, address: lea@example.test, roles: [agent, support_lead], team: support, language: fr}
  - {name: Ana Costa, address: ana@example.test, roles: [agent], team: support}
  - {name: Omar Diallo, address: omar@example.test, roles: [offer_owner], offers: [cloud]}
  - {name: Max Weber, address: max@example.test, roles: [account_manager]}
organisations:
  - name: Acme
    domains: [acme.test]
    contacts: [{name: Chloe Petit, address: chloe@acme.test, language: fr}]
    account_managers: [max@example.test]
    offer: cloud
    coverage: 24x7                # or business-hours, with calendar: FR
    flex_balance_hours: 20
"""


def _load(folder: Path, text: str) -> DeskFile:
    file = folder / "desk.yaml"
    file.write_text(text, encoding="utf-8")
    return load_desk_file(file)


def test_the_contracts_example_loads(tmp_path: Path) -> None:
    desk = _load(tmp_path, EXAMPLE)

    assert desk.domain == "example.test"
    assert desk.phone == "+33 1 00 00 00 00"
    assert [each.key for each in desk.addresses] == ["support@example.test"]
    assert desk.teams[0].lead == "lea@example.test"
    assert desk.people[0].roles == {"agent", "support_lead"}
    assert desk.people[0].language == "fr"
    assert desk.people[2].offers == ("cloud",)
    acme = desk.organisations[0]
    assert (acme.domains, acme.account_managers) == (("acme.test",), ("max@example.test",))
    assert (acme.coverage, acme.flex_balance_minutes) == ("24x7", 1200)
    assert [(name, contact.key) for name, contact in desk.contacts] == [("Acme", "chloe@acme.test")]


def test_a_calendar_that_the_rules_do_not_have_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "desk.yaml"
    file.write_text(EXAMPLE.replace("coverage: 24x7 ", "calendar: FRA #"), encoding="utf-8")

    with pytest.raises(ConfigurationError, match="no calendar 'FRA'; did you mean 'FR'") as refused:
        load_desk_file(file, calendars=["24x7", "FR"])

    assert "calendar: FRA" in file.read_text(encoding="utf-8").splitlines()[(refused.value.line or 0) - 1]


def test_addresses_are_compared_in_lower_case_and_kept_as_written(tmp_path: Path) -> None:
    desk = _load(tmp_path, EXAMPLE.replace("chloe@acme.test", "Chloe.Petit@ACME.test"))

    contact = desk.contacts[0][1]

    assert (contact.key, contact.address) == ("chloe.petit@acme.test", "Chloe.Petit@ACME.test")


def test_a_desk_needs_no_more_than_a_domain_an_address_and_its_team(tmp_path: Path) -> None:
    desk = _load(
        tmp_path,
        "domain: example.test\naddresses: [{address: help@example.test, team: all}]\nteams: [{name: all}]\n",
    )

    assert (desk.people, desk.organisations, desk.phone) == ((), (), "")


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        ("domain: example.test", "domain: nowhere", 1, "'nowhere' is not a mail domain"),
        ("domain: example.test  ", "domian: example.test", 1, "no key 'domian'; did you mean 'domain'?"),
        ("team: support, offer", "team: suport, offer", 3, "no team 'suport'; did you mean 'support'?"),
        ("support@example.test", "support at example.test", 3, "is not a mail address"),
        ("support@example.test", "support-for-everybody@example.test", 3, "more than 20 characters"),
        ("support@example.test", "support+fr@example.test", 3, "a + before the @ is kept"),
        ("support@example.test", "Bounces@example.test", 3, "is kept for returned mail"),
        ("team@example.test", "team", 6, "'team' is not a mail address"),
        ("team@example.test", "Support@example.test", 6, "is the desk's own"),
        ("lead: lea@", "lead: leo@", 6, "'leo@example.test' is not among the people"),
        ("support_lead", "suport_lead", 8, "'people.0.roles.1' cannot be 'suport_lead'; it can be 'agent'"),
        ("roles: [agent], team", "roles: [], team", 9, "at least 1 item"),
        ("language: fr}\n  - {name: Ana", "language: French}\n  - {name: Ana", 8, "is not a language"),
        ("roles: [agent], team: support", "roles: [agent], team: sales", 9, "no team 'sales'"),
        ("ana@example.test", "LEA@example.test", 9, "is already at line 8"),
        ("name: Ana Costa", 'name: ""', 9, "'people.1.name' must not be empty"),
        ("omar@example.test", "support@example.test", 10, "is already at line 3"),
        ("domains: [acme.test]", "domains: [gmail.com]", 14, "open to everybody"),
        ("domains: [acme.test]", "domains: [acme test]", 14, "'acme test' is not a mail domain"),
        ("domains: [acme.test]", "domains: [acme.test, ACME.test]", 14, "is already at line 14"),
        ("chloe@acme.test", "ana@example.test", 15, "is already at line 9"),
        ("chloe@acme.test", "chloe", 15, "'chloe' is not a mail address"),
        ("[max@example.test]", "[maxi@example.test]", 16, "'maxi@example.test' is not among the people"),
        ("coverage: 24x7 ", "coverage: 24/7 ", 18, "cannot be '24/7'; it can be '24x7' or 'business-hours'"),
        ("flex_balance_hours: 20", "flex_balance_hours: -1", 19, "greater than or equal to 0"),
        ("flex_balance_hours: 20", "flex_balance_hours: inf", 19, "flex_balance_hours"),
        ("flex_balance_hours: 20", "flex_balance_hours: twenty", 19, "should be a valid number"),
        ("flex_balance_hours: 20", "flex_balance: 20", 19, "did you mean 'flex_balance_hours'?"),
    ],
)
def test_a_mistake_is_refused_with_file_line_and_reason(
    tmp_path: Path, old: str, new: str, line: int, reason: str
) -> None:
    assert old in EXAMPLE

    with pytest.raises(ConfigurationError) as refused:
        _load(tmp_path, EXAMPLE.replace(old, new, 1))

    assert (refused.value.file, refused.value.line) == (str(tmp_path / "desk.yaml"), line)
    assert reason in refused.value.reason


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ("  - {name: Acme}\n", "the organisation 'Acme' is there twice"),
        ("  - {name: Globex, domains: [acme.test]}\n", "acme.test is already at line 14"),
        ("  - {name: Globex, contacts: [{address: chloe@acme.test}]}\n", "already at line 15"),
    ],
)
def test_two_organisations_share_nothing(tmp_path: Path, more: str, reason: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        _load(tmp_path, EXAMPLE + more)

    assert refused.value.line == 20
    assert reason in refused.value.reason


def test_two_teams_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="the team 'support' is there twice") as refused:
        _load(tmp_path, EXAMPLE.replace("people:", "  - {name: support}\npeople:"))

    assert refused.value.line == 7
