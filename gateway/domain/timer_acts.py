"""What the passing of time wants done with a ticket."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ClimbMatrix:
    """Nobody has decided: tell the next level."""

    ticket: int


@dataclass(frozen=True, slots=True)
class RemindCustomer:
    """Say by itself that the desk still waits; `number` counts from 1."""

    ticket: int
    number: int
    text: str


@dataclass(frozen=True, slots=True)
class CheckClocks:
    """Put on record what the clocks have come to by the passing of time."""

    ticket: int


@dataclass(frozen=True, slots=True)
class OweUpdate:
    """Tell the desk that the news it promised are due."""

    ticket: int
