"""Step 8 for escalations: request, decision, its undoing, and what silence does."""

from __future__ import annotations

from dataclasses import replace

from gateway.domain.acts import (
    DecideEscalation,
    PutOffEscalation,
    RequestEscalation,
    UndoDecision,
)
from gateway.domain.contract import contract_of
from gateway.domain.escalation import Escalation, EscalationState, merged
from gateway.domain.events import (
    DecisionUndone,
    EscalationApproved,
    EscalationClimbed,
    EscalationPutOff,
    EscalationRefused,
    EscalationRequested,
    Event,
)
from gateway.domain.timer_acts import ClimbMatrix
from gateway.errors import ActRefused
from gateway.pipeline.ticket_change import TicketChange

EscalationAct = RequestEscalation | PutOffEscalation | DecideEscalation | UndoDecision | ClimbMatrix


def change_escalation(act: EscalationAct, change: TicketChange) -> tuple[Event, ...]:
    """Do one act.

    Raises:
        ActRefused: with a sentence that says why not.
    """
    match act:
        case RequestEscalation():
            return _request(act, change)
        case PutOffEscalation():
            return _put_off(act, change)
        case DecideEscalation():
            return _decide(act, change)
        case UndoDecision():
            return _undo(act, change)
        case ClimbMatrix():
            return _climb(act, change)


def _request(act: RequestEscalation, change: TicketChange) -> tuple[Event, ...]:
    ticket = change.ticket(act.ticket)
    said = replace(act.said, author=change.known(act.said.author, ticket.language))
    policy = change.policy.escalation
    of_ticket = policy.from_ticket(
        ticket, desk_active_at=change.uow.escalations.desk_active_at(ticket.number), now=change.now
    )
    grounds = merged(act.grounds, of_ticket[0])
    refusals = merged(act.refusals, of_ticket[1])
    before = change.uow.escalations.of(ticket.number)
    if before is not None and before.is_open:
        stronger = replace(
            before,
            asked=before.asked + 1,
            grounds=merged(before.grounds, grounds),
            refusals=refusals,
            missing=tuple(name for name in before.missing if name in act.missing),
            reason=before.reason or act.reason,
        )
        change.uow.escalations.save(stronger)
        change.note(ticket.number, "escalation_strengthened", said, to=str(stronger.asked), reason=act.reason)
        return ()
    made = change.uow.escalations.add(
        Escalation(
            id=0,
            ticket=ticket.number,
            state=EscalationState.REQUESTED,
            requested_at=change.now,
            requested_by=said.author,
            reason=act.reason,
            evidence=said.evidence,
            asked=1,
            grounds=grounds,
            refusals=refusals,
            missing=act.missing,
            level=1,
            decided_at=None,
            decided_by=None,
            decision_reason="",
            estimate="",
        )
    )
    change.note(ticket.number, "escalation_requested", said, to=", ".join(grounds), reason=act.reason)
    change.save(replace(ticket, escalation=str(made.state)))
    comment = change.as_comment(ticket.number, said, "public")
    return (EscalationRequested(change.ticket(ticket.number), said.author, made, comment),)


def _put_off(act: PutOffEscalation, change: TicketChange) -> tuple[Event, ...]:
    ticket = change.ticket(act.ticket)
    said = replace(act.said, author=change.known(act.said.author, ticket.language))
    change.note(ticket.number, "escalation_put_off", said, to="", reason="a nudge comes first")
    return () if said.author is None else (EscalationPutOff(ticket, None, said.author),)


def _decide(act: DecideEscalation, change: TicketChange) -> tuple[Event, ...]:
    ticket = change.ticket(act.ticket)
    before = change.uow.escalations.of(ticket.number)
    if before is None or not before.is_open:
        raise ActRefused(f"there is no open request for escalation on #{ticket.number}")
    state = EscalationState.APPROVED if act.approved else EscalationState.REFUSED
    decided = replace(
        before,
        state=state,
        decided_at=change.now,
        decided_by=act.actor,
        decision_reason=act.reason,
        estimate=act.estimate,
    )
    change.uow.escalations.save(decided)
    promised_since = change.now if act.approved else None
    change.save(replace(ticket, escalation=str(state), promised_since=promised_since))
    change.enter(
        ticket.number,
        act.actor.address,
        f"escalation_{state}",
        str(before.state),
        act.estimate,
        act.reason,
        act.evidence,
    )
    event = EscalationApproved if act.approved else EscalationRefused
    return (event(change.ticket(ticket.number), act.actor, decided, None),)


def _undo(act: UndoDecision, change: TicketChange) -> tuple[Event, ...]:
    ticket = change.ticket(act.ticket)
    before = change.uow.escalations.of(ticket.number)
    if before is None or before.is_open:
        raise ActRefused(f"there is no decision on an escalation of #{ticket.number}")
    reopened = replace(
        before,
        state=EscalationState.REQUESTED,
        decided_at=None,
        decided_by=None,
        decision_reason="",
        estimate="",
    )
    change.uow.escalations.save(reopened)
    change.save(replace(ticket, escalation=str(reopened.state), promised_since=None))
    change.enter(
        ticket.number,
        act.actor.address,
        "escalation_undone",
        str(before.state),
        "requested",
        "",
        act.evidence,
        undoes=act.entry.id,
    )
    return (DecisionUndone(change.ticket(ticket.number), act.actor, reopened, None),)


def _climb(act: ClimbMatrix, change: TicketChange) -> tuple[Event, ...]:
    ticket = change.ticket(act.ticket)
    before = change.uow.escalations.of(ticket.number)
    if before is None or not before.is_open:
        return ()
    following = change.policy.escalation.next_level(before, ticket, contract_of(ticket, change.uow.desk))
    if following is None:
        return ()
    higher = replace(before, level=following[0])
    change.uow.escalations.save(higher)
    change.touch(ticket.number)
    change.enter(
        ticket.number,
        "",
        "escalation_climbed",
        str(before.level),
        str(higher.level),
        "nobody has decided",
        "",
    )
    return (EscalationClimbed(change.ticket(ticket.number), None, higher, None),)
