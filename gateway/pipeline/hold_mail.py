"""Step 8 for mails that wait for the desk: held, let in or dropped, and the desk reminded of them."""

from __future__ import annotations

from dataclasses import replace

from gateway.domain.acts import HoldMail
from gateway.domain.events import Event, HeldReminded, MailHeld
from gateway.domain.held import MOST_REMEMBERED, EndHolding, HeldMail, RemindOfHeld
from gateway.pipeline.ticket_change import TicketChange

HoldingAct = HoldMail | EndHolding | RemindOfHeld


def change_holding(act: HoldingAct, change: TicketChange) -> tuple[Event, ...]:
    """Do one act."""
    match act:
        case HoldMail():
            return _hold(act, change)
        case EndHolding():
            return _end(act, change)
        case RemindOfHeld():
            return _remind(act, change)


def _hold(act: HoldMail, change: TicketChange) -> tuple[Event, ...]:
    mail = act.said.inbound_id
    if act.ticket is None or mail is None:
        return ()
    change.note(act.ticket, "mail_held", act.said, to=str(mail), reason=act.reason)
    if act.waits:
        ticket = change.ticket(act.ticket)
        others = tuple(each for each in ticket.held if each.inbound_id != mail)
        if len(others) < MOST_REMEMBERED:
            change.save(replace(ticket, held=(*others, HeldMail(mail, act.said.author_shown, change.now))))
    return (MailHeld(change.ticket(act.ticket), None, act.said.author_shown, mail, act.reason),)


def _end(act: EndHolding, change: TicketChange) -> tuple[Event, ...]:
    ticket = change.ticket(act.ticket)
    left = tuple(each for each in ticket.held if each.inbound_id != act.inbound_id)
    change.save(replace(ticket, held=left))
    return ()


def _remind(act: RemindOfHeld, change: TicketChange) -> tuple[Event, ...]:
    ticket = change.ticket(act.ticket)
    if not ticket.held:
        return ()
    change.save(replace(ticket, held=tuple(replace(each, told_at=change.now) for each in ticket.held)))
    return (HeldReminded(change.ticket(act.ticket), None, ticket.held),)
