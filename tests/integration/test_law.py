"""The ledger's law: it holds over a desk that works, and whatever breaks it is found by `gateway check`."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from gateway.cli.check import run, tell
from gateway.cli.context import Context
from gateway.domain.finding import Finding
from gateway.storage.law import questions
from gateway.storage.schema import comments, inbound, inbound_raw, outbox, tickets, timeline, timers
from tests.integration.worked_desk import NOON, WorkedDesk

MAILS = 26


def made_at(folder: Path, url: str) -> WorkedDesk:
    """A desk that has worked for a while."""
    made = WorkedDesk(folder, url)
    for number in range(1, MAILS + 1):
        made.writes(f"client{number}@acme.test", f"Panne {number}", "Rien ne va plus. " + "x" * 40 * number)
    made.works()
    return made


@pytest.fixture(params=["sqlite", "postgres"])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[WorkedDesk]:
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else ""
    made = made_at(tmp_path, url)
    yield made
    made.close()


def found(desk: WorkedDesk, *, quick: bool = False) -> dict[str, Finding]:
    """What is wrong, by check."""
    findings = list(desk.gateway.upkeep.auditor(lambda words: None).audit(quick=quick))
    return {each.check: each for each in findings if not each.right}


def break_law(desk: WorkedDesk, *statements: sa.Executable) -> None:
    """Do by hand what the gateway never does; the keys are not asked."""
    with desk.gateway.database.engine.connect() as connection:
        if desk.gateway.database.is_sqlite:
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
            for name in ("timeline_kept", "timeline_whole"):
                connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}")
        else:
            connection.exec_driver_sql("SET session_replication_role = replica")
        for statement in statements:
            connection.execute(statement)
        connection.commit()
    desk.gateway.database.close()


def test_a_desk_that_works_keeps_the_law(desk: WorkedDesk) -> None:
    desk.writes("client1@acme.test", "Panne 1", "Rien ne va plus. " + "x" * 40)  # once more: a duplicate
    desk.writes(
        "client2@acme.test", "Nouvelles ?", "Une reponse.", to=desk.reply_address("client2@acme.test")
    )
    desk.works()

    findings = list(desk.gateway.upkeep.auditor(lambda words: None).audit(quick=False))

    assert [each for each in findings if not each.right] == []
    told = {each.check: each.remark for each in findings}
    assert told["sum"] == f"{MAILS + 2} mails received = 1 comment + 1 duplicate + {MAILS} ticket"
    assert f"{MAILS + 2} mails hashed anew" in told["hashes"]


def test_one_byte_of_twenty_mails_and_one_lost_are_all_found(desk: WorkedDesk) -> None:
    with desk.gateway.database.read() as connection:
        rows = connection.execute(sa.select(inbound_raw).where(inbound_raw.c.inbound_id <= 20)).all()
    flipped = []
    for row in rows:
        data = bytearray(row.data)
        data[len(data) * row.inbound_id // 21] ^= 1 << (row.inbound_id % 8)
        flipped.append(
            sa.update(inbound_raw).where(inbound_raw.c.inbound_id == row.inbound_id).values(data=bytes(data))
        )
    break_law(desk, *flipped, sa.delete(inbound_raw).where(inbound_raw.c.inbound_id == 25))

    wrong = found(desk)

    assert wrong["hashes"].count == 21
    assert wrong["hashes"].rows == tuple(str(number) for number in range(1, 21))
    assert (wrong["bytes"].rows, wrong["sum"].count) == (("25",), 1)
    assert set(found(desk, quick=True)) == {"sum", "bytes"}


BROKEN: dict[str, tuple[sa.Executable, str]] = {
    "tickets of mails": (
        sa.delete(comments).where(comments.c.inbound_id == 3),
        "3/3",
    ),
    "first words": (sa.delete(comments).where(comments.c.ticket == 4), "4"),
    "openings": (sa.delete(timeline).where(timeline.c.ticket == 5), "5"),
    "one outcome": (sa.update(inbound).where(inbound.c.id == 6).values(outcome="held"), "6/6"),
    "settled": (sa.update(inbound).where(inbound.c.id == 7).values(settled_at=None), "7"),
    "sizes": (sa.update(inbound).where(inbound.c.id == 8).values(size=inbound.c.size + 1), "8"),
    "fingerprints": (sa.update(inbound).where(inbound.c.id == 9).values(outcome="duplicate"), "9"),
    "outbox": (sa.update(outbox).where(outbox.c.id == 1).values(state="sent", sent_at=None), "1"),
    "outbox.ticket": (sa.update(outbox).where(outbox.c.id == 2).values(ticket=999), "2/999"),
    "comments.inbound_id": (
        sa.update(comments).where(comments.c.inbound_id == 10).values(inbound_id=998),
        "/998",
    ),
    "timers.ticket": (sa.update(timers).where(timers.c.ticket == 11).values(ticket=997), "997/"),
    "inbound.ticket": (sa.update(inbound).where(inbound.c.id == 12).values(ticket=996), "12/996"),
    "inbound_raw.inbound_id": (sa.delete(inbound).where(inbound.c.id == 13), "13/0/13"),
    "comments.ticket": (sa.delete(tickets).where(tickets.c.number == 14), "/14"),
}


def test_each_article_of_the_law_is_asked(desk: WorkedDesk) -> None:
    number = desk.writes("client50@acme.test", "Panne", "Encore.")
    assert found(desk, quick=True) == {}
    desk.clock.time += timedelta(minutes=11)
    assert found(desk, quick=True)["pending"].rows == (str(number),)
    slowed = {"instruction": "slowed", "due_at": desk.clock.time + timedelta(hours=1)}
    break_law(desk, sa.update(inbound).where(inbound.c.id == number).values(slowed))
    assert found(desk, quick=True) == {}

    break_law(desk, *(statement for statement, _ in BROKEN.values()))

    wrong = found(desk, quick=True)
    for check, (_, row) in BROKEN.items():
        assert any(row in each for each in wrong[check].rows), wrong[check]
        assert wrong[check].remedy
    asked = {each.check for each in questions(NOON)}
    assert asked - {"pending", "bytes", "comments of mails", "no doubles"} == {
        check for check in BROKEN if "." not in check
    }


def test_lost_and_doubled_comments_are_found(desk: WorkedDesk) -> None:
    answer = desk.writes("client2@acme.test", "Suite", "Encore.", to=desk.reply_address("client2@acme.test"))
    desk.works()
    twice = sa.insert(comments).from_select(
        [each.name for each in comments.c if each.name != "id"],
        sa.select(*(each for each in comments.c if each.name != "id")).where(comments.c.inbound_id == 5),
    )
    break_law(desk, sa.delete(comments).where(comments.c.inbound_id == answer), twice)

    wrong = found(desk, quick=True)

    assert set(wrong) == {"comments of mails", "no doubles"}
    assert (wrong["comments of mails"].rows, wrong["no doubles"].rows) == ((f"{answer}/2",), ("5/5",))


def test_a_damaged_file_is_found_and_the_rest_is_read_all_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    desk = WorkedDesk(tmp_path, "")
    for number in range(1, 60):
        desk.writes(f"client{number}@acme.test", f"Panne {number}", "Rien ne va plus. " * 100)
    desk.works()
    desk.close()
    file = tmp_path / "var" / "gateway.db"
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (root,) = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'ix_inbound_outcome_id'"
        ).fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    connection.close()
    content = bytearray(file.read_bytes())
    content[(root - 1) * size : (root - 1) * size + 200] = b"\xff" * 200
    file.write_bytes(content)

    wrong = found(desk)

    assert "malformed" in wrong["readable"].remark
    assert run(Context(desk.runs.config), as_json=False, quick=True) == 1
    page = capsys.readouterr().out
    assert "malformed" in page
    assert "ok     tickets" in page
    desk.close()


def test_what_is_wrong_is_printed_with_its_rows_and_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    desk = made_at(tmp_path, "")
    break_law(desk, sa.delete(inbound_raw).where(inbound_raw.c.inbound_id.in_([3, 4])))

    auditor = desk.gateway.upkeep.auditor(lambda words: None)
    assert not tell(auditor.audit(quick=True), as_json=False)
    page = capsys.readouterr().out
    assert "WRONG  bytes             2 mails have lost their bytes" in page
    assert "which: 3, 4" in page
    assert "do: restore them" in page

    tell(auditor.audit(quick=True), as_json=True)
    lines: list[dict[str, Any]] = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (lost,) = [line for line in lines if line["check"] == "bytes"]
    assert (lost["ok"], lost["count"], lost["rows"]) == (False, 2, ["3", "4"])
    desk.close()


def test_hashing_keeps_to_its_rate(tmp_path: Path) -> None:
    """A disk that the desk works with is not taken whole: so many bytes, so many seconds."""
    desk = made_at(tmp_path, "")
    rested: list[float] = []
    told: list[str] = []
    auditor = desk.gateway.upkeep.auditor(told.append)
    object.__setattr__(auditor, "monotonic", lambda: 0.0)
    object.__setattr__(auditor, "rest", rested.append)

    list(auditor.audit(quick=False))

    with desk.gateway.database.read() as connection:
        volume = connection.execute(sa.select(sa.func.sum(inbound.c.size))).scalar_one()
    assert sum(rested) == pytest.approx(volume / (64 << 20))
    assert told[-1].startswith(f"hashed {MAILS} of {MAILS} mails")
    desk.close()
