"""News that an approval promises: owed while the request is open, and not after its answer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.domain.timers import Timer
from tests.integration.worked_desk import WorkedDesk

LEA, ANA = "lea@example.test", "ana@example.test"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[WorkedDesk]:
    made = WorkedDesk(tmp_path, "")
    made.writes("chloe@acme.test", "Paie", "La paie ne part pas.")
    made.works()
    yield made
    made.close()


def owed(desk: WorkedDesk) -> int:
    planned = desk.gateway.timers.until(desk.clock.time + timedelta(days=30))
    return sum(timer.kind is Timer.PROMISED_UPDATE for _, timer in planned)


def asked(desk: WorkedDesk) -> None:
    acting = desk.gateway.acting()
    acting.act(
        1, "chloe@acme.test", "Tout le monde attend.", lambda orders: orders.escalate("Tout le monde attend.")
    )


def test_an_approval_promises_news_until_the_answer(desk: WorkedDesk) -> None:
    asked(desk)
    acting = desk.gateway.acting()
    acting.act(1, LEA, "", lambda orders: orders.approve("demain midi"))
    assert owed(desk) == 1

    acting.act(1, ANA, "Voilà.", lambda orders: orders.transition("resolved", {}))

    assert owed(desk) == 0


def test_an_approval_after_the_answer_promises_none(desk: WorkedDesk) -> None:
    """Seen in the simulated year: the promise stayed on the resolved ticket until its priority changed."""
    asked(desk)
    acting = desk.gateway.acting()
    acting.act(1, ANA, "Voilà.", lambda orders: orders.transition("resolved", {}))

    acting.act(1, LEA, "", lambda orders: orders.approve("c'est fait"))

    assert owed(desk) == 0
