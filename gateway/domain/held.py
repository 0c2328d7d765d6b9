"""Mail that waits for the desk, as its ticket knows it: why, and what may become of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from gateway.domain.desk import Contact

MOST_REMEMBERED = 50
"""Of one ticket; whoever sends more is reminded of with these."""


@dataclass(frozen=True, slots=True)
class HeldMail:
    """One mail of the ledger.

    Attributes:
        author_shown: as it stands in the mail.
        told_at: when the desk was last told of it.
    """

    inbound_id: int
    author_shown: str
    told_at: datetime


@dataclass(frozen=True, slots=True)
class EndHolding:
    """A held mail of the ticket was read again, or decided on, and waits no more."""

    ticket: int
    inbound_id: int


@dataclass(frozen=True, slots=True)
class RemindOfHeld:
    """Tell the desk again of the mails that wait for its decision."""

    ticket: int


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
    """Somebody of the desk drops a held mail: it waits no more. `ticket` is where it claims to belong, or None."""

    ticket: int | None
    inbound_id: int
    actor: Contact | None
    reason: str


@dataclass(frozen=True, slots=True)
class MailReleased:
    """Somebody of the desk lets a held mail in: it is read again, and comes by itself."""

    ticket: int | None
    inbound_id: int
    actor: Contact | None


# Why a mail is held or refused, as people read it.
_FRENCH: Mapping[str, str] = MappingProxyType(
    {
        "only the number in the subject ties it to the ticket, and nothing proves who wrote it": (
            "seul le numéro dans l'objet le rattache à la demande, et rien ne prouve qui l'a écrit"
        ),
        "written by somebody who does not take part in the ticket": (
            "écrit par quelqu'un qui ne participe pas à la demande"
        ),
        "written by a colleague of the requester, and nothing proves it": (
            "écrit par un collègue du demandeur, et rien ne le prouve"
        ),
        "written in the name of somebody of the desk, and nothing proves it": (
            "écrit au nom d'un membre de l'équipe, et rien ne le prouve"
        ),
        "written in the name of an account manager, and nothing proves it": (
            "écrit au nom d'un responsable de compte, et rien ne le prouve"
        ),
        "nothing proves who wrote it": "rien ne prouve qui l'a écrit",
    }
)
_CONTRADICTED = "quelque chose contredit l'expéditeur annoncé : {}"


def reason_in(language: str, reason: str) -> str:
    """Why a mail waits, for a reader of `language`; what the evidence itself says stays as it is."""
    if language != "fr":
        return reason
    return _FRENCH.get(reason) or _CONTRADICTED.format(reason)
