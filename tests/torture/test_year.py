"""The short form of the simulated year: the same law, and that it sees what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.domain import sla
from gateway.domain.escalation import EscalationPolicy
from gateway.domain.ticket import Ticket
from gateway.domain.workflow import Workflow
from gateway.pipeline import fill_outbox, follow_clocks, hold_mail, ticket_change
from tests.torture.year.campaign import Figures, Year
from tests.torture.year.compare import Divergence

Patch = pytest.MonkeyPatch


def _lived(folder: Path, *, tickets: int, days: int, seed: int, database_url: str = "") -> Figures:
    return Year(folder, tickets=tickets, days=days, seed=seed, database_url=database_url).run()


@pytest.mark.timeout(1500)
def test_every_ticket_is_what_an_independent_reckoning_says(tmp_path: Path) -> None:
    found = _lived(tmp_path, tickets=24, days=6, seed=20261126)

    assert found.divergences == 0
    assert min(found.reminders, found.transitions, found.restarts, found.crashes, found.climbs) > 0, found


@pytest.mark.timeout(1500)
def test_on_postgresql_too(tmp_path: Path, postgres_url: str) -> None:
    found = _lived(tmp_path, tickets=10, days=6, seed=3, database_url=postgres_url)

    assert found.divergences == 0
    assert found.transitions > 0


# --- what is wrong is seen ---------------------------------------------------------------------


def _a_reply_does_not_end_the_waiting(patch: Patch) -> None:
    right = follow_clocks.follow

    def wrong(before: Ticket, after: Ticket, *rest: Any, **more: Any) -> Ticket:
        found = right(before, after, *rest, **more)
        return replace(found, waiting=before.waiting) if before.waiting else found

    patch.setattr(ticket_change, "follow", wrong)


def _reopening_starts_the_response_anew(patch: Patch) -> None:
    right = sla.on_effect

    def wrong(clock: sla.Clock, effect: sla.Effect, *rest: Any) -> sla.Clock:
        ended = clock.effect is sla.Effect.END and effect is sla.Effect.RUN
        return right(replace(clock, effect=sla.Effect.STOP) if ended else clock, effect, *rest)

    patch.setattr(follow_clocks, "on_effect", wrong)


def _told_twice(patch: Patch) -> None:
    right = fill_outbox._write

    def wrong(*args: Any, **more: Any) -> None:
        right(*args, **more)
        if args[0].template == "nudged":
            right(*args, **more)

    patch.setattr(fill_outbox, "_write", wrong)


def _closed_though_mail_is_held(patch: Patch) -> None:
    patch.setattr(hold_mail, "replace", lambda ticket, **_: ticket)


def _silence_of_others(patch: Patch) -> None:
    def wrong(self: EscalationPolicy, *_: Any) -> Any:
        return iter(self.matrix)

    patch.setattr(EscalationPolicy, "_rows", wrong)


def _the_table_is_not_asked(patch: Patch) -> None:
    patch.setattr(Workflow, "allows", lambda *_: True)


FAULTS = (
    _a_reply_does_not_end_the_waiting,
    _reopening_starts_the_response_anew,
    _told_twice,
    _closed_though_mail_is_held,
    _silence_of_others,
    _the_table_is_not_asked,
)


@pytest.mark.timeout(1500)
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__.strip("_"))
def test_a_fault_in_the_engine_is_seen(
    fault: Callable[[Patch], None], tmp_path: Path, monkeypatch: Patch
) -> None:
    fault(monkeypatch)

    with pytest.raises(Divergence, match=r"(?s)seed 20261126, step \d+.*its last acts"):
        _lived(tmp_path, tickets=24, days=6, seed=20261126)


def test_a_day_of_the_reckoning_is_counted_by_the_second() -> None:
    from tests.torture.year.hours import Hours

    hours = Hours({"zone": "Europe/Paris", "country": "FR", "hours": {"monday": "09:00-12:30 13:30-18:00"}})
    start, end = (datetime.fromisoformat(each) for each in ("2026-03-30T06:59:58Z", "2026-03-30T11:30:02Z"))
    assert hours.worked(start, end) == hours.counted(start, end)
    assert hours.worked(start, end).total_seconds() == 3.5 * 3600 + 2
