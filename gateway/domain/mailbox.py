"""A mailbox that mail is fetched from: where in it a mail stands, and how far it has been read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Position:
    """Where in a mailbox a mail stands: no other mail ever has the same (RFC 9051 section 2.3.1.1).

    Attributes:
        mailbox: id of its row.
    """

    mailbox: int
    uidvalidity: int
    uid: int


@dataclass(frozen=True, slots=True)
class MailboxState:
    """How far a mailbox has been read.

    Attributes:
        place: `user@host/folder`; another one under the same name is another mailbox.
        uidvalidity: 0 before the first look.
        first_sync: what was decided on the mail that was there before: `all`, `new-only`, or empty
            while nothing is decided.
        history_uid: the last UID of what was there before, under that UIDVALIDITY.
        history_until: when the first look was; None when nothing was there.
        history_mails: how many there were.
        reason: why it stopped; empty while it runs or waits for a decision.
        looked_at: when it was last read to its end.
    """

    id: int
    name: str
    place: str
    uidvalidity: int
    first_sync: str
    history_uid: int
    history_until: datetime | None
    history_mails: int
    reason: str
    looked_at: datetime | None
