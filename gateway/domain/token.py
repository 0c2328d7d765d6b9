"""The signed words that our addresses and ids carry: what they mean, not how they are signed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Purpose(StrEnum):
    """What a token may be used for; a token made for one purpose is worth nothing for another."""

    REPLY = "reply"
    BOUNCE = "bounce"
    MESSAGE_ID = "message-id"
    ACTION = "action"
    PAGE = "page"


@dataclass(frozen=True, slots=True)
class Token:
    """What a token is bound to.

    Attributes:
        ticket: number of the ticket.
        contact: id of the contact whom the mail went to; 0 for a team's own address.
        notification: outbox id of the mail that carried it.
    """

    ticket: int
    contact: int
    notification: int
