"""What the rules decide on one mail: its one outcome, the acts that follow, and why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gateway.domain.acts import Act


class Outcome(StrEnum):
    """Where a mail ends; CONTRACT.md's `mail list`."""

    PENDING = "pending"
    TICKET = "ticket"
    COMMENT = "comment"
    DUPLICATE = "duplicate"
    BOUNCE = "bounce"
    AUTO_REPLY = "auto_reply"
    HELD = "held"
    REFUSED = "refused"
    QUARANTINED = "quarantined"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Decision:
    """An outcome with its acts.

    Attributes:
        ticket: where the mail belongs or claims to belong, None for a new ticket or none at all.
        reason: one sentence for the ledger.
        ruling: who, what and on what evidence, where the table of permissions was asked.
    """

    outcome: Outcome
    acts: tuple[Act, ...]
    ticket: int | None
    reason: str
    ruling: str = ""
