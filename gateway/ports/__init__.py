"""What the layers above need from the outside, as protocols; adapters are named in bootstrap only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from gateway.domain.action import ActionToken
from gateway.domain.articles import Search
from gateway.domain.envelope import Envelope
from gateway.domain.evidence import Judgement
from gateway.domain.mail import Mail
from gateway.domain.mailbox import Position
from gateway.domain.notification import Notification
from gateway.domain.token import Purpose, Token
from gateway.errors import GatewayError
from gateway.ports.unit_of_work import Escalations as Escalations
from gateway.ports.unit_of_work import Storms as Storms
from gateway.ports.unit_of_work import Timers as Timers
from gateway.ports.unit_of_work import UnitOfWork as UnitOfWork


class Clock(Protocol):
    """Where the time comes from."""

    def now(self) -> datetime:
        """The present instant, aware, UTC."""


class Reception(Protocol):
    """What the ways in hand mail to."""

    def check_recipient(self, address: str) -> None:
        """Return when mail for `address` (RCPT TO, no brackets) is ours.

        Never blocks: it answers from memory.

        Raises:
            UnknownRecipient, ForgedToken: it is not.
            StorageUnavailable: we cannot tell now.
        """

    async def store(self, envelope: Envelope, content: Iterable[bytes], size: int) -> int:
        """Make a mail durable and return its ledger id.

        Args:
            content: the raw bytes in blocks; may be read more than once, from another thread,
                until this returns. A small mail is one block.
            size: bytes in all.

        Raises:
            StorageUnavailable, StorageFull, MailLoop, ShuttingDown.
        """


RecordType = Literal["TXT", "MX", "A", "AAAA", "PTR"]


class Resolver(Protocol):
    """Asks the DNS. Called by several threads at the same time."""

    def look_up(self, name: str, kind: RecordType, *, timeout_s: float) -> tuple[str, ...] | None:
        """The records of that kind, or None where the name does not exist (NXDOMAIN).

        A TXT record's strings are joined; an MX record is `preference host`; names have no final dot.

        Raises:
            DnsUnavailable: no answer in time, or one that tells of trouble.
        """


@dataclass(frozen=True, slots=True)
class Claim:
    """A mail that names one author, whom nothing contradicts so far: `mail.identity` is known."""

    mail: Mail
    envelope: Envelope
    raw: bytes


class Judge(Protocol):
    """Tells what the domains in From have to do with mails."""

    def judge(self, claims: Sequence[Claim]) -> list[Judgement]:
        """One for each claim, in order, within a few seconds for all; DNS trouble is a doubt, no error."""


class Renderer(Protocol):
    """From a notification to bytes."""

    def subject(self, notification: Notification) -> str:
        """The subject alone."""

    def text(self, notification: Notification) -> str:
        """The text part alone."""

    def render(self, notification: Notification) -> bytes:
        """Bytes ready for DATA: CRLF line ends, not dot-stuffed; the same for the same notification.

        Raises:
            UnsafeMail: the result is not what was meant.
        """


@dataclass(frozen=True, slots=True)
class OutgoingMail:
    """A row of the outbox on its way: `reverse_path` and `recipient` have been checked."""

    id: int
    reverse_path: str
    recipient: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of one outgoing mail: `error` is None once the relay took it.

    `reply` is the relay's answer, cleaned and shortened, for the record.
    """

    id: int
    reply: str
    error: GatewayError | None


class Transport(Protocol):
    """The way out. One instance belongs to one thread, and keeps its connection between calls."""

    def send(self, mails: Sequence[OutgoingMail]) -> Iterable[Delivery]:
        """Hand over `mails` in order and yield one `Delivery` for each, as soon as it is known.

        Never raises for what the relay does: a lost connection is RelayDeferred for the mails
        that had no answer yet.
        """

    def close(self) -> None:
        """Say goodbye to the relay if it is still there."""


class Bell(Protocol):
    """Tells workers that there may be work; losing a ring only costs time."""

    def ring(self, name: str) -> None:
        """Wake whoever drains `name` (inbound, outbox). Never blocks, never raises."""


@dataclass(frozen=True, slots=True)
class NewMail:
    """A mail on its way into the ledger; `content` is its bytes in blocks and can be read again.

    Attributes:
        position: of a fetched mail; one that has been stored from there before is not stored again.
    """

    envelope: Envelope
    content: Iterable[bytes]
    size: int
    position: Position | None = None


@dataclass(frozen=True, slots=True)
class LeasedMail:
    """A mail of the ledger, held by one worker.

    Attributes:
        fence: grows with each lease; whoever settles the mail must still know the last one.
        attempts: this one included.
        instruction: `release` when somebody of the desk has let a held mail in, `slowed` when its turn in a
            storm has come, else empty.
    """

    id: int
    fence: int
    attempts: int
    envelope: Envelope
    instruction: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One row of the ledger as it is shown."""

    id: int
    envelope: Envelope
    size: int
    sha256: str
    outcome: str
    reason: str
    evidence: str
    ticket: int | None
    message_id: str
    author: str
    subject: str
    attempts: int
    last_error: str


class LedgerStore(Protocol):
    """Where received mail is made durable."""

    def append(self, batch: Sequence[NewMail]) -> list[int]:
        """Store all of `batch` in one commit and return their ids in order, or raise and store none."""


class Alarms(Protocol):
    """What is wrong now. Raising and ending are cheap when nothing changes, and never raise themselves."""

    def sound(self, key: str, reason: str) -> None:
        """It is so, with the reason of today."""

    def end(self, key: str) -> None:
        """It is not so any more."""


@dataclass(frozen=True, slots=True)
class LeasedNotification:
    """A row of the outbox, held by one worker; `attempts` counts this one."""

    id: int
    fence: int
    attempts: int
    created_at: datetime
    reverse_path: str
    notification: Notification


@dataclass(frozen=True, slots=True)
class SendingResult:
    """What became of a leased notification.

    Attributes:
        state: sent, failed, or pending when it is to be tried again at `due_at`.
        reply: the relay's words.
    """

    id: int
    fence: int
    ticket: int
    recipient: str
    state: str
    reply: str
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """One row of the outbox as it is shown."""

    id: int
    at: datetime
    template: str
    language: str
    to: str
    subject: str
    ticket: int
    state: str
    attempts: int
    message_id: str
    reply: str
    due_at: datetime


class OutboxStore(Protocol):
    """The outbox as its workers see it."""

    def has_due(self, now: datetime) -> bool:
        """Whether a notification waits."""

    def lease(self, *, limit: int, owner: str, now: datetime) -> list[LeasedNotification]:
        """Take the oldest that are due."""

    def record(self, results: Sequence[SendingResult], *, now: datetime) -> None:
        """Write down what became of them, in one commit; raises LeaseLost and writes nothing."""


class Signer(Protocol):
    """Signs and reads the tokens of our addresses and ids."""

    def sign(self, token: Token, purpose: Purpose) -> str:
        """Lower-case letters and digits."""

    def read(self, text: str, purpose: Purpose) -> Token | None:
        """The token, or None for any other word; raises ForgedToken for a forged one."""

    @property
    def signing(self) -> int:
        """The id of the key that signs now."""

    def sign_action(self, token: ActionToken, kid: int | None = None) -> str:
        """The token of a link; raises ForgedToken when that key has been retired."""

    def read_action(self, text: str) -> ActionToken | None:
        """The token of a link, or None for any other word; raises ForgedToken for a forged one."""

    def seal(self, words: str) -> str:
        """What proves later that these words were ours."""

    def is_sealed(self, words: str, seal: str) -> bool:
        """Whether `seal` was made of exactly these words."""


@dataclass(frozen=True, slots=True)
class NewNotification:
    """A row for the outbox; `subject` is the whole one, as it will be sent."""

    id: int
    contact_id: int | None
    reverse_path: str
    subject: str
    notification: Notification


@dataclass(frozen=True, slots=True)
class Settlement:
    """How a mail of the ledger ends: its one outcome, where it went and why."""

    outcome: str
    ticket: int | None
    evidence: str
    reason: str
    message_id: str
    author: str
    subject: str
    explanation: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a batch is going to ask of a unit of work, fetched in one go.

    Attributes:
        fingerprints: content fingerprint by ledger id.
        message_ids: foreign ids, without angle brackets.
        addresses: comparison forms.
        searches: for articles, by ledger id.
        buckets: keys of the storm breaker, but for those that count on a ticket, and whether they are shared.
    """

    fingerprints: Mapping[int, str]
    message_ids: frozenset[str]
    tickets: frozenset[int]
    contacts: frozenset[int]
    addresses: frozenset[str]
    searches: Mapping[int, Search] = field(default_factory=dict)
    buckets: Mapping[str, bool] = field(default_factory=dict)
