"""The other way in: what people of the desk and customers do by the command line.

Whoever may run the command is trusted to say for whom: its evidence is E4, its source `cli`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime

from gateway.domain.acts import (
    Act,
    AddComment,
    AssignTicket,
    ChangePriority,
    ChangeState,
    ChangeType,
    DecideEscalation,
    Nudge,
    RequestEscalation,
    Said,
    UndoDecision,
)
from gateway.domain.address import author_key
from gateway.domain.desk import Contact, Desk
from gateway.domain.escalation import still_missing
from gateway.domain.policy import Policy
from gateway.domain.ticket import Ticket
from gateway.errors import ActRefused, NotFound
from gateway.pipeline.change_ticket import change_ticket
from gateway.pipeline.fill_outbox import fill_outbox
from gateway.ports import Bell, Clock, Renderer, Signer, UnitOfWork

_EVIDENCE = "E4"


@dataclass(frozen=True, slots=True)
class Acting:
    """Acts on tickets, each one transaction; the outside as `Processor` has it."""

    open_uow: Callable[[Desk], AbstractContextManager[UnitOfWork]]
    current: Callable[[], tuple[Desk, Signer]]
    policy: Policy
    renderer: Renderer
    clock: Clock
    bell: Bell

    def comment(self, number: int, actor_address: str, text: str) -> None:
        """A public comment: of the desk when the actor is on the roster, else of the customer."""

        def acts(ticket: Ticket, actor: Contact) -> list[Act]:
            by_desk = actor.is_staff and not _is_requester(actor, ticket)
            said = _said(actor, text)
            found: list[Act] = [AddComment(number, said, "public", by_desk=by_desk)]
            effect = self.policy.workflow.on_customer_reply(
                ticket.state, ticket.closed_at, now=self.clock.now()
            )
            if not by_desk and effect.follow_up:
                raise ActRefused(f"#{number} has been closed for too long to be reopened; open a new request")
            if not by_desk and effect.to != ticket.state:
                found.append(
                    ChangeState(
                        ticket=number,
                        to=effect.to,
                        actor=actor,
                        said=said if effect.reopens else None,
                        details=(),
                        reopening=effect.reopens,
                        reason="the customer replied",
                        evidence=_EVIDENCE,
                    )
                )
            return found

        _need(text, "a comment needs a text")
        self._act(number, actor_address, acts)

    def note(self, number: int, actor_address: str, text: str) -> None:
        """An internal note, which no customer sees."""
        _need(text, "a note needs a text")
        self._act(
            number,
            actor_address,
            lambda _, actor: [AddComment(number, _said(_staff(actor), text), "internal", by_desk=True)],
        )

    def transition(
        self, number: int, actor_address: str, to: str, text: str, details: dict[str, str]
    ) -> None:
        """Move a ticket to another state; the text is the comment that explains it."""
        state = self._state(to)

        def acts(ticket: Ticket, actor: Contact) -> list[Act]:
            given = details | {"comment": text}
            self.policy.workflow.check_transition(ticket.state, state, given=given)
            said = _said(_staff(actor), text) if text else None
            comment: list[Act] = [AddComment(number, said, "public", by_desk=True)] if said else []
            kept = tuple((name, value) for name, value in details.items() if value)
            change = ChangeState(
                ticket=number,
                to=state,
                actor=actor,
                said=said,
                details=kept,
                reopening=False,
                reason="",
                evidence=_EVIDENCE,
            )
            return [*comment, change]

        self._act(number, actor_address, acts)

    def priority(self, number: int, actor_address: str, to: str, reason: str) -> None:
        """Give a ticket another priority, with the reason that the timeline keeps."""
        found = _by_label(to, {term.id: term.labels.values() for term in self.policy.priorities.values()})
        if found is None:
            raise ActRefused(f"there is no priority {to!r}; there are {', '.join(self.policy.priorities)}")
        _need(reason, "a change of priority needs a reason: --text")

        def acts(ticket: Ticket, actor: Contact) -> list[Act]:
            if ticket.priority == found:
                raise ActRefused(f"#{number} is {found} already")
            return [ChangePriority(number, found, _staff(actor), reason, _EVIDENCE)]

        self._act(number, actor_address, acts)

    def assign(self, number: int, actor_address: str, who: str) -> None:
        """Give a ticket to an agent."""

        def acts(ticket: Ticket, actor: Contact) -> list[Act]:
            desk, _ = self.current()
            assignee = desk.staff.get(author_key(who))
            if assignee is None or not assignee.roles & {"agent", "support_lead"}:
                agents = [each.address for each in desk.staff.values() if "agent" in each.roles]
                raise ActRefused(f"{who} is no agent; there are {', '.join(agents)}")
            return [AssignTicket(number, assignee, _staff(actor), _EVIDENCE)]

        self._act(number, actor_address, acts)

    def change_type(self, number: int, actor_address: str, to: str) -> None:
        """Give a ticket another type."""
        found = _by_label(to, {term.id: term.labels.values() for term in self.policy.types.values()})
        if found is None:
            raise ActRefused(f"there is no type {to!r}; there are {', '.join(self.policy.types)}")
        self._act(
            number, actor_address, lambda _, actor: [ChangeType(number, found, _staff(actor), _EVIDENCE)]
        )

    def nudge(self, number: int, actor_address: str, text: str) -> None:
        """Ask for news in a customer's name."""
        words = text or "Is there any news?"
        self._act(number, actor_address, lambda _, actor: [Nudge(number, _said(actor, words))])

    def escalate(self, number: int, actor_address: str, reason: str) -> None:
        """Ask for an escalation, or strengthen the request that is open."""

        def acts(ticket: Ticket, actor: Contact) -> list[Act]:
            asks_for = self.policy.escalation.asks_for
            missing = still_missing(asks_for, dict.fromkeys(asks_for, bool(reason.strip())))
            return [RequestEscalation(number, _said(actor, reason), reason.strip(), (), (), missing)]

        self._act(number, actor_address, acts)

    def approve(self, number: int, actor_address: str, estimate: str, words: str) -> None:
        """Approve the open request for escalation, with an estimate."""
        _need(estimate, "an approval needs an estimate: --estimate")
        self._decide(number, actor_address, approved=True, estimate=estimate, reason=words)

    def refuse(self, number: int, actor_address: str, reason: str) -> None:
        """Refuse the open request for escalation, with a reason."""
        _need(reason, "a refusal needs a reason: --reason")
        self._decide(number, actor_address, approved=False, estimate="", reason=reason)

    def _decide(self, number: int, actor_address: str, *, approved: bool, estimate: str, reason: str) -> None:
        def acts(ticket: Ticket, actor: Contact) -> list[Act]:
            if "support_lead" not in actor.roles:
                raise ActRefused(f"{actor.address} is no support lead; escalations are decided by leads")
            return [DecideEscalation(number, approved, actor, estimate, reason, _EVIDENCE)]

        self._act(number, actor_address, acts)

    def undo_decision(self, number: int, actor_address: str) -> None:
        """Take the decision on an escalation back."""
        self._act(number, actor_address, lambda _, actor: [UndoDecision(number, actor, _EVIDENCE)])

    def _state(self, word: str) -> str:
        states = self.policy.workflow.states
        found = _by_label(word, {state.id: state.labels.values() for state in states.values()})
        if found is None:
            raise ActRefused(f"there is no state {word!r}; the states are {', '.join(states)}")
        return found

    def _act(self, number: int, actor_address: str, acts: Callable[[Ticket, Contact], Sequence[Act]]) -> None:
        desk, signer = self.current()
        now: datetime = self.clock.now()
        with self.open_uow(desk) as uow:
            key = author_key(actor_address)
            actor = desk.staff.get(key) or uow.contact_at(key)
            if actor is None:
                raise ActRefused(f"{actor_address} is neither on the roster nor a contact")
            ticket = uow.ticket(number)
            if ticket is None:
                raise NotFound(f"there is no ticket {number}")
            events = change_ticket(acts(ticket, actor), uow, self.policy, now=now)
            fill_outbox(events, uow, self.policy, self.renderer, signer, now=now)
        self.bell.ring("outbox")


def _said(actor: Contact, text: str) -> Said:
    return Said(
        author=actor,
        author_shown=f"{actor.name} <{actor.address}>" if actor.name else actor.address,
        text=text.strip() + "\n",
        attachments=(),
        source="cli",
        evidence=_EVIDENCE,
        verified=True,
        inbound_id=None,
        message_id="",
    )


def _staff(actor: Contact) -> Contact:
    if not actor.is_staff:
        raise ActRefused(f"{actor.address} is not on the roster")
    return actor


def _is_requester(actor: Contact, ticket: Ticket) -> bool:
    return ticket.requester is not None and ticket.requester.id == actor.id


def _need(text: str, words: str) -> None:
    if not text.strip():
        raise ActRefused(words)


def _by_label(word: str, known: Mapping[str, Iterable[str]]) -> str | None:
    """The id that `word` is, or whose label in any language it is."""
    folded = word.strip().casefold()
    for name, labels in known.items():
        if folded == name or folded in (label.casefold() for label in labels):
            return name
    return None
