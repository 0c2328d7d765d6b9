"""Named places of a mail's way at which a test may kill, raise, fill the disk or wait.

Elsewhere nothing happens there: `reached` does nothing, and there is no way in from outside. No
setting, no argument and no environment variable changes it; a test binds it anew in a process of its
own (tests/torture/child.py), and another looks that nothing in the gateway does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

POINTS: Mapping[str, str] = MappingProxyType(
    {
        # Taking mail.
        "session.received": "a mail has come in, and is on its way to the group commit",
        "spool.opened": "a large mail has got its file, which is still empty",
        "intake.batch": "the group commit has a batch, and has not begun its transaction",
        "ledger.inserted": "the rows of received mail are written, and not committed",
        "ledger.committed": "they are committed, and nobody knows yet",
        "session.stored": "the session knows, and has not said 250",
        "intake.answered": "all senders of a batch are answered, and the bell has not rung",
        "bell.ringing": "a bell is about to be rung",
        # A mail becomes a ticket.
        "inbound.leased": "a worker holds mails, and has begun nothing",
        "mail.examined": "a mail is parsed, classified and authenticated; its transaction has not begun",
        "mail.settled": "a mail's acts are done within the transaction, and nothing is written",
        "unit.written": "all rows of a unit of work are written, and not committed",
        "unit.committed": "mails are settled, and the bell for their notifications has not rung",
        "mail.failed": "a mail has failed, and was not given back yet",
        "mail.quarantined": "a mail that nothing could read or settle has become a ticket, not committed",
        # A notification leaves.
        "outbox.leased": "a worker holds notifications, and has rendered none",
        "outbox.rendered": "they are rendered, and the relay has seen none",
        "relay.answered": "the relay has answered for one, and nothing is written down",
        "outbox.marking": "answers of the relay are about to be written down",
        "outbox.marked": "they are written down and committed",
        # A mailbox.
        "mailbox.fetched": "mails are fetched, and not stored",
        "mailbox.stored": "they are committed, and not touched on the server",
        "mailbox.copied": "they are copied to the other folder, and not deleted in this one",
        "mailbox.moved": "they are moved, flagged or deleted, and that is not written down",
        "mailbox.marked": "it is written down that they are put away",
        # What falls due.
        "timer.due": "a timer was found to be due and its ticket is locked",
        "timer.done": "what it does is done within the transaction",
        "timers.carried": "all that was due is committed, and the bell has not rung",
        # The processes, the schema, the rules, the operator.
        "process.starting": "the supervisor is about to start a process",
        "worker.starting": "a worker begins, and has not given back what its forerunner held",
        "schema.migrated": "a step of the schema has run, and is not committed",
        "rules.changed": "changed rules are read and right, and not at work yet",
        "rules.renewed": "they are at work",
        "alarm.taken": "alarms are marked as told, and the operator's mail has not left",
    }
)
"""Every place by its name, and what is so when it is reached."""


def _nothing(point: str) -> None:
    """The gateway goes on."""


reached: Callable[[str], None] = _nothing
"""Told at each place its name; see POINTS."""
