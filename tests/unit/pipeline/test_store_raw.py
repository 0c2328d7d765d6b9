"""Mail is stored by one thread, which nothing ends."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from gateway.domain.envelope import Envelope
from gateway.errors import StorageUnavailable
from gateway.pipeline.store_raw import GroupCommit
from gateway.ports import NewMail

ENVELOPE = Envelope(
    "smtp", "a@b.test", ("support@example.test",), "127.0.0.1", "x", False, datetime(2026, 11, 26, tzinfo=UTC)
)


class BrokenBell:
    def __init__(self) -> None:
        self.rung = 0

    def ring(self, name: str) -> None:
        self.rung += 1
        raise RuntimeError(f"no {name}")


class Ledger:
    """Numbers mails; cannot store what says so."""

    def __init__(self) -> None:
        self.mails = 0

    def append(self, batch: Sequence[NewMail]) -> list[int]:
        if any(b"impossible" in block for mail in batch for block in mail.content):
            raise RuntimeError("cannot be stored")
        first, self.mails = self.mails + 1, self.mails + len(batch)
        return list(range(first, self.mails + 1))


def test_a_bell_that_fails_holds_up_no_mail() -> None:
    bell = BrokenBell()
    intake = GroupCommit(Ledger(), bell)
    intake.start()

    async def three() -> list[int]:
        return [await asyncio.wait_for(intake.store(ENVELOPE, [b"x"], 1), 10) for _ in range(3)]

    assert asyncio.run(three()) == [1, 2, 3]
    intake.stop()
    assert bell.rung == 3


def test_a_mail_that_cannot_be_stored_holds_up_no_other() -> None:
    intake = GroupCommit(Ledger(), BrokenBell())
    intake.start()

    async def both() -> int:
        with pytest.raises(StorageUnavailable):
            await asyncio.wait_for(intake.store(ENVELOPE, [b"impossible"], 10), 10)
        return await asyncio.wait_for(intake.store(ENVELOPE, [b"x"], 1), 10)

    assert asyncio.run(both()) == 1
    intake.stop()
