"""How well it is proven who wrote a mail: what a mail may do depends on it, never whether it is kept."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Level(IntEnum):
    """The levels of evidence, weakest first."""

    E0 = 0
    """Conflict: several From lines, none, or a forged token."""
    E1 = 1
    """Claimed: nothing contradicts From and nothing proves it."""
    E2 = 2
    """Token: a valid reply token, and From is the contact it was made for."""
    E3 = 3
    """Domain: DKIM aligned with From."""
    E4 = 4
    """Proven: E3 and E2, or the gateway's own ways in (command line, portal)."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of a mail's writer.

    Attributes:
        identity: the comparison form of the writer's address, None at E0.
        reasons: short sentences, in the order in which they were found.
    """

    level: Level
    identity: str | None
    reasons: tuple[str, ...]
