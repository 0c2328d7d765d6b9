"""What kind of mail it is, and everything read from its body."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from gateway.domain.address import Mailbox
from gateway.domain.bounce import BounceReport
from gateway.domain.diagnostics import Told
from gateway.domain.intent.result import NOTHING, Intent
from gateway.domain.mail import Mail
from gateway.domain.zones import Zones


class Kind(StrEnum):
    """The kinds of CONTRACT.md; all but `PERSON` are automatic and never act."""

    PERSON = "person"
    AUTO_REPLY = "auto_reply"
    CHALLENGE = "challenge"
    BOUNCE = "bounce"
    RECEIPT = "receipt"
    LIST = "list"
    CALENDAR = "calendar"
    REPORT = "report"


@dataclass(frozen=True, slots=True)
class AutoReply:
    """An automatic answer: out_of_office, acknowledgement or other; `until` is the day of return."""

    type: str
    until: date | None


@dataclass(frozen=True, slots=True)
class Forward:
    """The mail that this one passes on."""

    author: Mailbox | None
    to: tuple[Mailbox, ...]
    cc: tuple[Mailbox, ...]
    subject: str
    date: datetime | None
    body: str


@dataclass(frozen=True, slots=True)
class Classified:
    """A mail with its kind, zones and language.

    Attributes:
        kind_evidence: short reasons, the header or the words that decided.
        answerable: whether an automatic answer may go to it (RFC 3834 section 2); false for a
            person's mail too when it carries `X-Auto-Response-Suppress` or comes from a list.
        intent: what the new text asks for; empty for all automatic mail.
        details: what the new text and the files tell of a fault or a wish; nothing of automatic mail.
        language: `fr`, `en`… or None when the text is too short to tell.
    """

    mail: Mail
    kind: Kind
    kind_evidence: tuple[str, ...]
    answerable: bool
    zones: Zones
    forward: Forward | None
    bounce: BounceReport | None
    auto_reply: AutoReply | None
    language: str | None
    intent: Intent = NOTHING
    details: tuple[Told, ...] = ()
