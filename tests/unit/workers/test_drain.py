"""Draining: what a batch held when the database failed is given back before the next one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gateway.errors import StorageFull, StorageUnavailable
from gateway.workers.drain import Drain


def test_what_was_held_when_the_disk_was_full_is_given_back_once_there_is_room() -> None:
    done: list[str] = []
    full = [True, True, False, False]

    def step() -> bool:
        done.append("batch")
        if full[0]:
            raise StorageFull("no room")
        return False

    def give_back(*, untried: bool) -> None:
        done.append("give back" if untried else "give back, tried")
        if full[0]:
            raise StorageFull("no room")

    drain = Drain("inbound", step, give_back)
    for _ in range(4):
        drain.run()
        full.pop(0)

    assert done == ["batch", "give back", "give back", "batch", "batch"]


def test_what_was_held_when_something_unforeseen_happened_is_given_back_too() -> None:
    done: list[str] = []

    def step() -> bool:
        done.append("batch")
        if done == ["batch"]:
            raise ZeroDivisionError
        return False

    drain = Drain("outbox", step, lambda *, untried: done.append(f"give back {untried}"))
    with pytest.raises(ZeroDivisionError):
        drain.run()
    drain.run()
    drain.run()

    assert done == ["batch", "give back False", "batch", "batch"]


def test_a_batch_that_the_database_never_takes_is_to_blame_itself_in_the_end() -> None:
    blamed: list[bool] = []

    def step() -> bool:
        raise StorageUnavailable("canceling statement due to statement timeout")

    drain = Drain("inbound", step, lambda *, untried: blamed.append(untried))
    for _ in range(33):
        drain.run()

    assert blamed == [True] * 30 + [False] * 2


def test_a_drain_goes_on_until_nothing_waits() -> None:
    waiting: Iterator[bool] = iter([True, True, False])
    drain = Drain("inbound", lambda: next(waiting))

    drain.run()

    assert list(waiting) == []
