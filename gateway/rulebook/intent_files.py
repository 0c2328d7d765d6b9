"""The shapes of the files in `rules/escalation/` and of `rules/commands.yaml`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from gateway.domain.intent.result import Mode
from gateway.domain.intent.tables import Reach, Sense
from gateway.rulebook.source import Strict, Words

RuleId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_.-]*$", max_length=60)]
Classes = dict[str, list[Words]]
Some = Annotated[list[Words], Field(min_length=1)]


class NeedsEntry(Strict):
    """See `domain.intent.tables.Needs`."""

    people: int = Field(default=0, ge=0)
    hours: int = Field(default=0, ge=0)


class RuleEntry(Strict):
    """A rule of a lexicon; `examples` are met by it, `traps` are not."""

    id: RuleId
    sense: Sense
    mode: Mode = Mode.ACT
    why: Words
    patterns: Some
    examples: Some
    traps: list[Words] = Field(default_factory=list)


class LexiconFile(Strict):
    """lexicon.<language>.yaml.

    Attributes:
        spelt_right: words near one of the rules' long words, and no slip of it.
    """

    spelt_right: list[Words] = Field(default_factory=list)
    classes: Classes = Field(default_factory=dict)
    rules: list[RuleEntry] = Field(min_length=1)


class OperatorEntry(Strict):
    """See `domain.intent.tables.Operator`; in each example it sets a hit aside."""

    name: RuleId
    reach: Reach
    senses: Annotated[list[Sense], Field(min_length=1)]
    why: Words
    patterns: Some
    spared_by: list[Words] = Field(default_factory=list)
    examples: Some


class OperatorsFile(Strict):
    """operators.<language>.yaml."""

    classes: Classes = Field(default_factory=dict)
    operators: list[OperatorEntry] = Field(min_length=1)


class GroundEntry(Strict):
    """A ground, or a reason to refuse, in all languages."""

    id: RuleId
    mode: Mode = Mode.ACT
    why: Words
    needs: NeedsEntry = Field(default_factory=NeedsEntry)
    patterns: Some
    examples: Some
    traps: list[Words] = Field(default_factory=list)


class GroundsFile(Strict):
    """grounds.yaml and refusals.yaml."""

    classes: Classes = Field(default_factory=dict)
    rules: list[GroundEntry] = Field(min_length=1)


class QuantitiesFile(Strict):
    """quantities.yaml: words for numbers, persons and units of time."""

    why: Words
    numbers: dict[str, Annotated[int, Field(ge=1, le=1_000_000)]]
    people: Some
    hours: dict[str, Annotated[int, Field(ge=1, le=10_000)]]
    more: Some


class CommandEntry(Strict):
    """A command and its other names."""

    name: RuleId
    also: list[Words] = Field(default_factory=list)
    why: Words


class CommandsFile(Strict):
    """commands.yaml."""

    commands: list[CommandEntry] = Field(min_length=1)


class TextExample(Strict):
    """A mail's new text and everything that it means.

    Attributes:
        means: nudge, escalation, high, urgent, and ids of grounds and refusals.
        may: ids that may be named too, because they follow from a narrower one.
    """

    text: Words
    means: list[str]
    may: list[str] = Field(default_factory=list)


class ExamplesFile(Strict):
    """examples/*.yaml; those of `held-*` files are scored, not demanded one by one."""

    why: Words
    examples: list[TextExample] = Field(min_length=1)
