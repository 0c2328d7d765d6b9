"""Who is owed which notification for what has happened: the desk's rules as a table of our own.

Read from the top; nobody is told twice of what one act has brought about, and nobody of what they did.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.torture.year.people import (
    DEFAULT_LANGUAGE,
    EVERYBODY,
    STAFF,
    TEAMS,
    organisation_of,
    team_named,
)

if TYPE_CHECKING:
    from tests.torture.year.slow_ticket import SlowTicket


@dataclass(frozen=True, slots=True)
class Happened:
    """Something happened to a ticket.

    Attributes:
        by: who did it, or empty.
        about: the contact that it is about, where it has one; the asker of an escalation; the clock.
        confirm: whether a requester may be told of the opening.
    """

    name: str
    by: str = ""
    about: str = ""
    confirm: bool = True


@dataclass(frozen=True, slots=True)
class Owed:
    """A notification that is owed to somebody."""

    ticket: int
    template: str
    to: str
    language: str


_STATES = {
    "in_progress": "in-progress",
    "waiting_customer": "waiting-customer",
    "waiting_third_party": "waiting-third-party",
    "scheduled": "scheduled",
    "resolved": "resolved",
    "closed": "closed",
}
# What has happened, whom it is told, by which template; `state:X` is a change of state to X.
TABLE = (
    ("ticket_opened", "requester", "confirmation"),
    ("acknowledged", "contact", "acknowledgement"),
    ("escalation_requested", "matrix", "escalation-requested"),
    ("priority_claimed", "account_managers", "priority-claimed"),
    ("ticket_opened", "team", "new-ticket"),
    *((f"state:{state}", "requester", template) for state, template in _STATES.items()),
    *((f"state:{state}", "participants", template) for state, template in _STATES.items()),
    ("commented_by_desk", "requester", "desk-comment"),
    ("commented_by_desk", "participants", "desk-comment"),
    ("ticket_reopened", "team", "reopened"),
    ("nudged", "assignee_or_team", "nudged"),
    ("closed_by_customer", "assignee_or_team", "closed-by-customer"),
    ("commented_by_customer", "assignee_or_team", "customer-comment"),
    ("escalation_requested", "asker", "escalation-acknowledged"),
    ("escalation_climbed", "matrix", "escalation-requested"),
    ("escalation_approved", "requester", "escalation-approved"),
    ("escalation_approved", "asker", "escalation-approved"),
    ("escalation_approved", "participants", "escalation-approved"),
    ("escalation_refused", "requester", "escalation-refused"),
    ("escalation_refused", "asker", "escalation-refused"),
    ("priority_claimed", "asker", "claim-received"),
    ("claim_answered", "requester", "claim-answered"),
    ("confirmation_asked", "contact", "please-confirm"),
    ("commands_answered", "contact", "commands-answered"),
    ("mail_refused", "contact", "mail-refused"),
    ("customer_reminded", "requester", "reminder"),
    ("customer_reminded", "participants", "reminder"),
    ("sla_breached", "assignee_or_team", "sla-breached"),
    ("sla_breached", "lead", "sla-breached"),
    ("sla_warned", "assignee_or_team", "sla-warned"),
    ("update_owed", "assignee_or_team", "update-owed"),
    ("priority_lowered", "requester", "priority-changed"),
    ("mail_held", "team", "held"),
    ("held_reminded", "team", "still-held"),
    ("notification_returned", "assignee_or_team", "returned"),
)
_TELLS_ITS_AUTHOR = {
    ("ticket_opened", "requester"),
    ("escalation_requested", "asker"),
    ("confirmation_asked", "contact"),
    ("acknowledged", "contact"),
    ("priority_claimed", "asker"),
    ("commands_answered", "contact"),
    ("mail_refused", "contact"),
}


def owed(ticket: SlowTicket, happened: Sequence[Happened]) -> list[Owed]:
    """The notifications that one act owes, in their order; those of each clock stand for themselves."""
    of_clocks = [each for each in happened if each.name.startswith("sla_")]
    found = _owed(ticket, [each for each in happened if each not in of_clocks])
    for name in ("response", "resolution"):
        found += _owed(ticket, [each for each in of_clocks if each.about == name])
    return found


def _owed(ticket: SlowTicket, happened: Sequence[Happened]) -> list[Owed]:
    did = {each.by for each in happened if each.by}
    told: set[str] = set()
    found: list[Owed] = []
    for name, audience, template in TABLE:
        for each in happened:
            if each.name != name or (audience == "requester" and not each.confirm):
                continue
            for address, language in _audience(audience, ticket, each):
                itself = address in did and (name, audience) not in _TELLS_ITS_AUTHOR
                if address not in told and not itself:
                    told.add(address)
                    found.append(Owed(ticket.number, template, address, language))
    return found


def _audience(audience: str, ticket: SlowTicket, event: Happened) -> Iterator[tuple[str, str]]:
    match audience:
        case "requester":
            yield ticket.requester, ticket.language
        case "participants":
            yield from ((each, customer_language(each, ticket)) for each in ticket.participants)
        case "assignee_or_team" if ticket.assignee:
            yield ticket.assignee, staff_language(ticket.assignee)
        case "assignee_or_team" | "team":
            yield from _team(ticket)
        case "lead":
            lead = team_named(ticket.team).lead
            yield lead, staff_language(lead)
        case "account_managers":
            yield from ((each, staff_language(each)) for each in _managers(ticket))
        case "matrix":
            yield from ((each, staff_language(each)) for each in _matrix(ticket))
        case "asker" | "contact":
            staff = event.about in EVERYBODY and bool(EVERYBODY[event.about].roles)
            yield (
                event.about,
                staff_language(event.about) if staff else customer_language(event.about, ticket),
            )


def staff_language(address: str) -> str:
    """Of somebody on the roster."""
    return EVERYBODY[address].language or DEFAULT_LANGUAGE


def customer_language(address: str, ticket: SlowTicket) -> str:
    """A requester is written to in the request's language, others in their own."""
    if address == ticket.requester:
        return ticket.language
    return ticket.languages.get(address) or ticket.language


def _team(ticket: SlowTicket) -> Iterator[tuple[str, str]]:
    team = team_named(ticket.team)
    if team.address:
        yield team.address, staff_language(team.lead)
    else:
        yield from ((each, staff_language(each)) for each in team.members)


def _managers(ticket: SlowTicket) -> tuple[str, ...]:
    """The account managers of its organisation; where it has none, the lead."""
    organisation = organisation_of(ticket.requester)
    named = organisation.managers if organisation else ()
    return named or (team_named(ticket.team).lead,)


def _matrix(ticket: SlowTicket) -> Iterator[str]:
    organisation = organisation_of(ticket.requester)
    offer = organisation.offer if organisation else ""
    offer = offer or next(each.offer for each in TEAMS if each.desk_address == ticket.desk_address)
    for role in ticket.told_roles():
        match role:
            case "support_lead":
                yield team_named(ticket.team).lead
            case "account_manager":
                yield from _managers(ticket)
            case _:
                yield from (each.address for each in STAFF if each.offer == offer)
