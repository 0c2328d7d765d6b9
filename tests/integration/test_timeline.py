"""What the database itself holds to: the timeline only grows, and no priority changes without its entry."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from gateway.errors import StorageUnavailable
from gateway.storage.database import Database
from gateway.storage.schema import tickets, timeline
from gateway.storage.upgrade import upgrade

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
_TEXTS = (
    "subject",
    "resolution",
    "claimed_priority",
    "desk_address",
    "team",
    "root_message_id",
    "last_message_id",
)


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database with one ticket, which is Low."""
    url = f"sqlite:///{tmp_path}/gateway.db"
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_url")
    made = Database(url)
    upgrade(made)
    row = dict.fromkeys(_TEXTS, "") | {
        "number": 1,
        "state": "submitted",
        "priority": "low",
        "priority_rank": 3,
        "type": "assistance",
        "language": "fr",
        "created_at": NOW,
        "updated_at": NOW,
        "clocks": {},
    }
    with made.write() as connection:
        connection.execute(sa.insert(tickets), row)
    yield made
    made.close()


def _raise(database: Database, to: str, entry: dict[str, str] | None) -> None:
    with database.write() as connection:
        if entry is not None:
            common = {"ticket": 1, "at": NOW, "kind": "priority", "evidence": "E4"}
            connection.execute(sa.insert(timeline), common | entry)
        connection.execute(sa.update(tickets).where(tickets.c.number == 1).values(priority=to))


def _entry(
    before: str, after: str, *, actor: str = "ana@example.test", reason: str = "la paie"
) -> dict[str, str]:
    return {"from_value": before, "to_value": after, "actor": actor, "reason": reason}


@pytest.mark.parametrize(
    "entry",
    [
        None,
        _entry("low", "high", actor=""),
        _entry("low", "high", reason=""),
        _entry("low", "medium"),
    ],
    ids=["no entry", "no actor", "no reason", "another priority"],
)
def test_no_priority_without_actor_reason_and_entry(database: Database, entry: dict[str, str] | None) -> None:
    with pytest.raises((sa.exc.DatabaseError, StorageUnavailable), match="actor, a reason and an entry"):
        _raise(database, "high", entry)

    with database.read() as connection:
        assert connection.execute(sa.select(tickets.c.priority)).scalar() == "low"


def test_an_old_entry_vouches_for_nothing_new(database: Database) -> None:
    _raise(database, "high", _entry("low", "high"))
    _raise(database, "low", _entry("high", "low"))

    with pytest.raises((sa.exc.DatabaseError, StorageUnavailable), match="an entry in the timeline"):
        _raise(database, "high", None)


@pytest.mark.parametrize(
    "change", [sa.update(timeline).values(reason="autre"), sa.delete(timeline)], ids=["change", "delete"]
)
def test_the_timeline_only_grows(database: Database, change: sa.Executable) -> None:
    _raise(database, "high", _entry("low", "high"))

    with (
        pytest.raises((sa.exc.DatabaseError, StorageUnavailable), match="the timeline only grows"),
        database.write() as connection,
    ):
        connection.execute(change)


def test_a_ticket_is_charged_once(database: Database) -> None:
    def charge(minutes: int) -> None:
        with database.write() as connection:
            connection.execute(sa.update(tickets).where(tickets.c.number == 1).values(flex_minutes=minutes))

    charge(90)

    with pytest.raises((sa.exc.DatabaseError, StorageUnavailable), match="charged once"):
        charge(120)
