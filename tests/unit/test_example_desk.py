"""What `make run` starts with: the example desk and its settings are right, and all its names are reserved."""

from __future__ import annotations

import tomllib
from dataclasses import fields
from pathlib import Path

from gateway.domain.address import author_key
from gateway.rulebook.desk_file import load_desk_file
from gateway.settings import load_settings
from gateway.settings.sections import SECTIONS

ROOT = Path(__file__).parents[2]
# RFC 2606 section 2: nobody will ever have them.
RESERVED = (".test", ".example")


def test_the_example_desk_has_every_role_and_customers_in_both_languages() -> None:
    desk = load_desk_file(ROOT / "desk.yaml")

    assert {role for person in desk.people for role in person.roles} == {
        "agent",
        "support_lead",
        "offer_owner",
        "account_manager",
    }
    assert {contact.language for _, contact in desk.contacts} == {"fr", "en"}
    assert all(organisation.account_managers for organisation in desk.organisations)
    assert {organisation.coverage for organisation in desk.organisations} == {"24x7", "business-hours"}


def test_every_team_of_the_example_desk_has_a_lead_and_an_agent_who_speaks_french() -> None:
    desk = load_desk_file(ROOT / "desk.yaml")

    for team in desk.teams:
        members = [person for person in desk.people if person.team == team.name]
        assert author_key(team.lead) in {person.key for person in members}
        assert any(person.language == "fr" for person in members)


def test_nobody_real_is_ever_written_to() -> None:
    desk = load_desk_file(ROOT / "desk.yaml")
    addresses = [
        *(each.key for each in desk.addresses),
        *(each.key for each in desk.people),
        *(contact.key for _, contact in desk.contacts),
        *(author_key(team.address) for team in desk.teams),
        *(f"x@{domain}" for each in desk.organisations for domain in each.domains),
        f"x@{desk.domain}",
    ]

    assert [address for address in addresses if not address.endswith(RESERVED)] == []


def test_the_example_settings_say_what_the_defaults_are() -> None:
    """Whoever deletes a line of them changes nothing."""
    written = tomllib.loads((ROOT / "gateway.toml").read_text(encoding="utf-8"))
    defaults = {
        name: {field.name: field.metadata["default"] for field in fields(SECTIONS[name])} for name in written
    }

    assert written == {name: {key: defaults[name][key] for key in keys} for name, keys in written.items()}
    assert load_settings(ROOT / "gateway.toml", {}).desk.file == ROOT / "desk.yaml"
