"""Every fault at every point, one after the other, and after each the gateway comes to rest by itself.

The short form has all points of a group go wrong within one round, each once, in ways drawn by the seed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gateway.faults import POINTS
from tests.torture.aftermath import count_notifications, judged
from tests.torture.found import Found
from tests.torture.killing import ROLES
from tests.torture.stage import Stage
from tests.torture.table import DEEDS, Fault
from tests.torture.traffic import Traffic

_PATIENCE_S = 60.0
# So long after the traffic, more of it is needed.
_AGAIN_S = 4.0


@dataclass(frozen=True, slots=True)
class Group:
    """Points that the same traffic comes to.

    Attributes:
        with_it: what has to go wrong before, so that the points are reached at all.
    """

    traffic: Callable[[Traffic], None]
    points: tuple[str, ...]
    with_it: tuple[Fault, ...] = ()


GROUPS = (
    Group(
        Traffic.mails,
        (
            "session.received",
            "intake.batch",
            "ledger.inserted",
            "ledger.committed",
            "session.stored",
            "intake.answered",
            "bell.ringing",
        ),
    ),
    # Apart, for a mail that fails three times is quarantined.
    Group(Traffic.mails, ("inbound.leased", "mail.examined")),
    Group(Traffic.mails, ("mail.settled", "unit.written", "unit.committed")),
    Group(
        Traffic.mails,
        ("outbox.leased", "outbox.rendered", "relay.answered", "outbox.marking", "outbox.marked"),
    ),
    Group(Traffic.large_mail, ("spool.opened",)),
    Group(Traffic.mails, ("mail.failed",), (Fault("mail.examined", "raise"),)),
    Group(Traffic.unreadable_mail, ("mail.quarantined",)),
    Group(
        Traffic.mailbox_mails,
        ("mailbox.fetched", "mailbox.stored", "mailbox.copied", "mailbox.moved", "mailbox.marked"),
    ),
    Group(Traffic.reminder, ("timer.due", "timer.done", "timers.carried")),
    Group(Traffic.dead_worker, ("process.starting", "worker.starting")),
    Group(Traffic.new_schema, ("schema.migrated",)),
    Group(Traffic.changed_rules, ("rules.changed", "rules.renewed")),
    Group(Traffic.alarm, ("alarm.taken",)),
)


def every_fault(stage: Stage) -> Found:
    """Kill, raise, fill the disk and wait, at each of the points."""
    found = Found()
    traffic = Traffic.on(stage)
    gateway = traffic.gateway
    with gateway.running(), judged(found, gateway, traffic.answers, traffic.sink):
        rounds = fired = 0
        for group, faults in _cases(stage):
            trouble = _round(traffic, group, faults)
            rounds, fired = rounds + 1, fired + gateway.plan.fired()
            if trouble:
                found.wrong.append(f"{' '.join(f'{each.do} at {each.at}' for each in faults)}: {trouble}")
        gateway.plan.write()
        found.count("rounds", rounds)
        found.count("faults", fired)
        missed = set(POINTS) - gateway.plan.reached()
        found.none("points never reached", len(missed), missed)
        gateway.wait_for(lambda: not traffic.mailbox.uids(), "the mailbox to be empty", patience_s=60)
        traffic.count(found)
        count_notifications(found, gateway, traffic.sink)
    return found


def _cases(stage: Stage) -> Iterator[tuple[Group, tuple[Fault, ...]]]:
    for group in GROUPS:
        if stage.short:
            yield group, tuple(Fault(point, stage.chance.choice(DEEDS[:3])) for point in group.points)
            continue
        for point in group.points:
            # Of a share of the whole, each point has some of the deeds, drawn by the seed.
            for deed in stage.chance.sample(DEEDS, stage.size(len(DEEDS), 1)):
                yield group, (Fault(point, deed),)


def _round(traffic: Traffic, group: Group, faults: tuple[Fault, ...]) -> str:
    """Have it happen, and wait until the gateway is at rest; what was wrong, or empty."""
    gateway = traffic.gateway
    plan = gateway.plan
    plan.write(*faults, *group.with_it)
    expected = len(faults) + len(group.with_it)
    deadline = time.monotonic() + _PATIENCE_S
    try:
        while plan.fired() < expected and time.monotonic() < deadline:
            group.traffic(traffic)
            again = min(deadline, time.monotonic() + _AGAIN_S)
            while plan.fired() < expected and time.monotonic() < again:
                _revive(traffic)
                time.sleep(0.02)
        _revive(traffic)
        gateway.settled()
    except AssertionError as error:
        return str(error)[-1500:]
    return "" if plan.fired() == expected else f"{plan.fired()} of {expected} happened"


def _revive(traffic: Traffic) -> None:
    """A gateway whose supervisor was killed is started again, as the machine's own does it."""
    gateway = traffic.gateway
    if gateway.process is not None and gateway.process.poll() is not None:
        gateway.wait_for(
            lambda: not any(gateway.children(role) for role in ROLES),
            "the processes to end with their supervisor",
        )
        gateway.process = None
        gateway.start()
