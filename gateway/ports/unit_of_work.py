"""One transaction over the desk's rows, as the pipeline's steps see it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from gateway.domain.action import ActionToken, IssuedAction
from gateway.domain.articles import Heading
from gateway.domain.desk import Contact, Desk
from gateway.domain.escalation import Escalation
from gateway.domain.intent.case import Case
from gateway.domain.notification import Notification
from gateway.domain.storm import BucketState
from gateway.domain.ticket import Comment, Ticket, TimelineEntry
from gateway.domain.timers import DueTimer
from gateway.ports.service_alerts import ServiceAlerts

if TYPE_CHECKING:
    from gateway.ports import LeasedMail, NewNotification, Settlement, Wanted


class Escalations(Protocol):
    """The requests for escalation, in a unit of work."""

    def of(self, ticket: int) -> Escalation | None:
        """The ticket's newest request."""

    def add(self, escalation: Escalation) -> Escalation:
        """A new request, with its id."""

    def save(self, escalation: Escalation) -> None:
        """The request as it is from now on."""

    def desk_active_at(self, ticket: int) -> datetime | None:
        """When somebody of the desk commented last."""


class Timers(Protocol):
    """What falls due, in a unit of work."""

    def plan(self, ticket: int, due: tuple[DueTimer, ...], *, is_new: bool) -> None:
        """From now on these and no others are to fall due on the ticket."""

    def undone(self, ticket: int, now: datetime) -> list[DueTimer]:
        """What has fallen due on a ticket that is locked, the oldest first."""

    def done(self, ticket: int, timer: DueTimer, *, now: datetime) -> None:
        """The timer was carried out, for ever."""


class Tellings(Protocol):
    """Who was told of mail in their name, in a unit of work."""

    def allow(self, contact: int, *, now: datetime, within: timedelta) -> bool:
        """Whether nobody has told the contact for so long; from now on somebody has."""


class Cases(Protocol):
    """Mails that were read wrongly, in a unit of work."""

    def keep(self, case: Case, *, actor: str, now: datetime) -> None:
        """Keep a case to test, instead of one that was kept of the same mail."""


class Storms(Protocol):
    """The storm breaker's buckets, in a unit of work."""

    def state(self, key: str, ticket: int | None = None) -> BucketState | None:
        """The bucket as it is; None for an empty one. `ticket` is the one it counts on."""

    def hold(self, key: str, *, now: datetime) -> BucketState | None:
        """The bucket as it is, and nobody else's until the transaction ends."""

    def put(self, state: BucketState, *, now: datetime) -> None:
        """The bucket as it is from now on."""

    def recount(self, state: BucketState, *, shown: str, text: str) -> None:
        """What the note of a storm says from now on; `shown` is its author."""


class Actions(Protocol):
    """The links in mails that do something, in a unit of work."""

    def add(self, issued: IssuedAction) -> None:
        """A new link."""

    def find(self, token: ActionToken, hashed: str) -> IssuedAction | None:
        """The row of a link that was read; None when there is none."""

    def use(self, hashed: str, *, now: datetime) -> bool:
        """Use a link up; False when somebody has used it before."""


class UnitOfWork(Protocol):
    """One transaction over the desk's rows, seen as values; belongs to one call.

    What is read is what will be when the transaction commits: changes made in it included. Tickets
    are locked when they are first read.
    """

    desk: Desk

    @property
    def escalations(self) -> Escalations:
        """Requests for escalation."""

    @property
    def alerts(self) -> ServiceAlerts:
        """Service alerts and their tickets."""

    @property
    def tellings(self) -> Tellings:
        """Who was told of mail in their name."""

    @property
    def actions(self) -> Actions:
        """Links in mails that do something."""

    @property
    def cases(self) -> Cases:
        """Mails that were read wrongly."""

    @property
    def storms(self) -> Storms:
        """The storm breaker's buckets."""

    @property
    def timers(self) -> Timers:
        """What falls due."""

    def prefetch(self, wanted: Wanted) -> None:
        """Fetch for a whole batch what would otherwise be fetched for each mail."""

    def first_with_content(self, inbound_id: int) -> int:
        """The ledger id of the first mail with that mail's fingerprint: its own, or an earlier one's."""

    def found_articles(self, inbound_id: int) -> tuple[Heading, ...]:
        """What the mail's search for articles has found, the best first; nothing where none was wanted."""

    def ticket_of_mail(self, inbound_id: int) -> int | None:
        """Where a settled mail went."""

    def tickets_with_message(self, message_id: str) -> tuple[int, ...]:
        """Tickets on which a mail with that id was received."""

    def ticket(self, number: int) -> Ticket | None:
        """The ticket, locked."""

    def participants(self, number: int) -> tuple[Contact, ...]:
        """Who follows the ticket beside its requester."""

    def contact(self, number: int) -> Contact | None:
        """By id."""

    def contact_at(self, key: str) -> Contact | None:
        """By the comparison form of the address."""

    def flex_used(self, organisation: int) -> int:
        """Minutes that its tickets have taken from the organisation's Flex balance."""

    def add_contact(self, contact: Contact, *, now: datetime) -> Contact:
        """A new contact, with its id."""

    def add_ticket(self, ticket: Ticket) -> Ticket:
        """A new ticket, with its number."""

    def save_ticket(self, ticket: Ticket) -> None:
        """The ticket as it is from now on."""

    def add_comment(self, comment: Comment) -> None:
        """Append to the ticket's comments."""

    def add_timeline(self, entry: TimelineEntry) -> None:
        """Append to the ticket's timeline."""

    def recent_entries(self, ticket: int) -> tuple[TimelineEntry, ...]:
        """The newest hundred of the ticket's timeline, the newest first."""

    def customers_mail(self, ticket: int, inbound_id: int | None) -> Comment | None:
        """What a mail said on the ticket; the customers' last, where `inbound_id` names none."""

    def add_message_id(self, message_id: str, ticket: int) -> None:
        """Remember that a mail with that id was received on the ticket."""

    def add_participant(self, ticket: int, contact: Contact) -> None:
        """Let a contact follow the ticket."""

    def add_link(self, ticket: int, kind: str, other: int) -> None:
        """Tie two tickets together."""

    def next_notification_id(self) -> int:
        """An outbox id for a row that `add_notification` is about to get."""

    def notification(self, number: int) -> Notification | None:
        """What was written into the outbox before this transaction."""

    def add_notification(self, new: NewNotification) -> None:
        """Put a mail into the outbox."""

    def mark_returned(
        self, notification: int, *, contact: int, permanent: bool, reason: str, now: datetime
    ) -> None:
        """A notification came back; a permanent failure marks the contact's address too."""

    def decide_held(self, inbound_id: int, outcome: str, *, reason: str, now: datetime) -> bool:
        """Let a held mail in (`pending`) or drop it (`dropped`); False when it is not held any more."""

    def settle(self, mail: LeasedMail, settlement: Settlement, *, now: datetime) -> None:
        """End the mail's way; the commit raises LeaseLost when it is not ours any more."""

    def put_off(self, mail: LeasedMail, settlement: Settlement, *, until: datetime) -> None:
        """Have the mail read again at `until`, when its turn has come; `settlement` is what is shown of it."""
