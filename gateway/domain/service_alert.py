"""Service alerts: what the desk says of a fault that many meet, and the tickets that are about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.domain.desk import Contact


ByLanguage = Mapping[str, str]
"""Texts by `fr` and `en`; at least one of them."""


class LinkState(StrEnum):
    """What a ticket is to an alert."""

    MATCHED = "matched"
    """Its first mail has the alert's words: the desk sees it, and nobody is told of the alert's updates."""
    FOLLOWING = "following"
    """Somebody wants its people told of the alert's updates."""
    LEFT = "left"
    """Somebody wanted that, and does not any more."""


@dataclass(frozen=True, slots=True)
class AlertUpdate:
    """One thing that was said of an alert; they are only ever added.

    Attributes:
        id: of the row, growing; 0 until it has one.
        kind: opened, updated or resolved.
        actor: address of whoever said it.
    """

    id: int
    alert: int
    kind: str
    at: datetime
    actor: str
    texts: ByLanguage


@dataclass(frozen=True, slots=True)
class ServiceAlert:
    """An alert as it is now.

    Attributes:
        number: 0 until it has a row.
        state: open or resolved.
        words: phrases that its requests hold, by language; see `alert_words.phrase`.
        offers: whose customers it concerns; all where there are none.
        organisations: ids of those that it concerns; all where there are none.
        newest: what was said of it last.
    """

    number: int
    state: str
    titles: ByLanguage
    words: Mapping[str, tuple[str, ...]]
    offers: tuple[str, ...]
    organisations: tuple[int, ...]
    opened_at: datetime
    opened_by: str
    resolved_at: datetime | None
    newest: AlertUpdate

    @property
    def is_open(self) -> bool:
        """Whether it goes on."""
        return self.state == "open"

    def concerns(self, organisation: int | None, offer: str) -> bool:
        """Whether it is about an organisation's requests."""
        return (not self.organisations or organisation in self.organisations) and (
            not self.offers or offer in self.offers
        )

    def title(self, language: str) -> str:
        """In the reader's language, else in the one that there is."""
        return in_language(self.titles, language)


@dataclass(frozen=True, slots=True)
class AlertLink:
    """A ticket and an alert that it is about.

    Attributes:
        told: id of the alert's update that the ticket has come to.
    """

    ticket: int
    alert: int
    state: LinkState
    told: int


@dataclass(frozen=True, slots=True)
class MatchedAlert:
    """An open alert that a request is about; `words` are the request's."""

    alert: ServiceAlert
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TicketAlert:
    """An open alert as a ticket sees it.

    Attributes:
        state: None where nothing ties them.
        concerned: whether the alert is about the ticket's organisation and offer.
    """

    alert: ServiceAlert
    state: LinkState | None
    concerned: bool


@dataclass(frozen=True, slots=True)
class LinkAlert:
    """Tie a ticket to an alert, or untie it.

    Attributes:
        ticket: may be `OPENED`, as of every act.
        reason: the words that matched, or empty.
    """

    ticket: int
    alert: int
    to: LinkState
    actor: Contact | None
    reason: str
    evidence: str


def in_language(texts: ByLanguage, language: str) -> str:
    """The text in a language, else the English one, else the one that there is."""
    return texts.get(language) or texts.get("en") or next(iter(texts.values()), "")


@dataclass(frozen=True, slots=True)
class AlertNews:
    """An update that some of its alert's tickets have not come to; `tickets` are the first of them."""

    alert: ServiceAlert
    update: AlertUpdate
    tickets: tuple[int, ...]
