"""What has happened to a ticket, in the past tense; `pipeline.fill_outbox` tells people of it.

`name` is the event's name in rules/notifications.yaml.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from gateway.domain.acts import CommandAnswer
from gateway.domain.desk import Contact
from gateway.domain.escalation import Escalation
from gateway.domain.first_answer import RECAP_ALONE, FirstAnswer
from gateway.domain.flex import Charge
from gateway.domain.held import HeldMail
from gateway.domain.service_alert import AlertUpdate, ServiceAlert
from gateway.domain.ticket import Comment, Ticket


@dataclass(frozen=True, slots=True)
class Event:
    """Something happened to `ticket`, as it is now, by `actor` (None: by nobody known)."""

    ticket: Ticket
    actor: Contact | None
    name: ClassVar[str]

    @property
    def about(self) -> int:
        """The id of what a link in its mail is about; 0 for the ticket itself."""
        return 0


@dataclass(frozen=True, slots=True)
class TicketOpened(Event):
    """A ticket was opened; `confirm` says whether its requester may be told."""

    comment: Comment
    confirm: bool
    name: ClassVar[str] = "ticket_opened"
    first_answer: FirstAnswer = RECAP_ALONE


@dataclass(frozen=True, slots=True)
class CommentedByCustomer(Event):
    """The customer's side said something."""

    comment: Comment
    name: ClassVar[str] = "commented_by_customer"


@dataclass(frozen=True, slots=True)
class CommentedByDesk(Event):
    """The desk said something to the customer."""

    comment: Comment
    name: ClassVar[str] = "commented_by_desk"


@dataclass(frozen=True, slots=True)
class StateChanged(Event):
    """The desk moved the ticket; `details` are the fields that came with it."""

    before: str
    comment: Comment | None
    details: tuple[tuple[str, str], ...]
    charge: Charge | None
    name: ClassVar[str] = "state_changed"


@dataclass(frozen=True, slots=True)
class FlexCharged(Event):
    """A contract was charged for the ticket after its closing."""

    charge: Charge
    name: ClassVar[str] = "flex_charged"


@dataclass(frozen=True, slots=True)
class ChargeOwed(Event):
    """The ticket was closed by its customer or by itself, and somebody has to say what its contract pays.

    Attributes:
        comment: what was said with the closing.
    """

    comment: Comment | None
    name: ClassVar[str] = "charge_owed"


@dataclass(frozen=True, slots=True)
class ClosedByCustomer(Event):
    """The customer's side closed the ticket; `comment` is what they said with it."""

    before: str
    comment: Comment | None
    name: ClassVar[str] = "closed_by_customer"


@dataclass(frozen=True, slots=True)
class TicketReopened(Event):
    """A customer brought the ticket back."""

    before: str
    comment: Comment
    name: ClassVar[str] = "ticket_reopened"


@dataclass(frozen=True, slots=True)
class PriorityChanged(Event):
    """The priority is another."""

    before: str
    reason: str
    name: ClassVar[str] = "priority_changed"


@dataclass(frozen=True, slots=True)
class PriorityLowered(PriorityChanged):
    """The priority is less urgent than it was."""

    name: ClassVar[str] = "priority_lowered"


@dataclass(frozen=True, slots=True)
class PriorityChosen(PriorityChanged):
    """The customer has set the priority, as the rules let them."""

    name: ClassVar[str] = "priority_chosen"


@dataclass(frozen=True, slots=True)
class ClaimAnswered(PriorityChanged):
    """The desk has set the priority of a ticket for which its customer claims one."""

    name: ClassVar[str] = "claim_answered"


@dataclass(frozen=True, slots=True)
class StateUndone(Event):
    """A change of state was taken back; `before` is what it had made of the ticket."""

    before: str
    name: ClassVar[str] = "state_undone"


@dataclass(frozen=True, slots=True)
class LoweringUndone(Event):
    """A lowering of the priority, of which the customer was told, was taken back."""

    before: str
    name: ClassVar[str] = "lowering_undone"


@dataclass(frozen=True, slots=True)
class TicketAssigned(Event):
    """The ticket has a new assignee."""

    name: ClassVar[str] = "ticket_assigned"


@dataclass(frozen=True, slots=True)
class Nudged(Event):
    """The customer asked for news."""

    comment: Comment
    name: ClassVar[str] = "nudged"


@dataclass(frozen=True, slots=True)
class MailHeld(Event):
    """A mail that claims to belong to the ticket waits for the desk's decision."""

    author_shown: str
    inbound_id: int
    reason: str
    name: ClassVar[str] = "mail_held"

    @property
    def about(self) -> int:
        """The mail."""
        return self.inbound_id


@dataclass(frozen=True, slots=True)
class HeldReminded(Event):
    """Mails still wait for the desk's decision; `held` is when it was told of each before."""

    held: tuple[HeldMail, ...]
    name: ClassVar[str] = "held_reminded"


@dataclass(frozen=True, slots=True)
class StormBegun(Event):
    """More mail has arrived than passes; `bucket` says by what it is counted, `comment` counts it."""

    bucket: str
    comment: Comment
    name: ClassVar[str] = "storm_begun"


@dataclass(frozen=True, slots=True)
class NotificationReturned(Event):
    """A notification came back from `contact`, or from the address that it was sent to."""

    contact: Contact | None
    reason: str
    name: ClassVar[str] = "notification_returned"


@dataclass(frozen=True, slots=True)
class PriorityClaimed(Event):
    """A customer claims that it is urgent; `words` are theirs."""

    claimed: str
    words: str
    comment: Comment
    name: ClassVar[str] = "priority_claimed"


@dataclass(frozen=True, slots=True)
class EscalationEvent(Event):
    """Something happened to a request for escalation; `comment` is what was said with it."""

    escalation: Escalation
    comment: Comment | None

    @property
    def about(self) -> int:
        """The request."""
        return self.escalation.id


@dataclass(frozen=True, slots=True)
class EscalationRequested(EscalationEvent):
    """Somebody asks for an escalation, for the first time since the last decision."""

    name: ClassVar[str] = "escalation_requested"


@dataclass(frozen=True, slots=True)
class EscalationClimbed(EscalationEvent):
    """Nobody has decided a request in time; the next level of the matrix is told."""

    name: ClassVar[str] = "escalation_climbed"


@dataclass(frozen=True, slots=True)
class EscalationApproved(EscalationEvent):
    """A lead has approved the request."""

    name: ClassVar[str] = "escalation_approved"


@dataclass(frozen=True, slots=True)
class EscalationRefused(EscalationEvent):
    """A lead has refused the request."""

    name: ClassVar[str] = "escalation_refused"


@dataclass(frozen=True, slots=True)
class DecisionUndone(EscalationEvent):
    """A decision was taken back; the request waits again."""

    name: ClassVar[str] = "decision_undone"


@dataclass(frozen=True, slots=True)
class Answered(Event):
    """Something is to be said to `contact` alone, about a mail in their name."""

    contact: Contact


@dataclass(frozen=True, slots=True)
class Acknowledged(Answered):
    """A ticket was opened in the name of a stranger whom nothing proves; they are told that, and no more."""

    name: ClassVar[str] = "acknowledged"


@dataclass(frozen=True, slots=True)
class ConfirmationAsked(Answered):
    """A mail in `contact`'s name asks for `deed`; they are asked whether it is theirs."""

    deed: str
    comment: Comment
    name: ClassVar[str] = "confirmation_asked"


@dataclass(frozen=True, slots=True)
class EscalationPutOff(Answered):
    """`contact` asks for an escalation where a nudge comes first."""

    name: ClassVar[str] = "escalation_put_off"


@dataclass(frozen=True, slots=True)
class CommandsAnswered(Answered):
    """Commands were carried out or not."""

    answers: tuple[CommandAnswer, ...]
    evidence: str
    name: ClassVar[str] = "commands_answered"


@dataclass(frozen=True, slots=True)
class MailRefused(Answered):
    """A mail in `contact`'s name was not carried out."""

    reason: str
    comment: Comment
    name: ClassVar[str] = "mail_refused"


@dataclass(frozen=True, slots=True)
class SlaWarned(Event):
    """A clock has used most of its target; `clock` is response or resolution."""

    clock: str
    due_at: datetime | None
    name: ClassVar[str] = "sla_warned"


@dataclass(frozen=True, slots=True)
class SlaBreached(SlaWarned):
    """A clock has used all of its target."""

    name: ClassVar[str] = "sla_breached"


@dataclass(frozen=True, slots=True)
class CustomerReminded(Event):
    """The customer has not answered; `number` counts the reminders, `closes_at` is when it ends."""

    number: int
    closes_at: datetime
    comment: Comment
    name: ClassVar[str] = "customer_reminded"


@dataclass(frozen=True, slots=True)
class UpdateOwed(Event):
    """News that an approved escalation promised have not been given."""

    name: ClassVar[str] = "update_owed"


@dataclass(frozen=True, slots=True)
class AlertEvent(Event):
    """Something about a service alert that the ticket follows; `update` is what is said of it."""

    alert: ServiceAlert
    update: AlertUpdate


@dataclass(frozen=True, slots=True)
class AlertFollowed(AlertEvent):
    """The ticket follows the alert from now on."""

    name: ClassVar[str] = "alert_followed"


@dataclass(frozen=True, slots=True)
class AlertUpdated(AlertEvent):
    """The desk knows more."""

    name: ClassVar[str] = "alert_updated"


@dataclass(frozen=True, slots=True)
class AlertResolved(AlertEvent):
    """It is over; what becomes of the ticket is decided on the ticket."""

    name: ClassVar[str] = "alert_resolved"
