"""The ledger's law, counted by statements of our own: what was received is the sum of what became of it."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict

import sqlalchemy as sa

from gateway.pipeline.process import MAX_ATTEMPTS
from gateway.storage.schema import comments, fingerprints, inbound, inbound_raw, outbox, tickets, timeline
from tests.running import RunningGateway

# What leaves something on a ticket; a mail that is set aside on no evidence does not, one that was given up does.
_ON_A_TICKET = sa.or_(
    inbound.c.outcome.in_(("ticket", "comment")),
    sa.and_(inbound.c.outcome == "quarantined", inbound.c.attempts > MAX_ATTEMPTS),
)


def broken(gateway: RunningGateway) -> list[str]:
    """A sentence for each way in which the law does not hold; for a gateway that has come to rest."""
    with gateway.gateway().database.read() as connection:
        return [
            *_outcomes(connection),
            *_bytes(connection),
            *_mails_on_tickets(connection),
            *_outbox(connection),
            *_dangling(connection),
        ]


def _outcomes(connection: sa.Connection) -> list[str]:
    rows = connection.execute(sa.select(inbound.c.outcome, sa.func.count()).group_by(inbound.c.outcome))
    counts: Counter[str] = Counter(dict(rows.all()))
    pending = counts.pop("pending", 0)
    total = connection.execute(sa.select(sa.func.count()).select_from(inbound)).scalar_one()
    found = [f"{pending} mails are pending"] if pending else []
    if sum(counts.values()) + pending != total:
        found.append(f"{total} received, {sum(counts.values())} settled")
    return found


def _bytes(connection: sa.Connection) -> list[str]:
    """Every mail's bytes have the hash that was taken of them when they came."""
    parts: dict[int, list[bytes]] = defaultdict(list)
    for row in connection.execute(
        sa.select(inbound_raw).order_by(inbound_raw.c.inbound_id, inbound_raw.c.position)
    ):
        parts[row.inbound_id].append(row.data)
    rows = connection.execute(sa.select(inbound.c.id, inbound.c.sha256, inbound.c.size)).all()
    wrong = [
        row.id for row in rows if hashlib.sha256(b"".join(parts.pop(row.id, []))).hexdigest() != row.sha256
    ]
    found = [f"bytes of {wrong[:5]} are not those that came"] if wrong else []
    return [*found, *([f"bytes of no mail: {list(parts)[:5]}"] if parts else [])]


def _mails_on_tickets(connection: sa.Connection) -> list[str]:
    """A mail that made a ticket or a comment is one comment there.

    One that was quarantined first and could be read later is attached to the ticket of before, too.
    """
    settled = connection.execute(sa.select(inbound.c.id, inbound.c.ticket).where(_ON_A_TICKET)).all()
    written: dict[int, list[int]] = defaultdict(list)
    for row in connection.execute(
        sa.select(comments.c.inbound_id, comments.c.ticket).where(comments.c.inbound_id.is_not(None))
    ):
        written[row.inbound_id].append(row.ticket)
    wrong = [row.id for row in settled if row.ticket not in written[row.id]]
    twice = [number for number, found in written.items() if len(found) > len(set(found))]
    found = [f"mails {wrong[:5]} are not on their ticket"] if wrong else []
    return [*found, *([f"mails {twice[:5]} are comments more than once"] if twice else [])]


def _outbox(connection: sa.Connection) -> list[str]:
    pending = connection.execute(
        sa.select(sa.func.count()).select_from(outbox).where(outbox.c.state == "pending")
    ).scalar_one()
    again = connection.execute(
        sa.select(outbox.c.message_id).group_by(outbox.c.message_id).having(sa.func.count() > 1)
    ).all()
    found = [f"{pending} notifications are pending"] if pending else []
    return [*found, *([f"{len(again)} Message-IDs of ours were given twice"] if again else [])]


def _dangling(connection: sa.Connection) -> list[str]:
    """Rows that lead nowhere."""
    found = []
    for name, column, target in (
        ("inbound.ticket", inbound.c.ticket, tickets.c.number),
        ("comments.ticket", comments.c.ticket, tickets.c.number),
        ("timeline.ticket", timeline.c.ticket, tickets.c.number),
        ("outbox.ticket", outbox.c.ticket, tickets.c.number),
        ("fingerprints.inbound_id", fingerprints.c.inbound_id, inbound.c.id),
    ):
        count = connection.execute(
            sa.select(sa.func.count()).where(column.is_not(None), column.not_in(sa.select(target)))
        ).scalar_one()
        if count:
            found.append(f"{count} rows of {name} lead nowhere")
    empty = connection.execute(
        sa.select(sa.func.count())
        .select_from(tickets)
        .where(tickets.c.number.not_in(sa.select(comments.c.ticket)))
    ).scalar_one()
    return [*found, *([f"{empty} tickets hold no comment"] if empty else [])]
