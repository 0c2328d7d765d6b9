"""Orders about what was done already: a change that its author takes back, a mail that was read wrongly."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from gateway.domain.acts import Act, MarkWrong, UndoChange, UndoDecision
from gateway.domain.intent.case import case_of
from gateway.domain.undo import DECISIONS, is_untouched, to_undo
from gateway.errors import ActRefused

if TYPE_CHECKING:
    from gateway.pipeline.orders import Orders

_SHOULD = ("should=", "devrait=")


def undo_last(orders: Orders) -> list[Act]:
    """Take the actor's last change of the ticket back."""
    ticket, actor, evidence, policy = orders.ticket, orders.staff(), orders.said.evidence, orders.policy
    within = policy.escalation.undo_within
    entry = to_undo(ticket.number, orders.recent, actor, now=orders.now, within=within)
    if entry.kind in DECISIONS:
        return [UndoDecision(ticket.number, entry, actor, evidence)]
    words: dict[str, Collection[str]] = {
        "state": policy.workflow.states,
        "priority": policy.priorities,
        "type": policy.types,
    }
    if entry.kind in words and entry.from_value not in words[entry.kind]:
        raise ActRefused(
            f"the rules have no {entry.kind} {entry.from_value!r} any more",
            f"les règles ne connaissent plus « {entry.from_value} »",
        )
    return [UndoChange(ticket.number, entry, actor, evidence, exactly=is_untouched(entry, orders.recent))]


def mark_wrong(orders: Orders, argument: str) -> list[Act]:
    """`RULE should=MEANING`, each of which may be left out: keep the mail that was read wrongly as a case."""
    ticket, actor, mail = orders.ticket, orders.staff(), orders.marked
    if mail is None:
        raise ActRefused(
            f"no mail of a customer stands on #{ticket.number}",
            f"la demande #{ticket.number} ne contient aucun message d'un client",
        )
    words = argument.split()
    should = [word.partition("=")[2] for word in words if word.casefold().startswith(_SHOULD)]
    rule = " ".join(word for word in words if not word.casefold().startswith(_SHOULD))
    known = orders.policy.escalation.labels
    meant = [each for word in should for each in word.split(",") if each]
    case = case_of(mail, rule=rule, should=meant, known=known)
    return [MarkWrong(ticket.number, case, actor, orders.said.evidence)]
