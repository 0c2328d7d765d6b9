"""What was found in a mail, with the words that say so."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Asked(StrEnum):
    """What the new text asks for; whoever asks for news and for escalation asks for escalation."""

    NONE = "none"
    NUDGE = "nudge"
    ESCALATION = "escalation"


class Mode(StrEnum):
    """What a rule may do: act, be shown to an agent as a suggestion, or be logged only."""

    ACT = "act"
    SUGGEST = "suggest"
    SHADOW = "shadow"


@dataclass(frozen=True, slots=True)
class Hit:
    """Words that a rule met.

    Attributes:
        rule: its name, such as `escalation.request.fr`.
        zone: reply, subject, signature or quoted.
        text: the words as they were written.
        start: offset of the first character in the text of the zone.
        end: offset after the last one.
    """

    rule: str
    zone: str
    text: str
    start: int
    end: int
    mode: Mode = Mode.ACT


@dataclass(frozen=True, slots=True)
class SetAside:
    """A hit that does not count, and the operator that decides so: negated, supposed, quoted and so on."""

    hit: Hit
    operator: str


@dataclass(frozen=True, slots=True)
class Command:
    """A line `#name argument`; a name that nobody knows is kept as it was written."""

    name: str
    argument: str


@dataclass(frozen=True, slots=True)
class Intent:
    """What a mail asks for.

    Attributes:
        evidence: the hits that count: of requests, claimed priority, grounds and refusals.
        set_aside: the hits that do not.
        suggested: hits of rules that may suggest or only log.
        grounds: ids, in the order of the rules.
        refusals: ids, in the order of the rules.
        claimed_priority: high, urgent or None.
        missing: what a request for escalation does not say: reason, impact, since, how_many.
    """

    asked: Asked = Asked.NONE
    evidence: tuple[Hit, ...] = ()
    set_aside: tuple[SetAside, ...] = ()
    suggested: tuple[Hit, ...] = ()
    grounds: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()
    claimed_priority: str | None = None
    commands: tuple[Command, ...] = ()
    missing: tuple[str, ...] = ()


NOTHING = Intent()
"""Of a mail that asks for nothing, and of all automatic mail."""
