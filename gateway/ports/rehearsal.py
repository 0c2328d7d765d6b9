"""What rehearsing other rules on stored mail needs of the database: to read it as it was, and no more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from gateway.ports import LeasedMail, UnitOfWork, Wanted


@dataclass(frozen=True, slots=True)
class StoredMail:
    """A mail of the ledger with what was decided on it.

    Attributes:
        mail: held by nobody.
        settled_at: None while it is pending.
        explanation: see `pipeline.explain`; empty while there is none.
    """

    mail: LeasedMail
    outcome: str
    settled_at: datetime | None
    explanation: Mapping[str, Any]


class StoredMails(Protocol):
    """The ledger's mails with what was decided on them, in order of receipt.

    `since` and `until` bound the time of receipt; `limit` leaves the newest so many.
    """

    def count(self, since: datetime | None, until: datetime | None, limit: int | None) -> int:
        """How many there are."""

    def batches(
        self, since: datetime | None, until: datetime | None, limit: int | None
    ) -> Iterator[list[StoredMail]]:
        """All of them, few at a time."""


class Rehearsal(Protocol):
    """The rows that a batch of mails met, in one transaction that only reads."""

    def prefetch(self, wanted: Wanted) -> None:
        """Fetch for the whole batch what would otherwise be fetched for each mail."""

    def as_of(self, stored: StoredMail, *, may_tell: bool, may_answer: bool) -> UnitOfWork:
        """The rows as they were when the mail was decided on; what is written there is forgotten.

        Args:
            may_tell: whether whoever is told of mail in their name had not been told shortly before.
            may_answer: whether the caps on acknowledgements left room.
        """
