"""The ledger's law as questions to the database: each asks for the rows that break it.

Each is one statement over whole tables, with no row in Python but those that are wrong: a million tickets
take seconds. What a foreign key forbids is asked too: a file that was damaged or a table that was restored
by hand keeps no key's promise.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from gateway.domain.decision import Outcome
from gateway.domain.finding import Finding
from gateway.storage.everything import all_tables
from gateway.storage.schema import comments, fingerprints, inbound, inbound_raw, outbox, tickets, timeline

_SHOWN = 20
_PATIENCE = timedelta(minutes=10)
# A mail that ended in one of these has words of its own on a ticket; one that was taken back from the
# quarantine, or that is being read again, may have.
_HEARD = (Outcome.TICKET, Outcome.COMMENT, Outcome.QUARANTINED, Outcome.PENDING)
_OUTBOX_STATES = ("pending", "sent", "failed", "suppressed")
_RESTORE = "restore them from the last good backup (`gateway restore`)"


@dataclass(frozen=True, slots=True)
class Question:
    """One article of the law.

    Attributes:
        wrong: selects the rows that break it; each row's columns are shown.
        right: the sentence when there is none.
        broken: the sentence when there are some, after their number.
    """

    check: str
    wrong: sa.Select[Any] | sa.CompoundSelect[Any]
    right: str
    broken: str
    remedy: str


def questions(now: datetime) -> Iterator[Question]:
    """The law but for its `references`."""
    yield from _outcomes(now)
    yield from _comments()
    yield from _bytes()
    yield from _origins()


def ask(connection: sa.Connection, question: Question) -> Finding:
    """What the database answers."""
    rows = connection.execute(question.wrong.limit(_SHOWN + 1)).all()
    if not rows:
        return Finding(question.check, question.right)
    count = len(rows)
    if count > _SHOWN:
        count = connection.execute(
            sa.select(sa.func.count()).select_from(question.wrong.subquery())
        ).scalar_one()
    shown = tuple("/".join(map(str, row)) for row in rows[:_SHOWN])
    return Finding(question.check, f"{count} {question.broken}", question.remedy, shown, count)


def sum_of_outcomes(connection: sa.Connection) -> Finding:
    """Received is the sum of the outcomes: mails whose bytes were stored, against what became of them."""
    stored: int = connection.execute(
        sa.select(sa.func.count()).select_from(inbound_raw).where(inbound_raw.c.position == 0)
    ).scalar_one()
    counts: dict[str, int] = dict(
        connection.execute(sa.select(inbound.c.outcome, sa.func.count()).group_by(inbound.c.outcome)).all()
    )
    total = sum(counts.values())
    words = " + ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items())) or "0"
    unknown = sorted(set(counts) - set(Outcome))
    if stored == total and not unknown:
        return Finding("sum", f"{stored} mails received = {words}")
    remark = f"{stored} mails received, and the outcomes come to {total}: {words}"
    if unknown:
        remark += f"; nobody knows the outcome {', '.join(unknown)}"
    return Finding(
        "sum", remark, f"the checks below name the mails; {_RESTORE}", count=abs(stored - total) or 1
    )


def _outcomes(now: datetime) -> Iterator[Question]:
    late = now - _PATIENCE
    yield Question(
        "pending",
        sa.select(inbound.c.id)
        .where(
            inbound.c.outcome == Outcome.PENDING,
            inbound.c.received_at < late,
            # One that is read again, or slowed, waits from when it is due on.
            sa.or_(
                sa.and_(inbound.c.settled_at.is_(None), inbound.c.instruction == ""),
                inbound.c.due_at < late,
                inbound.c.attempts > 3,
            ),
        )
        .order_by(inbound.c.id),
        "no mail has waited for more than 10 minutes",
        "mails have waited for more than 10 minutes",
        "see that a worker runs (`gateway serve`), and `gateway mail show ID` for the last error",
    )
    yield Question(
        "settled",
        sa.select(inbound.c.id)
        .where(
            inbound.c.outcome != Outcome.PENDING,
            sa.or_(inbound.c.settled_at.is_(None), inbound.c.reason == ""),
        )
        .order_by(inbound.c.id),
        "every settled mail says when and why",
        "mails have an outcome and do not say when or why",
        "somebody has changed the database by hand; `gateway mail requeue ID` reads one again",
    )


def _comments() -> Iterator[Question]:
    opened = sa.select(inbound.c.id, inbound.c.ticket).where(inbound.c.outcome == Outcome.TICKET)
    yield Question(
        "tickets of mails",
        opened.except_(_said()),
        "every mail that became a ticket is its comment",
        "mails (mail/ticket) are said to have become tickets, and are not on them",
        _RESTORE,
    )
    added = sa.select(inbound.c.id, inbound.c.ticket).where(
        inbound.c.outcome == Outcome.COMMENT, inbound.c.explanation.cast(sa.Text).like('%"AddComment"%')
    )
    yield Question(
        "comments of mails",
        added.except_(_said()),
        "every mail that became a comment is on its ticket",
        "mails (mail/ticket) are said to have become comments, and are not on their tickets",
        _RESTORE,
    )
    yield Question(
        "one outcome",
        sa.select(comments.c.inbound_id, comments.c.ticket)
        .join(inbound, inbound.c.id == comments.c.inbound_id)
        .where(inbound.c.outcome.not_in(_HEARD))
        .order_by(comments.c.id),
        "no mail has an outcome and is a comment beside it",
        "mails (mail/ticket) have another outcome, and are comments beside it",
        "look at them with `gateway mail explain ID`; one place of the two is wrong",
    )
    yield Question(
        "no doubles",
        _doubles(),
        "no mail is on a ticket twice",
        "mails (mail/ticket) are on their ticket twice with the same words",
        "look at them with `gateway tickets show N`, and tell the makers of the gateway",
    )


def _said() -> sa.Select[tuple[int, int]]:
    return sa.select(comments.c.inbound_id, comments.c.ticket).where(comments.c.inbound_id.is_not(None))


def _doubles() -> sa.Select[tuple[int, int]]:
    several = (
        sa.select(comments.c.inbound_id)
        .where(comments.c.inbound_id.is_not(None))
        .group_by(comments.c.inbound_id)
        .having(sa.func.count() > 1)
    )
    return (
        sa.select(comments.c.inbound_id, comments.c.ticket)
        .where(comments.c.inbound_id.in_(several))
        .group_by(comments.c.inbound_id, comments.c.ticket, comments.c.text)
        .having(sa.func.count() > 1)
    )


def _bytes() -> Iterator[Question]:
    kept = sa.exists().where(inbound_raw.c.inbound_id == inbound.c.id, inbound_raw.c.position == 0)
    yield Question(
        "bytes",
        sa.select(inbound.c.id).where(~kept).order_by(inbound.c.id),
        "the bytes of every mail are there",
        "mails have lost their bytes",
        _RESTORE,
    )
    sizes = (
        sa.select(
            inbound_raw.c.inbound_id,
            sa.func.sum(sa.func.length(inbound_raw.c.data)).label("bytes"),
        )
        .group_by(inbound_raw.c.inbound_id)
        .subquery()
    )
    yield Question(
        "sizes",
        sa.select(inbound.c.id)
        .join(sizes, sizes.c.inbound_id == inbound.c.id)
        .where(sizes.c.bytes != inbound.c.size)
        .order_by(inbound.c.id),
        "every mail is as long as it was received",
        "mails are longer or shorter than they were received",
        _RESTORE,
    )


def _origins() -> Iterator[Question]:
    yield Question(
        "first words",
        sa.select(tickets.c.number).except_(sa.select(comments.c.ticket)),
        "every ticket has a comment that it began with",
        "tickets have no comment: nobody knows what they are about",
        _RESTORE,
    )
    yield Question(
        "openings",
        sa.select(tickets.c.number).except_(sa.select(timeline.c.ticket).where(timeline.c.kind == "opened")),
        "every ticket's timeline begins with its opening",
        "tickets have no opening in their timeline",
        _RESTORE,
    )
    yield Question(
        "outbox",
        sa.select(outbox.c.id)
        .where(
            sa.or_(
                outbox.c.state.not_in(_OUTBOX_STATES),
                sa.and_(outbox.c.state == "sent", outbox.c.sent_at.is_(None)),
                outbox.c.recipient == "",
            )
        )
        .order_by(outbox.c.id),
        "every notification is sent, waits, has failed or is suppressed",
        "notifications have no recipient, no known state, or were sent nobody knows when",
        "look at them with `gateway outbox list`; `gateway outbox retry ID` sends one again",
    )
    yield Question(
        "fingerprints",
        sa.select(inbound.c.id)
        .where(
            inbound.c.outcome == Outcome.DUPLICATE,
            inbound.c.id.in_(sa.select(fingerprints.c.inbound_id)),
        )
        .order_by(inbound.c.id),
        "every duplicate has another mail that came first",
        "mails count as duplicates, and none came before them",
        "`gateway mail requeue ID` reads one again",
    )


def references() -> Iterator[Question]:
    """Rows that lead nowhere: by every foreign key there is, and by what refers without one."""
    refers: list[tuple[sa.Column[Any], sa.Column[Any]]] = [
        (inbound.c.ticket, tickets.c.number),
        (timeline.c.inbound_id, inbound.c.id),
        (timeline.c.undoes, timeline.c.id),
    ]
    for table in all_tables():
        refers += [
            (key.parent, key.column) for key in sorted(table.foreign_keys, key=lambda key: key.parent.name)
        ]
    for child, parent in refers:
        target = parent.table.alias("target")
        found = sa.exists().where(target.c[parent.name] == child)
        yield Question(
            f"{child.table.name}.{child.name}",
            sa.select(*child.table.primary_key, child).where(child.is_not(None), ~found),
            f"each leads to a row of {parent.table.name}",
            f"rows of {child.table.name} (key/{child.name}) lead to no row of {parent.table.name}",
            _RESTORE,
        )
