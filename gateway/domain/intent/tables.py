"""The rules of `rules/escalation/` and `rules/commands.yaml`, compiled once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from gateway.domain.intent.pattern_index import PatternIndex
from gateway.domain.intent.patterns import Pattern
from gateway.domain.intent.result import Mode
from gateway.domain.intent.typos import Speller


class Sense(StrEnum):
    """What the words of a rule stand for.

    `MENTION` are words that ask for nothing by themselves: they are shown as set aside. The last four
    are what a request for escalation should say.
    """

    NUDGE = "nudge"
    ESCALATION = "escalation"
    URGENT = "urgent"
    HIGH = "high"
    MENTION = "mention"
    GROUND = "ground"
    REFUSAL = "refusal"
    ALERT = "alert"
    """The words of a service alert, which stand in no file; see `domain.alert_words`."""
    REASON = "reason"
    IMPACT = "impact"
    SINCE = "since"
    HOW_MANY = "how_many"


DETAILS = frozenset((Sense.REASON, Sense.IMPACT, Sense.SINCE, Sense.HOW_MANY))
"""What a request for escalation should say."""


class Reach(StrEnum):
    """Where an operator stands for it to govern a hit."""

    INSIDE = "inside"
    """Between the first and the last word of the hit."""
    TOUCHING = "touching"
    """Over the hit, or right beside it."""
    BEFORE = "before"
    """In its clause, beginning before its end."""
    CLAUSE = "clause"
    """Anywhere in its clause."""
    EARLIER = "earlier"
    """In its sentence, beginning before its end."""
    SENTENCE = "sentence"
    """Anywhere in its sentence."""
    NEAR = "near"
    """In its sentence or the next one."""


@dataclass(frozen=True, slots=True)
class Needs:
    """The quantities that a ground asks for in the sentence or the ones beside it; 0 asks for none.

    Attributes:
        people: how many at least.
        hours: how long at least.
    """

    people: int = 0
    hours: int = 0


@dataclass(frozen=True, slots=True)
class Rule:
    """Words that mean something.

    Attributes:
        id: such as `escalation.request.fr`, or of the ground.
    """

    id: str
    sense: Sense
    mode: Mode
    patterns: tuple[Pattern, ...]
    needs: Needs = Needs()


@dataclass(frozen=True, slots=True)
class Operator:
    """Words around a hit that set it aside.

    Attributes:
        name: negated, supposed, past, asked…
        senses: which hits it governs.
        spared_by: words that take the operator's own meaning away: `if possible`.
    """

    name: str
    reach: Reach
    senses: frozenset[Sense]
    patterns: tuple[Pattern, ...]
    spared_by: tuple[Pattern, ...] = ()


@dataclass(frozen=True, slots=True)
class QuantityTables:
    """Words for quantities, folded.

    Attributes:
        numbers: value by word (`two`, `cent`, `centaine`).
        people: nouns for persons.
        hours: length of a unit of time by its word.
        more: words before a number that make it a lower bound that is exceeded.
    """

    numbers: Mapping[str, int]
    people: frozenset[str]
    hours: Mapping[str, int]
    more: frozenset[str]


@dataclass(frozen=True)
class IntentTables:
    """All of them.

    Attributes:
        commands: canonical name by folded name.
    """

    rules: tuple[Rule, ...]
    operators: tuple[Operator, ...]
    quantities: QuantityTables
    speller: Speller
    commands: Mapping[str, str]

    @cached_property
    def met_by(self) -> PatternIndex:
        """The patterns of all rules but those of details, which are looked for only once a request is found."""
        return PatternIndex.of(
            (at, pattern)
            for at, rule in enumerate(self.rules)
            if rule.sense not in DETAILS
            for pattern in rule.patterns
        )

    @cached_property
    def set_aside_by(self) -> PatternIndex:
        """The patterns of all operators."""
        return PatternIndex.of(
            (at, pattern) for at, operator in enumerate(self.operators) for pattern in operator.patterns
        )
