"""P6 and P7: a relay that refuses, defers, hangs up and says nothing, on a clock that is moved to each retry."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import sqlalchemy as sa

from gateway.storage.rows import AnyRow
from gateway.storage.schema import outbox, timeline
from tests.servers.sink import Script, SmtpSink
from tests.torture.aftermath import count_mails, count_notifications, judged
from tests.torture.found import Found
from tests.torture.senders import Answers, Senders
from tests.torture.stage import Stage, Tortured
from tests.torture.table import Fault


@dataclass(frozen=True, slots=True)
class Trouble:
    """What the relay does.

    Attributes:
        attempts: after which it is well again; None for never.
        state: of the notifications in the end.
    """

    name: str
    script: Script
    attempts: int | None
    state: str
    greeting: bytes = b""
    is_slow: bool = False


def _says(stage: str, reply: str) -> Script:
    def script(at: str, argument: str) -> str:
        return reply if at == stage else "354 go on" if at == "DATA" else "250 2.0.0 ok"

    return script


TROUBLES = (
    Trouble("421 greeting", _says("", ""), 4, "sent", b"421 4.3.2 not now\r\n"),
    Trouble("554 greeting", _says("", ""), 4, "sent", b"554 5.3.2 not here\r\n"),
    Trouble("drop at MAIL", _says("MAIL", "drop"), 3, "sent"),
    Trouble("421 at RCPT", _says("RCPT", "421 4.3.2 closing"), 3, "sent"),
    Trouble("451 at RCPT", _says("RCPT", "451 4.7.1 greylisted"), 6, "sent"),
    Trouble("drop after DATA", _says("DATA", "drop"), 3, "sent"),
    Trouble("451 after the dot", _says("END", "451 4.3.0 try again"), 3, "sent"),
    Trouble("drop after the dot", _says("END", "drop"), 3, "sent"),
    Trouble("550 at RCPT", _says("RCPT", "550 5.1.1 nobody"), None, "failed"),
    Trouble("554 after the dot", _says("END", "554 5.7.1 no"), None, "failed"),
    Trouble("silence after the dot", _says("END", ""), 1, "sent", is_slow=True),
    Trouble("451 for ever", _says("RCPT", "451 4.7.1 greylisted"), None, "failed", is_slow=True),
)


def relay_faults(stage: Stage) -> Found:
    """Each trouble for a mail's notifications, until they are sent or given up."""
    found, answers, sink = Found(), Answers(), stage.sink()
    gateway = stage.gateway(relay_url=f"smtp://127.0.0.1:{sink.port}")
    troubles = [each for each in TROUBLES if not (stage.short and each.is_slow)]
    acknowledged: list[str] = []
    with gateway.running(), judged(found, gateway, answers, sink):
        for number, trouble in enumerate(troubles):
            acknowledged += _trouble(gateway, sink, answers, trouble, number, found)
        well = sink.script
        _crashes(stage, gateway, sink, answers, acknowledged, found)
        sink.script = well
        count_mails(found, gateway, acknowledged)
        count_notifications(found, gateway, sink)
    return found


def _trouble(
    gateway: Tortured, sink: SmtpSink, answers: Answers, trouble: Trouble, number: int, found: Found
) -> list[str]:
    well, greeting = sink.script, sink.greeting
    sink.script, sink.greeting = trouble.script, trouble.greeting or greeting
    sink.hang_up()
    with Senders(gateway, answers, f"t{number}-", count=1, most=1) as senders:
        senders.join()
    attempts: list[datetime] = []
    while (row := _open_row(gateway)) is not None:
        if row.attempts > len(attempts):
            attempts.append(gateway.now())
        if trouble.attempts is not None and row.attempts >= trouble.attempts:
            sink.script, sink.greeting = well, greeting
        gateway.pass_time(row.due_at - gateway.now() + timedelta(seconds=1))
        gateway.wait_for(partial(_has_moved, gateway, row), f"an attempt ({trouble.name})", 90)
    sink.script, sink.greeting = well, greeting
    (message_id,) = senders.acknowledged
    states = _states(gateway, message_id)
    if set(states) != {trouble.state}:
        found.wrong.append(f"{trouble.name}: {states}, expected {trouble.state}")
    if trouble.state == "failed" and not _is_a_fact(gateway, message_id):
        found.wrong.append(f"{trouble.name}: nothing on the ticket says that its mail was refused")
    found.count(trouble.name, f"{len(attempts) + 1} attempts")
    return senders.acknowledged


def _open_row(gateway: Tortured) -> AnyRow | None:
    """A notification that waits for its next attempt, once all have been tried at least once."""
    gateway.wait_for(gateway.has_tried_all, "every notification to be tried", 90)
    with gateway.gateway().database.read() as connection:
        return connection.execute(
            sa.select(outbox.c.id, outbox.c.attempts, outbox.c.due_at)
            .where(outbox.c.state == "pending")
            .order_by(outbox.c.due_at.desc())
        ).first()


def _has_moved(gateway: Tortured, row: AnyRow) -> bool:
    with gateway.gateway().database.read() as connection:
        now = connection.execute(
            sa.select(outbox.c.attempts, outbox.c.state, outbox.c.lease_until).where(outbox.c.id == row.id)
        ).one()
    return now.state != "pending" or (now.attempts > row.attempts and now.lease_until is None)


def _ticket(gateway: Tortured, message_id: str) -> int:
    number: int = next(row["ticket"] for row in gateway.settled() if row["message_id"] == message_id)
    return number


def _states(gateway: Tortured, message_id: str) -> list[str]:
    number = _ticket(gateway, message_id)
    return [row["state"] for row in gateway.notifications() if row["ticket"] == number]


def _is_a_fact(gateway: Tortured, message_id: str) -> bool:
    number = _ticket(gateway, message_id)
    with gateway.gateway().database.read() as connection:
        kinds = connection.execute(sa.select(timeline.c.kind).where(timeline.c.ticket == number)).scalars()
        return "notification_failed" in set(kinds)


def _crashes(
    stage: Stage,
    gateway: Tortured,
    sink: SmtpSink,
    answers: Answers,
    acknowledged: list[str],
    found: Found,
) -> None:
    """Kills between the relay's 250 and the mark, and between a ticket's commit and the bell for its mail."""
    before = len(sink.mails)
    kills = stage.size(25, 2)
    for point, name in (("relay.answered", "kills after 250"), ("unit.committed", "kills after commit")):
        gateway.plan.write(Fault(point, "kill", times=kills))
        with Senders(gateway, answers, f"{point.replace('.', '-')}-", count=1) as senders:
            gateway.wait_for(lambda: gateway.plan.fired() >= kills, f"{kills} kills", patience_s=kills * 12)
        acknowledged += senders.acknowledged
        found.same(name, gateway.plan.fired(), kills)
        gateway.plan.write()
        gateway.settled()
    arrived = [each.message_id for each in sink.mails[before:]]
    found.at_most("sent again by kills", len(arrived) - len(set(arrived)), 2 * kills * 40)
