"""Which ticket a mail belongs to: all that speaks for one, and what was chosen."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Authority(IntEnum):
    """What speaks for a ticket, strongest first."""

    TOKEN = 1
    """A signed reply address in the envelope or among the recipients."""
    REFERENCES = 2
    """An id that we sent or received on the ticket, in In-Reply-To or References."""
    SUBJECT = 3
    """The ticket's number in the subject."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A ticket that something speaks for.

    Attributes:
        contact: id of the contact whom the token or our Message-ID was made for, 0 for a team,
            None where it was made for nobody.
        reason: what was found where.
    """

    ticket: int
    authority: Authority
    contact: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class Match:
    """The strongest candidate, or None for a new ticket; the others are kept for the explanation."""

    chosen: Candidate | None
    others: tuple[Candidate, ...]
