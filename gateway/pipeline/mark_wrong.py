"""Step 8 for a mail that was read wrongly: what it means is kept as a case to test."""

from __future__ import annotations

from gateway.domain.acts import MarkWrong
from gateway.domain.events import Event
from gateway.pipeline.ticket_change import TicketChange


def mark_wrong(act: MarkWrong, change: TicketChange) -> tuple[Event, ...]:
    """Keep the case; the ticket's timeline knows who said so, and nothing else changes."""
    actor = act.actor.address if act.actor else ""
    change.uow.cases.keep(act.case, actor=actor, now=change.now)
    if act.ticket is not None:
        was_read, means = (", ".join(each) or "nothing" for each in (act.case.was_read, act.case.means))
        reason = f"how mail {act.case.inbound_id} was read is wrong"
        change.enter(act.ticket, actor, "marked_wrong", was_read, means, reason, act.evidence)
    return ()
