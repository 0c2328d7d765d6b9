"""All campaigns, by name: the promise of each, on what it runs, and what it does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.torture.clock_jumps import clock_jumps
from tests.torture.crash_loop import crash_loop
from tests.torture.duplicates import duplicates
from tests.torture.every_fault import every_fault
from tests.torture.found import Found
from tests.torture.full_disk import full_disk
from tests.torture.mailbox_kills import mailbox_kills
from tests.torture.mailbox_troubles import mailbox_troubles
from tests.torture.raw_kept import poison, raw_kept
from tests.torture.relay_faults import relay_faults
from tests.torture.servers_killed import broker_killed, database_killed
from tests.torture.shutdowns import shutdowns
from tests.torture.stage import Stage
from tests.torture.syscalls import order, syscalls
from tests.torture.upgrades import upgrades
from tests.torture.year.show import year

_BOTH = ("sqlite", "postgresql+redis")
_SQLITE = ("sqlite",)
_POSTGRESQL = ("postgresql",)
_BROKERS = ("sqlite+redis", "sqlite+rabbitmq")


@dataclass(frozen=True, slots=True)
class Campaign:
    """One line of the table.

    Attributes:
        promise: the ones of the README and the documents that it shows.
        runs_on: engines, each with a broker where it has one.
    """

    name: str
    promise: str
    run: Callable[[Stage], Found]
    runs_on: tuple[str, ...] = _SQLITE


CAMPAIGNS = (
    Campaign("crash-loop", "what was answered 250 is there once, whatever is killed", crash_loop, _BOTH),
    Campaign("every-fault", "each fault at each point costs no mail and no double", every_fault, _BOTH),
    Campaign(
        "year",
        "each transition, reminder, closing, clock and notification is as an independent reckoning has it",
        year,
        ("sqlite", "postgresql"),
    ),
    Campaign("order", "no 250 before a sync", order),
    Campaign("syscalls", "a kernel that kills or says no costs no mail", syscalls),
    Campaign("full-disk", "without room senders hear 452, and are right to try again", full_disk),
    Campaign(
        "database-killed", "PostgreSQL may be killed, stopped and cut off", database_killed, _POSTGRESQL
    ),
    Campaign("broker-killed", "a broker may be killed, stopped and wiped", broker_killed, _BROKERS),
    Campaign("relay-faults", "a notification is sent, or its failure is a fact on the ticket", relay_faults),
    Campaign(
        "mailbox-kills", "each mail of a real Dovecot once, moved after its commit", mailbox_kills, _BOTH
    ),
    Campaign("mailbox-troubles", "each mail of a server that misbehaves once", mailbox_troubles),
    Campaign("duplicates", "one mail by many ways is one comment, two mails are two", duplicates, _BOTH),
    Campaign("raw-kept", "the bytes are kept, and can be read again", raw_kept),
    Campaign("poison", "one poisonous mail never stops the others", poison),
    Campaign("clock-jumps", "reminders and closings once, whatever the clock does", clock_jumps, _BOTH),
    Campaign("shutdowns", "SIGTERM under load: only 250 and 421", shutdowns),
    Campaign("upgrades", "a killed upgrade is carried on", upgrades, ("sqlite", "postgresql")),
)
