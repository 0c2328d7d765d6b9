"""P11: reminders at 3 and 6 days, closing at 12, each once, whatever the clock and two schedulers do."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import timedelta

import sqlalchemy as sa

from gateway.storage.schema import tickets, timeline
from tests.torture.aftermath import judged
from tests.torture.found import Found
from tests.torture.killing import kill_one
from tests.torture.senders import Answers, Senders
from tests.torture.stage import Stage, Tortured

# Steps of the clock, each with the reminders that every ticket has had by then.
_STEPS = ((timedelta(days=3, minutes=1), 1), (timedelta(days=-2), 1), (timedelta(days=5, minutes=1), 2))
_LAST = timedelta(days=13)
_POINTS = ("timer.due", "timer.done", "unit.written", "timers.carried")


def clock_jumps(stage: Stage) -> Found:
    """500 tickets that wait for their customers; the clock goes forth and back, workers are killed."""
    found, answers = Found(), Answers()
    count = stage.size(500, 40)
    gateway = stage.gateway()
    with gateway.running(), judged(found, gateway, answers):
        numbers = _waiting_tickets(gateway, answers, count)
        found.count("tickets", len(numbers))
        for step, expected in _STEPS:
            gateway.pass_time(step)
            _two_schedulers(stage, gateway, numbers, expected)
        _settle(gateway)
        _expect(found, "reminders 1 and 2", Counter(_told(gateway, numbers, "reminder")), numbers, 2)
        gateway.pass_time(_LAST)
        gateway.wait_for(lambda: "timers.closings-held" in gateway.log.read_text(), "closings to be held", 60)
        found.none("closed before a human confirms", len(_closed(gateway, numbers)))
        gateway.command("timers", "run", "--now", gateway.now().isoformat())
        _settle(gateway)
        closed = _closed(gateway, numbers)
        _expect(found, "closed once", Counter(_changes_to_closed(gateway, numbers)), numbers, 1)
        found.same("closed", len(closed), len(numbers))
        _expect(found, "reminders after all", Counter(_told(gateway, numbers, "reminder")), numbers, 2)
    return found


def _waiting_tickets(gateway: Tortured, answers: Answers, count: int) -> list[int]:
    with Senders(gateway, answers, "w", most=count // 4) as senders:
        senders.join()
    sent = set(senders.acknowledged)
    numbers = [row["ticket"] for row in gateway.settled() if row["message_id"] in sent]
    acting = gateway.gateway().acting()
    for number in numbers:
        acting.act(
            number,
            "ana@example.test",
            "Quelle version ?",
            lambda orders: orders.transition("waiting_customer", {}),
        )
    _settle(gateway)
    return numbers


def _two_schedulers(stage: Stage, gateway: Tortured, numbers: list[int], expected: int) -> None:
    """The gateway's own, which is killed now and then, and another beside it."""
    ended = threading.Event()
    scheduler = gateway.gateway().scheduler()
    failures: list[Exception] = []

    def other() -> None:
        while not ended.is_set():
            try:
                scheduler.carry_out(gateway.now(), closings=False)
            except Exception as error:  # noqa: BLE001  (told below)
                failures.append(error)

    thread = threading.Thread(target=other)
    thread.start()
    try:
        for _ in range(stage.size(5, 1)):
            kill_one(gateway, "worker")
            gateway.wait_for(lambda: gateway.children("worker"), "a worker")
        gateway.wait_for(
            lambda: len(_told(gateway, numbers, "reminder")) >= expected * len(numbers), "reminders", 120
        )
    finally:
        ended.set()
        thread.join()
    if failures:
        raise failures[0]


def _settle(gateway: Tortured) -> None:
    gateway.settled()


def _told(gateway: Tortured, numbers: list[int], template: str) -> list[int]:
    mine = set(numbers)
    return [row["ticket"] for row in gateway.notifications(template=template) if row["ticket"] in mine]


def _closed(gateway: Tortured, numbers: list[int]) -> list[int]:
    with gateway.gateway().database.read() as connection:
        found = connection.execute(sa.select(tickets.c.number).where(tickets.c.state == "closed")).scalars()
        return sorted(set(found) & set(numbers))


def _changes_to_closed(gateway: Tortured, numbers: list[int]) -> list[int]:
    with gateway.gateway().database.read() as connection:
        rows = connection.execute(
            sa.select(timeline.c.ticket).where(timeline.c.to_value == "closed")
        ).scalars()
        return [number for number in rows if number in set(numbers)]


def _expect(found: Found, name: str, counts: Counter[int], numbers: list[int], times: int) -> None:
    found.count(name, counts.total())
    wrong = [number for number in numbers if counts[number] != times]
    if wrong:
        found.wrong.append(f"{name}: {len(wrong)} tickets not {times} times, such as {wrong[:3]}")
