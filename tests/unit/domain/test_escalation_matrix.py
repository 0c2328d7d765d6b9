"""Silence climbs by the rows that are meant for the ticket, and by no others."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway.domain.contract import Contract
from gateway.domain.escalation import Escalation, EscalationState
from gateway.domain.held import reason_in
from gateway.domain.ticket import Ticket
from gateway.pipeline.apply_rules import HELD_REASONS
from gateway.rendering.folder import template_names, templates_folder
from gateway.rulebook.folder import rules_folder
from gateway.rulebook.policy import load_policy

POLICY = load_policy(rules_folder(""), "", templates=template_names(templates_folder("")))
ASKED = datetime(2026, 11, 23, 9, tzinfo=UTC)
REQUEST = Escalation(
    id=1,
    ticket=1,
    state=EscalationState.REQUESTED,
    requested_at=ASKED,
    requested_by=None,
    reason="",
    evidence="E4",
    asked=1,
    grounds=(),
    refusals=(),
    missing=(),
    level=1,
    decided_at=None,
    decided_by=None,
    decision_reason="",
    estimate="",
)


class _Ticket:
    """As much of a ticket as the matrix looks at."""

    def __init__(self, priority: str) -> None:
        self.priority = priority


@pytest.mark.parametrize(("priority", "hours"), [("low", 4), ("medium", 4), ("high", 4), ("urgent", 1)])
def test_silence_waits_as_long_as_the_tickets_own_rows_say(priority: str, hours: int) -> None:
    ticket: Ticket = _Ticket(priority)  # type: ignore[assignment]

    found = POLICY.escalation.next_level(REQUEST, ticket, Contract("Acme", "cloud"))

    assert found == (2, ASKED + timedelta(hours=hours))


def test_nothing_follows_the_last_level() -> None:
    ticket: Ticket = _Ticket("urgent")  # type: ignore[assignment]

    assert POLICY.escalation.next_level(replace(REQUEST, level=2), ticket, Contract("", "")) is None


def test_whoever_decides_is_told_of_that_and_not_of_a_comment() -> None:
    order = [rule.id for rule in POLICY.notifications]

    for decision in ("escalation-requested", "priority-claimed"):
        for other in ("new-ticket", "reopened", "nudged", "customer-comment"):
            assert order.index(decision) < order.index(other)


@pytest.mark.parametrize("reason", HELD_REASONS)
def test_a_french_reader_reads_in_french_why_a_mail_is_held(reason: str) -> None:
    french = reason_in("fr", reason)

    assert french != reason
    assert reason not in french
    assert reason_in("en", reason) == reason
