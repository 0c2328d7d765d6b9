"""Flex contracts: prepaid time, from which change requests are paid when they are closed."""

from __future__ import annotations

import re
from dataclasses import dataclass

from gateway.domain.desk import Desk
from gateway.domain.ticket import Ticket

_TIME = re.compile(
    r"(?:(\d{1,4})(?:[.,](\d{1,2}))? ?h)?(?: ?(\d{1,4}) ?(?:m|mn|min|minutes?)?)?", re.IGNORECASE | re.ASCII
)
_MOST_MINUTES = 1000 * 60


@dataclass(frozen=True, slots=True)
class Charge:
    """What a contract was charged for a ticket, and what is left of its balance; both in minutes.

    Attributes:
        left: below zero where more was spent than is prepaid.
    """

    minutes: int
    left: int


def is_charged(ticket: Ticket, desk: Desk, charged_types: frozenset[str]) -> bool:
    """Whether closing the ticket takes time from a Flex contract, and none was taken yet."""
    organisation = desk.organisations.get(ticket.organisation_id or 0)
    is_flex = organisation is not None and organisation.flex_balance_minutes > 0
    return is_flex and ticket.type in charged_types and not ticket.flex_minutes


def minutes_of(text: str) -> int | None:
    """Minutes of `1h30`, `1.5 h`, `2 h`, `45 min` or `45`; None for anything else, and for no time at all."""
    found = _TIME.fullmatch(text.strip()[:20])
    if found is None:
        return None
    hours, fraction, minutes = found.groups()
    if fraction and minutes:
        return None
    total = int(hours or 0) * 60 + int(minutes or 0)
    if fraction:
        total += round(60 * int(fraction) / 10 ** len(fraction))
    return total if 0 < total <= _MOST_MINUTES else None


def say_minutes(minutes: int) -> str:
    """`1 h 30`, `45 min`, `-2 h 00`."""
    hours, rest = divmod(abs(minutes), 60)
    shown = f"{hours} h {rest:02d}" if hours else f"{rest} min"
    return f"-{shown}" if minutes < 0 else shown
