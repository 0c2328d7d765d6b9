"""What was found in a mail, with the words that say so."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from gateway.domain.text import clean_line


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
        mode: of the rule; what only suggests or is only logged asks for nothing.
        means: nudge, escalation, urgent, high, the id of a ground or refusal; empty for a mere mention.
    """

    rule: str
    zone: str
    text: str
    start: int
    end: int
    mode: Mode = Mode.ACT
    means: str = ""


@dataclass(frozen=True, slots=True)
class SetAside:
    """A hit that does not count, and the operator that decides so: negated, supposed, quoted and so on."""

    hit: Hit
    operator: str


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What words may mean that nothing was done about; whoever works on the ticket is shown it.

    Attributes:
        means: as of a hit.
    """

    means: str
    words: str


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
        suggested: hits that count, of rules that may only suggest.
        shadowed: hits that count, of rules that are only logged.
        grounds: ids, in the order of the rules.
        refusals: ids, in the order of the rules.
        claimed_priority: high, urgent or None.
        missing: what a request for escalation does not say: reason, impact, since, how_many.
    """

    asked: Asked = Asked.NONE
    evidence: tuple[Hit, ...] = ()
    set_aside: tuple[SetAside, ...] = ()
    suggested: tuple[Hit, ...] = ()
    shadowed: tuple[Hit, ...] = ()
    grounds: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()
    claimed_priority: str | None = None
    commands: tuple[Command, ...] = ()
    missing: tuple[str, ...] = ()


def suggestions(intent: Intent, *, with_grounds: bool) -> tuple[Suggestion, ...]:
    """What an agent is shown, each meaning once with the first words that say so.

    Args:
        with_grounds: whether the grounds that count opened no request, and so had no effect.
    """
    hits = [*intent.suggested]
    if with_grounds:
        hits += [hit for hit in intent.evidence if hit.means in intent.grounds]
    words: dict[str, str] = {}
    for hit in hits:
        words.setdefault(hit.means, clean_line(hit.text, limit=100))
    return tuple(Suggestion(means, text) for means, text in words.items())


def meanings(hits: Iterable[Hit]) -> set[str]:
    """What hits come to: escalation includes news, and urgent what is high."""
    found = {hit.means for hit in hits if hit.means}
    return found - {less for more, less in (("escalation", "nudge"), ("urgent", "high")) if more in found}


NOTHING = Intent()
"""Of a mail that asks for nothing, and of all automatic mail."""
