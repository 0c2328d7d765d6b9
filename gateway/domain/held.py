"""Acts on mail that waits for the desk: counted in a storm, let in, dropped."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.domain.desk import Contact


@dataclass(frozen=True, slots=True)
class FoldMail:
    """Count a mail that a storm keeps out, in one note.

    Attributes:
        ticket: the one that it belongs to or whose note counts it; None where the storm has none yet.
        key: of the bucket that is full.
        bucket: its id in rules/storms.yaml.
        desk_address: where it was sent, for the storm's own ticket.
    """

    ticket: int | None
    key: str
    bucket: str
    desk_address: str


@dataclass(frozen=True, slots=True)
class MailDropped:
    """A held mail of the ticket was dropped: nothing is held any more, as far as it goes."""

    ticket: int
    inbound_id: int
    actor: Contact | None
    reason: str


@dataclass(frozen=True, slots=True)
class MailReleased:
    """Somebody of the desk has let a held mail of the ticket in; it is read again, and comes by itself."""

    ticket: int
    inbound_id: int
    actor: Contact | None
