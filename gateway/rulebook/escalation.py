"""rules/escalation/process.yaml: how an escalation goes."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from pathlib import Path
from typing import Literal

from pydantic import Field

from gateway.domain.escalation import EscalationPolicy, LinkDelay, MatrixRow
from gateway.rulebook.preset import read_rules
from gateway.rulebook.source import Strict, Words, known, read_source, typed

Asked = Literal["reason", "impact", "since", "how_many"]
Told = Literal["support_lead", "offer_owner", "account_manager"]


class MatrixEntry(Strict):
    """See `domain.escalation.MatrixRow`."""

    level: int = Field(ge=1, le=9)
    after_hours: float = Field(ge=0, le=1000)
    organisations: list[Words] = Field(default_factory=list)
    offers: list[Words] = Field(default_factory=list)
    priorities: list[str] = Field(default_factory=list)
    tells: list[Told] = Field(min_length=1)
    why: Words


class LinkAfterEntry(Strict):
    """See `domain.escalation.LinkDelay`."""

    priorities: list[str] = Field(default_factory=list)
    hours: float = Field(ge=0, le=10_000)
    why: Words


class ProcessFile(Strict):
    """See `domain.escalation.EscalationPolicy`."""

    why: Words
    nudge_first: bool
    straight: list[str]
    opening: list[str]
    asks_for: list[Asked]
    idle_days: float = Field(gt=0, le=365)
    active_hours: float = Field(gt=0, le=1000)
    update_hours: float = Field(gt=0, le=1000)
    undo_minutes: float = Field(ge=0, le=10_000)
    link_after: list[LinkAfterEntry]
    matrix: list[MatrixEntry] = Field(min_length=1)


class LabelsFile(Strict):
    """Grounds and refusals, and what else words may ask for, as people read them, by id and language."""

    labels: dict[str, dict[str, Words]]
    asks: dict[str, dict[str, Words]]


def load_escalation(folder: Path, priorities: Collection[str], preset: str = "") -> EscalationPolicy:
    """The process as typed values.

    Raises:
        ConfigurationError: with file, line and reason for the first thing that is wrong.
    """
    source = read_rules(folder, "escalation/process.yaml", preset)
    read = typed(source, ProcessFile)
    levels = {row.level for row in read.matrix}
    for number, delay in enumerate(read.link_after):
        for position, name in enumerate(delay.priorities):
            known(
                source, ("link_after", number, "priorities", position), name, sorted(priorities), "priority"
            )
    for number, row in enumerate(read.matrix):
        if row.level > 1 and row.level - 1 not in levels:
            raise source.refuse(
                ("matrix", number, "level"), f"there is no level {row.level - 1} to climb from"
            )
        for position, name in enumerate(row.priorities):
            known(source, ("matrix", number, "priorities", position), name, sorted(priorities), "priority")
    labels_source = read_source(folder / "escalation" / "labels.yaml")
    shown = typed(labels_source, LabelsFile)
    labels = shown.labels
    for key, names in (("labels", labels), ("asks", shown.asks)):
        for name, texts in names.items():
            for language in ("en", "fr"):
                if language not in texts:
                    raise labels_source.refuse((key, name), f"the label in {language!r} is missing")
    for key, ids in (("straight", read.straight), ("opening", read.opening)):
        for number, name in enumerate(ids):
            known(source, (key, number), name, list(labels), "ground")
    return EscalationPolicy(
        labels=labels | shown.asks,
        nudge_first=read.nudge_first,
        straight=frozenset(read.straight),
        opening=frozenset(read.opening),
        asks_for=tuple(read.asks_for),
        link_after=tuple(
            LinkDelay(frozenset(delay.priorities), timedelta(hours=delay.hours)) for delay in read.link_after
        ),
        matrix=tuple(
            MatrixRow(
                level=row.level,
                after=timedelta(hours=row.after_hours),
                organisations=frozenset(row.organisations),
                offers=frozenset(row.offers),
                priorities=frozenset(row.priorities),
                roles=tuple(row.tells),
            )
            for row in read.matrix
        ),
        idle=timedelta(days=read.idle_days),
        active=timedelta(hours=read.active_hours),
        update_every=timedelta(hours=read.update_hours),
        undo_within=timedelta(minutes=read.undo_minutes),
    )
