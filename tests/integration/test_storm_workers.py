"""The storm breaker with several workers on one PostgreSQL: exact where one person is counted, and nobody waits else."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from gateway.pipeline.facts import wanted_by
from gateway.pipeline.process import Processor, settle
from tests.integration.worked_desk import WorkedDesk
from tests.services.postgres import Postgres


@pytest.fixture
def desk(postgres_server: Postgres, tmp_path: Path) -> Iterator[WorkedDesk]:
    with ExitStack() as stack:
        made = WorkedDesk(tmp_path, stack.enter_context(postgres_server.database()))
        stack.callback(made.close)
        # Buckets that count strangers together are there already, and so can be waited for.
        for number in range(3):
            made.writes(f"early.{number}@other.test", f"Premier {number}", "Bonjour, une question.")
        made.works()
        yield made


class Worker:
    """Settles the oldest mail in a transaction of its own, which is committed when it is told to."""

    def __init__(self, desk: WorkedDesk, name: str) -> None:
        self._processor: Processor = desk.gateway.processor(name)
        now = desk.clock.time
        (leased,) = self._processor.inbound.lease(limit=1, owner=name, now=now)
        examined = self._processor._examine(leased)
        assert examined is not None
        self._mail, self._now = examined, now
        self._may_commit, self.has_settled = threading.Event(), threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            desk, signer = self._processor.current()
            with self._processor.open_uow(desk) as uow:
                rules = self._processor.policy.storms
                uow.prefetch(wanted_by([self._mail], desk, signer, rules))
                settle(self._mail, uow, self._processor, signer, now=self._now)
                self.has_settled.set()
                assert self._may_commit.wait(60)
        except BaseException as error:
            self._error = error
            raise

    def commits(self) -> None:
        """It ends."""
        self._may_commit.set()
        self._thread.join(60)
        assert self._error is None
        assert not self._thread.is_alive()


def acknowledged(desk: WorkedDesk, address: str) -> int:
    return sum(entry.to == address for entry in desk.gateway.outbox.entries(limit=100))


def test_two_workers_acknowledge_a_forged_author_once(desk: WorkedDesk) -> None:
    for number in (1, 2):
        desk.writes("victim@elsewhere.test", f"Bonjour {number}", f"Un texte, et c'est le {'a' * number}.")
    first = Worker(desk, "one:1")
    assert first.has_settled.wait(30)
    second = Worker(desk, "two:1")
    assert not second.has_settled.wait(1), "the same author is counted by one worker at a time"

    first.commits()
    second.commits()

    assert acknowledged(desk, "victim@elsewhere.test") == 1


def test_workers_do_not_wait_for_each_other_over_strangers(desk: WorkedDesk) -> None:
    desk.writes("one@elsewhere.test", "Une question", "Où trouver la notice ?")
    desk.writes("two@elsewhere.test", "Autre chose", "Le portail répond lentement.")
    first = Worker(desk, "one:1")
    assert first.has_settled.wait(30)

    second = Worker(desk, "two:1")
    assert second.has_settled.wait(30), "it waits for the other"
    second.commits()
    first.commits()

    entries = desk.gateway.outbox.entries(limit=100)
    assert {"one@elsewhere.test", "two@elsewhere.test"} <= {entry.to for entry in entries}
