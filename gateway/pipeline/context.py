"""What a template may use of an event: plain values, labels in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from gateway.domain.address import Mailbox, author_key
from gateway.domain.desk import Contact, Desk
from gateway.domain.events import (
    ClosedByCustomer,
    CommandsAnswered,
    ConfirmationAsked,
    CustomerReminded,
    EscalationEvent,
    EscalationPutOff,
    EscalationRequested,
    Event,
    FlexCharged,
    HeldReminded,
    LoweringUndone,
    MailHeld,
    MailRefused,
    NotificationReturned,
    PriorityChanged,
    PriorityClaimed,
    SlaWarned,
    StateChanged,
    StateUndone,
    TicketOpened,
    TicketReopened,
)
from gateway.domain.flex import say_minutes
from gateway.domain.held import reason_in
from gateway.domain.policy import Policy
from gateway.domain.ticket import Comment, Ticket
from gateway.pipeline.alert_context import alert_values, followed_values, named_values

# What an acknowledgement of an escalation asks for under another name than rules/diagnostics.yaml.
_SAME_DETAIL = {"how_many": "who"}


def context_of(
    event: Event, events: Iterable[Event], recipient: Mailbox, language: str, desk: Desk, policy: Policy
) -> Mapping[str, Any]:
    """The context that templates/README.md describes.

    Args:
        events: all that the same mail or act has brought about: whoever is told of one of them alone may
            read in that mail what else was asked for.
    """
    comment: Comment | None = getattr(event, "comment", None)
    return {
        "desk": _desk(event.ticket, desk),
        "recipient": {"name": recipient.name, "address": recipient.address},
        "ticket": _ticket(event.ticket, language, desk, policy),
        "comment": None if comment is None else _comment(comment, language, policy),
        "change": _change(event, language, policy),
        "attachments": [
            {
                "filename": each.filename,
                "size": each.size,
                "taken": not each.refused,
                "reason": policy.files.reason(each.refused, language),
            }
            for each in (comment.attachments if comment else ())
        ],
        "first_answer": first_answer_in(event, _beside(event, events, EscalationRequested), language, policy),
        "charge": _charge(event),
        "held": _held(event, language),
        "returned": _returned(event),
        "escalation": _escalation(_beside(event, events, EscalationRequested), language, policy),
        "claim": _claim(_beside(event, events, PriorityClaimed), language, policy),
        "answer": _answer(_beside(event, events, CommandsAnswered), language, policy),
        "put_off": isinstance(_beside(event, events, EscalationPutOff), EscalationPutOff),
        "sla": _sla(event),
        "reminder": _reminder(event, language),
        "alert": alert_values(event, language),
        "followed": followed_values(event, events, language),
    }


def _beside(event: Event, events: Iterable[Event], kind: type[Event]) -> Event:
    """For a ticket that was opened, what was asked for with it."""
    asked = (each for each in events if isinstance(each, kind) and each.ticket.number == event.ticket.number)
    return next(asked, event) if isinstance(event, TicketOpened) else event


def _desk(ticket: Ticket, desk: Desk) -> dict[str, Any]:
    address = desk.addresses.get(ticket.desk_address) or desk.default_address()
    return {
        "name": address.team[:1].upper() + address.team[1:],
        "address": address.address,
        "phone": desk.phone,
    }


def _ticket(ticket: Ticket, language: str, desk: Desk, policy: Policy) -> dict[str, Any]:
    priority = policy.priorities[ticket.priority]
    organisation = desk.organisations.get(ticket.organisation_id or 0)
    resolution = policy.workflow.resolutions.get(ticket.resolution)
    requester = ticket.requester.mailbox if ticket.requester else Mailbox("", "")
    return {
        "number": ticket.number,
        "subject": ticket.subject,
        "type": ticket.type,
        "type_label": policy.types[ticket.type].label(language),
        "priority": ticket.priority,
        "priority_label": priority.label(language),
        "priority_meaning": priority.meaning(language),
        "priority_chosen": ticket.priority != policy.default_priority,
        "claimed_priority": ticket.claimed_priority,
        "claimed_label": policy.priorities[ticket.claimed_priority].label(language)
        if ticket.claimed_priority
        else "",
        "state": ticket.state,
        "state_label": _state_label(ticket.state, language, policy),
        "resolution": ticket.resolution,
        "resolution_label": resolution.label(language) if resolution else ticket.resolution,
        "resolution_meaning": resolution.meaning(language) if resolution else "",
        "account_managers": _managers(ticket, desk),
        "organisation": organisation.name if organisation else "",
        "team": ticket.team,
        "requester": {"name": requester.name, "address": requester.address},
    }


def _comment(comment: Comment, language: str, policy: Policy) -> dict[str, Any]:
    author = comment.author.mailbox if comment.author else None
    return {
        "author": (author.name or author.address) if author else comment.author_shown,
        "text": comment.text,
        "evidence": comment.evidence,
        "verified": comment.verified,
        "mail": comment.inbound_id,
        "suggested": [
            {"label": policy.escalation.shown([each.means], language)[0], "words": each.words}
            for each in comment.suggested
        ],
    }


def _change(event: Event, language: str, policy: Policy) -> dict[str, Any] | None:
    match event:
        case StateChanged() | TicketReopened() | StateUndone() | ClosedByCustomer():
            before = _state_label(event.before, language, policy)
            after = _state_label(event.ticket.state, language, policy)
        case PriorityChanged() | LoweringUndone():
            before = policy.priorities[event.before].label(language)
            after = policy.priorities[event.ticket.priority].label(language)
        case _:
            return None
    details = dict(event.details) if isinstance(event, StateChanged) else {}
    return {
        "actor": (event.actor.name or event.actor.address) if event.actor else "",
        "from_label": before,
        "to_label": after,
        "reason": event.reason if isinstance(event, PriorityChanged) else "",
        "at": details.get("at", ""),
        "who": details.get("who", ""),
        "third_party": details.get("third_party", ""),
    }


def first_answer_in(event: Event, asked: Event, language: str, policy: Policy) -> dict[str, Any] | None:
    """What the confirmation of a new ticket says beside its recap.

    Args:
        asked: the request for escalation that came with it, if one did, whose acknowledgement asks for some of
            the details by itself.
    """
    if not isinstance(event, TicketOpened):
        return None
    answer = event.first_answer
    asked_there: set[str] = set()
    if isinstance(asked, EscalationRequested):
        asked_there = {_SAME_DETAIL.get(each, each) for each in asked.escalation.missing}
    missing = [each for each in answer.missing if each not in asked_there]
    return {
        "missing": [policy.checklist.ask(each, language) for each in missing],
        "articles": [{"title": each.title, "url": each.url} for each in answer.articles],
        "alerts": [named_values(each, language) for each in answer.alerts],
    }


def _charge(event: Event) -> dict[str, Any] | None:
    charge = event.charge if isinstance(event, StateChanged | FlexCharged) else None
    if charge is None:
        return None
    return {
        "time": say_minutes(charge.minutes),
        "left": say_minutes(charge.left),
        "overdrawn": charge.left < 0,
    }


def _managers(ticket: Ticket, desk: Desk) -> list[dict[str, str]]:
    organisation = desk.organisations.get(ticket.organisation_id or 0)
    keys = organisation.account_managers if organisation else ()
    found = [each for key in keys if (each := desk.staff.get(key))]
    team = desk.teams.get(ticket.team)
    if not found and team and (lead := desk.staff.get(author_key(team.lead))):
        found = [lead]
    return [{"name": each.name, "address": each.address} for each in found]


def _held(event: Event, language: str) -> dict[str, Any] | None:
    if isinstance(event, HeldReminded):
        mails = [{"author": each.author_shown, "inbound_id": each.inbound_id} for each in event.held]
        return {"mails": mails}
    if not isinstance(event, MailHeld):
        return None
    reason = reason_in(language, event.reason)
    return {"author": event.author_shown, "reason": reason, "inbound_id": event.inbound_id}


def _returned(event: Event) -> dict[str, Any] | None:
    if not isinstance(event, NotificationReturned):
        return None
    return {"address": event.contact.address if event.contact else "", "reason": event.reason}


def _escalation(event: Event, language: str, policy: Policy) -> dict[str, Any] | None:
    if not isinstance(event, EscalationEvent):
        return None
    found = event.escalation
    return {
        "by": _name(found.requested_by),
        "reason": found.reason,
        "grounds": policy.escalation.shown(found.grounds, language),
        "refusals": policy.escalation.shown(found.refusals, language),
        "missing": list(found.missing),
        "asked": found.asked,
        "level": found.level,
        "estimate": found.estimate,
        "decision_reason": found.decision_reason,
        "decided_by": _name(found.decided_by),
        "update_hours": round(policy.escalation.update_every.total_seconds() / 3600),
    }


def _claim(event: Event, language: str, policy: Policy) -> dict[str, Any] | None:
    if not isinstance(event, PriorityClaimed):
        return None
    return {"label": policy.priorities[event.claimed].label(language), "words": event.words}


def _answer(event: Event, language: str, policy: Policy) -> dict[str, Any] | None:
    match event:
        case CommandsAnswered():
            commands = [
                {
                    "command": each.command,
                    "done": each.done,
                    "why": each.french if language == "fr" else each.english,
                    "undo": each.undo,
                }
                for each in event.answers
            ]
            minutes = round(policy.escalation.undo_within.total_seconds() / 60)
            answer = {"commands": commands, "evidence": event.evidence, "deed": "", "reason": ""}
            return answer | {"undo_minutes": minutes}
        case ConfirmationAsked():
            return {"commands": [], "evidence": "", "deed": event.deed, "reason": ""}
        case MailRefused():
            return {"commands": [], "evidence": event.comment.evidence, "deed": "", "reason": event.reason}
        case _:
            return None


def _sla(event: Event) -> dict[str, Any] | None:
    if not isinstance(event, SlaWarned):
        return None
    return {"clock": event.clock, "due_at": f"{event.due_at:%Y-%m-%d %H:%M} UTC" if event.due_at else ""}


def _reminder(event: Event, language: str) -> dict[str, Any] | None:
    if not isinstance(event, CustomerReminded):
        return None
    shown = "%d/%m/%Y" if language == "fr" else "%Y-%m-%d"
    return {"number": event.number, "closes_on": f"{event.closes_at:{shown}}"}


def _name(contact: Contact | None) -> str:
    return (contact.name or contact.address) if contact else ""


def _state_label(state: str, language: str, policy: Policy) -> str:
    labels = policy.workflow.states[state].labels
    return labels.get(language) or labels["en"]
