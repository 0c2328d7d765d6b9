"""A link in a mail that does something once its page is confirmed: what is offered, and what was issued.

A link is worth as much as the mail that it stands in: whoever has it was given it at an address that we
know. It is bound to one act, ticket, contact and end, and its row is used up by the act.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

CONFIRM = "confirm"
"""Stands in an offer for the act that a mail in somebody's name has asked for."""


@dataclass(frozen=True, slots=True)
class ActionToken:
    """What a link is bound to.

    Attributes:
        act: a name of `pipeline.link_acts`.
        contact: id of whoever may use it; 0 for a team, whose members share their mail.
        notification: outbox id of the mail that carries it.
        about: id of the request, held mail or whatever the act is about; 0 for the ticket itself.
        expires_at: seconds since 1970.
    """

    act: str
    ticket: int
    contact: int
    notification: int
    about: int
    expires_at: int


@dataclass(frozen=True, slots=True)
class IssuedAction:
    """The row of a link: the link itself is known by its hash alone.

    Attributes:
        asked_by_mail: ledger id of the mail that asks for the act, where it is to be confirmed.
        used_at: when the act was done, or None.
    """

    hash: str
    token: ActionToken
    asked_by_mail: int | None
    created_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Offer:
    """One line of rules/links.yaml: a template's mail carries a link, for whom it is meant.

    Attributes:
        to: `reader` for whoever gets the mail, else what they must be to the ticket or the desk:
            `requester` (participants included), `agent`, `support_lead`.
        act: a name of `pipeline.link_acts`, or `CONFIRM`.
        labels: of the link, by language.
        valid: how long.
    """

    id: str
    template: str
    to: str
    act: str
    labels: Mapping[str, str]
    valid: timedelta
    why: str

    def label(self, language: str) -> str:
        """In the reader's language, else in English."""
        return self.labels.get(language) or self.labels["en"]
