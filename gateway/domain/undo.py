"""Which change of a ticket its author may take back, and until when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType

from gateway.domain.address import author_key
from gateway.domain.desk import Contact
from gateway.domain.ticket import TimelineEntry
from gateway.errors import ActRefused

DECISIONS = frozenset({"escalation_approved", "escalation_refused"})
RESTORABLE = frozenset({"state", "priority", "assignee", "type"})
UNDOABLE = DECISIONS | RESTORABLE
"""Kinds of entries of the timeline."""
# What each kind of entry is about: a later one about the same thing stands in the way.
_ABOUT: Mapping[str, str] = MappingProxyType(
    {
        **{kind: kind for kind in RESTORABLE},
        **dict.fromkeys(DECISIONS | {"escalation_requested"}, "escalation"),
    }
)
_FRENCH: Mapping[str, str] = MappingProxyType(
    {
        "state": "l'état",
        "priority": "la criticité",
        "assignee": "l'attribution",
        "type": "le type",
        "escalation": "l'escalade",
    }
)


def to_undo(
    number: int, entries: Sequence[TimelineEntry], actor: Contact, *, now: datetime, within: timedelta
) -> TimelineEntry:
    """The last change of the ticket by `actor`.

    Args:
        entries: of the ticket's timeline, the newest first.
        within: how long a change can be taken back.

    Raises:
        ActRefused: there is none, it is another's, too old, or something newer has happened.
    """
    undone = {entry.undoes for entry in entries if entry.undoes}
    changes = [
        entry for entry in entries if entry.kind in _ABOUT and not entry.undoes and entry.id not in undone
    ]
    recent = [entry for entry in changes if entry.kind in UNDOABLE and now - entry.at <= within]
    mine = next((entry for entry in recent if author_key(entry.actor) == actor.key), None)
    if mine is None and recent:
        by = recent[0].actor or "nobody"
        raise ActRefused(
            f"the last change of #{number} ({_shown(recent[0])}) is by {by}, and only its author can undo it",
            f"la dernière modification de la demande #{number} ({_montre(recent[0])}) est de {by} ; "
            "seul son auteur peut l'annuler",
        )
    if mine is None:
        minutes = round(within.total_seconds() / 60)
        raise ActRefused(
            f"there is no change of #{number} that is not older than {minutes} minutes; later ones are not undone",
            f"aucune modification de la demande #{number} ne date de moins de {minutes} minutes ; "
            "au-delà, rien n'est annulé",
        )
    newer = next((e for e in changes if e.id > mine.id and _ABOUT[e.kind] == _ABOUT[mine.kind]), None)
    if newer is not None:
        raise ActRefused(
            f"since then something newer has happened to #{number}: {_shown(newer)}, by {newer.actor or 'a timer'}",
            f"depuis, la demande #{number} a changé de nouveau : {_montre(newer)}, par {newer.actor or 'un délai'}",
        )
    _check_charge(number, mine, entries)
    return mine


def is_untouched(entry: TimelineEntry, entries: Iterable[TimelineEntry]) -> bool:
    """Whether nothing has moved the ticket's clocks since `entry`, but for what has been undone again."""
    newer = [each for each in entries if each.id > entry.id]
    undone = {each.undoes for each in newer if each.undoes}
    return not any(
        each.kind.startswith("sla_")
        or (each.kind in {"state", "priority"} and not each.undoes and each.id not in undone)
        for each in newer
    )


def _check_charge(number: int, mine: TimelineEntry, entries: Iterable[TimelineEntry]) -> None:
    charged = any(each.kind == "flex_charged" and each.id > mine.id for each in entries)
    if mine.kind == "state" and charged:
        raise ActRefused(
            f"the contract has been charged for #{number}, which nothing takes back; reopen it with #reopen",
            f"le forfait a été décompté pour la demande #{number}, ce qui ne s'annule pas ; "
            "rouvrez-la avec #rouvrir",
        )


def _shown(entry: TimelineEntry) -> str:
    return f"{_ABOUT[entry.kind]} {entry.from_value or 'nobody'} to {entry.to_value or 'nobody'}"


def _montre(entry: TimelineEntry) -> str:
    return f"{_FRENCH[_ABOUT[entry.kind]]}, de {entry.from_value or '-'} à {entry.to_value or '-'}"
