"""What is to be done to a ticket, as imperatives; `pipeline.change_ticket` carries them out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from gateway.domain.desk import Contact
from gateway.domain.first_answer import RECAP_ALONE, FirstAnswer
from gateway.domain.held import EndHolding, FoldMail, MailDropped, MailReleased, RemindOfHeld
from gateway.domain.intent.case import Case
from gateway.domain.intent.result import Suggestion
from gateway.domain.mail import Attachment
from gateway.domain.service_alert import LinkAlert
from gateway.domain.ticket import TimelineEntry
from gateway.domain.timer_acts import CheckClocks, ClimbMatrix, OweUpdate, RemindCustomer


@dataclass(frozen=True, slots=True)
class Said:
    """A text somebody contributes, with how it came and how well it is proven.

    Attributes:
        author_shown: name and address as they stood in the mail.
        message_id: of the mail, without angle brackets, or empty.
        suggested: what was read in it without any effect.
    """

    author: Contact | None
    author_shown: str
    text: str
    attachments: tuple[Attachment, ...]
    source: str
    evidence: str
    verified: bool
    inbound_id: int | None
    message_id: str
    suggested: tuple[Suggestion, ...] = ()


@dataclass(frozen=True, slots=True)
class OpenTicket:
    """Open a ticket with a first comment.

    Attributes:
        follow_up_of: number of the closed ticket that it continues.
        confirm: whether the requester is told; never for automatic mail and lists.
        unproven: nothing proves who writes, and the answer counts against the caps on acknowledgements.
        stranger: the answer says nothing but that something has arrived.
        first_answer: what they are told beside the recap.
        priority: that its requester has chosen, with `chosen_with` as the words; empty for the usual one.
    """

    subject: str
    language: str
    desk_address: str
    said: Said
    follow_up_of: int | None
    confirm: bool
    unproven: bool = False
    stranger: bool = False
    first_answer: FirstAnswer = RECAP_ALONE
    priority: str = ""
    chosen_with: str = ""


@dataclass(frozen=True, slots=True)
class AddComment:
    """Add a comment; `by_desk` says from which side it comes."""

    ticket: int
    said: Said
    visibility: str
    by_desk: bool


@dataclass(frozen=True, slots=True)
class ChangeState:
    """Move a ticket to another state.

    Attributes:
        said: the comment that explains it, or None.
        details: resolution, at, who, third_party, where given.
        by: what the actor is to the transition, see `workflow.movers`.
        reopening: whether a customer brings it back.
        charge: minutes that a Flex contract pays for it, or 0.
    """

    ticket: int
    to: str
    actor: Contact | None
    by: frozenset[str]
    said: Said | None
    details: tuple[tuple[str, str], ...]
    reopening: bool
    reason: str
    evidence: str
    charge: int = 0


@dataclass(frozen=True, slots=True)
class ChargeFlex:
    """Take the time that a closed ticket has cost from its contract's balance; once."""

    ticket: int
    minutes: int
    actor: Contact
    evidence: str


@dataclass(frozen=True, slots=True)
class ChangePriority:
    """Give a ticket another priority; nobody may do so without saying why."""

    ticket: int
    to: str
    actor: Contact
    reason: str
    evidence: str


@dataclass(frozen=True, slots=True)
class AssignTicket:
    """Give a ticket to an agent."""

    ticket: int
    assignee: Contact
    actor: Contact | None
    evidence: str


@dataclass(frozen=True, slots=True)
class ChangeType:
    """Give a ticket another type."""

    ticket: int
    to: str
    actor: Contact | None
    evidence: str


@dataclass(frozen=True, slots=True)
class Nudge:
    """Count a customer's asking for news, with what was said."""

    ticket: int
    said: Said


@dataclass(frozen=True, slots=True)
class AddParticipants:
    """Let people follow a ticket whom a proven mail named among its recipients."""

    ticket: int
    contacts: tuple[Contact, ...]
    actor: Contact | None
    evidence: str


@dataclass(frozen=True, slots=True)
class HoldMail:
    """Keep a mail for the desk to decide; `ticket` is where it claims to belong, or None.

    Attributes:
        waits: whether the desk is reminded of it until it has decided; not of what is quarantined.
    """

    ticket: int | None
    said: Said
    reason: str
    waits: bool = True


@dataclass(frozen=True, slots=True)
class RecordReturn:
    """A notification came back.

    Attributes:
        notification: outbox id.
        contact: id of the contact it was for, 0 for a team.
        permanent: whether the address is of no use any more.
    """

    ticket: int
    notification: int
    contact: int
    permanent: bool
    reason: str
    evidence: str


@dataclass(frozen=True, slots=True)
class RecordAutomatic:
    """An automatic mail belongs to a ticket: noted there, with no other effect than to wait for an absence.

    Attributes:
        away_until: the day of return that an absence names.
    """

    ticket: int
    kind: str
    author_shown: str
    message_id: str
    evidence: str
    away_until: date | None


@dataclass(frozen=True, slots=True)
class PutOffEscalation:
    """Tell whoever asks for an escalation that a nudge comes first here."""

    ticket: int
    said: Said


@dataclass(frozen=True, slots=True)
class ClaimPriority:
    """Note the priority that a customer claims; it never sets the priority.

    Attributes:
        words: with which it was claimed.
    """

    ticket: int
    claimed: str
    words: str
    said: Said


@dataclass(frozen=True, slots=True)
class RequestEscalation:
    """Ask the lead for an escalation, or strengthen the request that is open.

    Attributes:
        reason: in the asker's words.
        grounds, refusals: ids that were read from what was said.
        missing: what the asker did not say.
    """

    ticket: int
    said: Said
    reason: str
    grounds: tuple[str, ...]
    refusals: tuple[str, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DecideEscalation:
    """Approve, with an estimate, or refuse, with a reason; a lead's act."""

    ticket: int
    approved: bool
    actor: Contact
    estimate: str
    reason: str
    evidence: str


@dataclass(frozen=True, slots=True)
class UndoDecision:
    """Take a decision on an escalation back; its author's act, within a time."""

    ticket: int
    entry: TimelineEntry
    actor: Contact
    evidence: str


@dataclass(frozen=True, slots=True)
class UndoChange:
    """Take a change of state, priority, assignee or type back; its author's act, within a time.

    Attributes:
        exactly: whether nothing has touched the clocks since, so that they go back to what they were.
    """

    ticket: int
    entry: TimelineEntry
    actor: Contact
    evidence: str
    exactly: bool


@dataclass(frozen=True, slots=True)
class MarkWrong:
    """Keep a mail that was read wrongly as a case to test; `ticket` is where it went, or None."""

    ticket: int | None
    case: Case
    actor: Contact | None
    evidence: str


@dataclass(frozen=True, slots=True)
class AskToConfirm:
    """Ask somebody, at the address that we know, whether they want this: an answer carries its token.

    Attributes:
        deed: the command that confirms it, without its `#`.
    """

    ticket: int
    contact: Contact
    deed: str
    said: Said


@dataclass(frozen=True, slots=True)
class CommandAnswer:
    """What became of one command; the sentences say why not, where it was not done.

    Attributes:
        undo: the command that takes it back, or empty.
    """

    command: str
    done: bool
    english: str
    french: str
    undo: str = ""


@dataclass(frozen=True, slots=True)
class AnswerCommands:
    """Tell whoever wrote commands what was done, and on what evidence.

    Attributes:
        message_id: of their mail, so that whatever answers it finds the ticket.
    """

    ticket: int
    actor: Contact
    answers: tuple[CommandAnswer, ...]
    evidence: str
    message_id: str = ""


@dataclass(frozen=True, slots=True)
class RefuseMail:
    """A mail in the name of somebody of the desk was not carried out; their own address is told."""

    ticket: int
    contact: Contact
    said: Said
    reason: str


Act = (
    OpenTicket
    | AddComment
    | ChangeState
    | ChargeFlex
    | ChangePriority
    | AssignTicket
    | ChangeType
    | Nudge
    | AddParticipants
    | HoldMail
    | FoldMail
    | RecordReturn
    | RecordAutomatic
    | ClaimPriority
    | RequestEscalation
    | DecideEscalation
    | UndoDecision
    | UndoChange
    | MarkWrong
    | ClimbMatrix
    | RemindCustomer
    | CheckClocks
    | OweUpdate
    | EndHolding
    | RemindOfHeld
    | MailDropped
    | MailReleased
    | AskToConfirm
    | PutOffEscalation
    | AnswerCommands
    | RefuseMail
    | LinkAlert
)
"""Their `ticket` may be `OPENED`."""

OPENED = 0
"""Stands for the ticket that an act before has opened."""
