"""An escalation: who asked for it, on which grounds, and what a lead has decided.

Words alone never escalate: whatever is read in a mail becomes a request at most, and a support lead
decides it, case by case.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from gateway.domain.contract import Contract
from gateway.domain.desk import Contact
from gateway.domain.ticket import Ticket
from gateway.domain.timers import DueTimer, Timer

NO_UPDATE = "no-update-for-a-week"
BEING_WORKED_ON = "being-worked-on"
WAITING_FOR_REQUESTER = "waiting-for-requester"


class EscalationState(StrEnum):
    """Where a request stands."""

    REQUESTED = "requested"
    APPROVED = "approved"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Escalation:
    """One request, from its asking to its decision.

    Attributes:
        id: 0 until it has a row.
        asked: how many times it was asked for; repeats strengthen it and tell nobody again.
        grounds, refusals: ids of rules/escalation that speak for and against it.
        missing: what the asker was asked for: reason, impact, since, how_many.
        level: how far the matrix has been climbed, from 1.
        estimate: time to resolution, in the lead's words.
    """

    id: int
    ticket: int
    state: EscalationState
    requested_at: datetime
    requested_by: Contact | None
    reason: str
    evidence: str
    asked: int
    grounds: tuple[str, ...]
    refusals: tuple[str, ...]
    missing: tuple[str, ...]
    level: int
    decided_at: datetime | None
    decided_by: Contact | None
    decision_reason: str
    estimate: str

    @property
    def is_open(self) -> bool:
        """Whether it still waits for a decision."""
        return self.state is EscalationState.REQUESTED


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """Who is told of a request at a level; empty conditions hold for every ticket.

    Attributes:
        after: of silence since the request, until this level is told.
        roles: support_lead, offer_owner, account_manager.
    """

    level: int
    after: timedelta
    organisations: frozenset[str]
    offers: frozenset[str]
    priorities: frozenset[str]
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LinkDelay:
    """How long after its creation a ticket of these priorities (none: any) gets the escalation's link."""

    priorities: frozenset[str]
    delay: timedelta


@dataclass(frozen=True, slots=True)
class EscalationPolicy:
    """rules/escalation/process.yaml.

    Attributes:
        labels: of grounds, refusals and whatever else words may ask for, by id, then language.
        nudge_first: whether a nudge must have come before, but for `straight` grounds.
        straight: grounds that go through without a nudge.
        opening: grounds that open a request though nobody has asked for one.
        asks_for: what an asker who leaves it out is asked for.
        link_after: from when on the escalation's link is offered; the first row that holds decides.
        idle: without any activity of the desk for so long, NO_UPDATE speaks for the request.
        active: with activity of the desk within so long, BEING_WORKED_ON speaks against it.
        update_every: how often news are promised after an approval.
        undo_within: how long a decision, or another change of a ticket, can be undone by its author.
    """

    labels: Mapping[str, Mapping[str, str]]
    nudge_first: bool
    straight: frozenset[str]
    opening: frozenset[str]
    asks_for: tuple[str, ...]
    link_after: tuple[LinkDelay, ...]
    matrix: tuple[MatrixRow, ...]
    idle: timedelta
    active: timedelta
    update_every: timedelta
    undo_within: timedelta

    def shown(self, ids: Iterable[str], language: str) -> list[str]:
        """Grounds or refusals as people read them."""
        texts = [self.labels.get(each, {"en": each}) for each in ids]
        return [each.get(language) or each["en"] for each in texts]

    def told(self, ticket: Ticket, contract: Contract, *, level: int) -> tuple[str, ...]:
        """The roles of every row of `level` that is meant for the ticket, each once."""
        found = [role for row in self._rows(ticket, contract) if row.level == level for role in row.roles]
        return tuple(dict.fromkeys(found))

    def next_level(
        self, escalation: Escalation, ticket: Ticket, contract: Contract
    ) -> tuple[int, datetime] | None:
        """The level that silence climbs to next, and when; None where no further row is meant for the ticket."""
        higher = [row for row in self._rows(ticket, contract) if row.level > escalation.level]
        if not higher:
            return None
        level = min(row.level for row in higher)
        return level, escalation.requested_at + min(row.after for row in higher if row.level == level)

    def _rows(self, ticket: Ticket, contract: Contract) -> Iterator[MatrixRow]:
        for row in self.matrix:
            if (
                _holds(row.organisations, contract.organisation)
                and _holds(row.offers, contract.offer)
                and _holds(row.priorities, ticket.priority)
            ):
                yield row

    def must_nudge(self, ticket: Ticket, grounds: Iterable[str]) -> bool:
        """Whether a nudge has to come before a request on these grounds."""
        return ticket.nudges == 0 and self.puts_off(grounds)

    def puts_off(self, grounds: Iterable[str]) -> bool:
        """Whether a request on these grounds that no nudge came before has to wait for one."""
        return self.nudge_first and not self.straight.intersection(grounds)

    def link_from(self, ticket: Ticket) -> datetime | None:
        """From when on the ticket's customer is offered the escalation's link; None for never."""
        for row in self.link_after:
            if _holds(row.priorities, ticket.priority):
                return ticket.created_at + row.delay
        return None

    def from_ticket(
        self, ticket: Ticket, *, desk_active_at: datetime | None, now: datetime
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Grounds and refusals that the ticket itself speaks of.

        Args:
            desk_active_at: when somebody of the desk did something on it last.
        """
        # Who asks for news every other day and gets none has heard nothing all the same.
        heard_at = desk_active_at or ticket.created_at
        grounds = (NO_UPDATE,) if now - heard_at >= self.idle else ()
        refusals = []
        if ticket.state == "waiting_customer":
            refusals.append(WAITING_FOR_REQUESTER)
        elif desk_active_at is not None and now - desk_active_at <= self.active:
            refusals.append(BEING_WORKED_ON)
        return grounds, tuple(refusals)


def escalation_timers(
    escalation: Escalation | None, ticket: Ticket, contract: Contract, policy: EscalationPolicy
) -> Iterator[DueTimer]:
    """What falls due on an escalation: the next level of the matrix, or news that were promised.

    Args:
        escalation: the ticket's open request, or None.
    """
    if escalation is not None and escalation.is_open:
        following = policy.next_level(escalation, ticket, contract)
        if following is not None:
            level, at = following
            yield DueTimer(Timer.ESCALATION_SILENCE, at, escalation.requested_at, level)
    since = ticket.promised_since
    if since is not None:
        yield DueTimer(Timer.PROMISED_UPDATE, since + policy.update_every, since)


def merged(before: Sequence[str], more: Iterable[str]) -> tuple[str, ...]:
    """`before` and what is new in `more`, in order."""
    return tuple(dict.fromkeys((*before, *more)))


def still_missing(asked_for: Iterable[str], given: Mapping[str, bool]) -> tuple[str, ...]:
    """What of `asked_for` has not been given."""
    return tuple(name for name in asked_for if not given.get(name))


def _holds(condition: frozenset[str], value: str) -> bool:
    return not condition or value in condition
