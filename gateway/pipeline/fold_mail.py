"""A mail that a storm keeps out: counted in one note on a ticket, of which the desk is told once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from gateway.domain.acts import OpenTicket, Said
from gateway.domain.events import Event, StormBegun
from gateway.domain.held import FoldMail
from gateway.domain.storm import BucketState
from gateway.pipeline.ticket_change import TicketChange, by_itself

SOURCE = "storm"
_SUBJECTS = ("A storm of mail", "Afflux de mails")
_OPENINGS = (
    "More mail has arrived than passes. What is held is counted here; it belongs to no ticket.",
    "Il est arrivé plus de mails qu'il n'en passe. Ceux qui sont retenus sont comptés ici ; ils ne se rattachent à aucune demande.",
)


def fold_mail(
    act: FoldMail, change: TicketChange, open_ticket: Callable[[OpenTicket], object]
) -> tuple[Event, ...]:
    """Count it; where the storm begins with it, make the note, on a ticket of its own if there is none."""
    storms = change.uow.storms
    state = storms.hold(act.key, now=change.now)
    if state is None:
        return ()
    begins = state.began_at is None
    number = act.ticket or state.ticket
    state = replace(state, began_at=state.began_at or change.now, folded=state.folded + 1)
    if begins or number is None:
        number = number if number is not None else _own_ticket(act, change, open_ticket)
        state = replace(state, ticket=number)
        comment = change.say(number, _note(act, state, change), "internal")
        change.enter(number, "", "storm_begun", "", act.bucket, "", "")
        storms.put(state, now=change.now)
        return (StormBegun(change.ticket(number), None, act.bucket, comment),)
    storms.put(state, now=change.now)
    note = _note(act, state, change)
    storms.recount(state, shown=note.author_shown, text=note.text)
    return ()


def _own_ticket(act: FoldMail, change: TicketChange, open_ticket: Callable[[OpenTicket], object]) -> int:
    """A ticket for a storm that is on none; nobody but the desk ever sees it."""
    french = change.policy.default_language == "fr"
    said = by_itself(_OPENINGS[french])
    opening = OpenTicket(
        subject=f"{_SUBJECTS[french]} ({act.bucket})",
        language=change.policy.default_language,
        desk_address=act.desk_address,
        said=replace(said, source=SOURCE),
        follow_up_of=None,
        confirm=False,
    )
    open_ticket(opening)
    return change.opened


def _note(act: FoldMail, state: BucketState, change: TicketChange) -> Said:
    ticket = change.ticket(state.ticket or change.opened)
    text = change.policy.storms.words(ticket.language).format(
        count=state.folded,
        limit=act.bucket,
        first=f"{state.began_at:%Y-%m-%d %H:%M}",
        last=f"{change.now:%Y-%m-%d %H:%M}",
        ticket=ticket.number,
    )
    # Who says so tells two storms on one ticket apart.
    return replace(by_itself(text), source=SOURCE, author_shown=f"storm: {act.key}")
