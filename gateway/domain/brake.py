"""The brake on automatic closings: after a jump of the clock, or when unusually many fall due, a human decides."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class BrakeRules:
    """What is unusual.

    Attributes:
        jump: by how much the wall clock may run apart from the monotonic one.
        share: of the open tickets that may be closed at once, 0 to 1.
        least: so many closings are never unusual, however small the desk.
    """

    jump: timedelta
    share: float
    least: int


def hold_closings(
    rules: BrakeRules, *, wall: timedelta, monotonic: timedelta, closings: int, open_tickets: int
) -> str:
    """Why closings that have fallen due must wait for a human, or empty when they need not.

    Args:
        wall: what the wall clock says has passed since the last look.
        monotonic: what has really passed; the same as `wall` where nobody knows, as after a start.
        closings: fallen due and not carried out.
        open_tickets: those included.
    """
    apart = wall - monotonic
    if abs(apart) > rules.jump:
        way = "forward" if apart > timedelta() else "back"
        return f"the clock jumped {way} by {abs(apart)}"
    if closings > rules.least and closings > rules.share * open_tickets:
        return f"{closings} of {open_tickets} open tickets would be closed at once"
    return ""
