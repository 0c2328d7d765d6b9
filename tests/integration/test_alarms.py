"""Alarms: one row each, one mail a day, and gone when what they say is over."""

from __future__ import annotations

import email
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from gateway.authentication.tokens import TokenSigner
from gateway.domain.alarm import Alarm
from gateway.domain.desk import Desk
from gateway.errors import RelayDeferred
from gateway.pipeline.alert import Alerter
from gateway.ports import Delivery, OutgoingMail, Signer
from gateway.rendering.alarm_mail import alarm_mail
from gateway.rulebook.desk_file import load_desk_file
from gateway.storage.alarms import AlarmBoard
from gateway.storage.database import Database
from gateway.storage.desk import DeskStore
from gateway.storage.upgrade import downgrade, upgrade
from tests.running import DESK

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.instant = NOW

    def now(self) -> datetime:
        return self.instant


class Relay:
    def __init__(self) -> None:
        self.sent: list[OutgoingMail] = []
        self.down = False

    def send(self, mails: Sequence[OutgoingMail]) -> Iterator[Delivery]:
        for each in mails:
            if self.down:
                yield Delivery(each.id, "no", RelayDeferred("no"))
            else:
                self.sent.append(each)
                yield Delivery(each.id, "ok", None)

    def close(self) -> None:
        return


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    url = f"sqlite:///{tmp_path}/gateway.db"
    made = Database(request.getfixturevalue("postgres_url") if request.param == "postgres" else url)
    upgrade(made)
    yield made
    made.close()


class House:
    """An alarm board, whoever tells of it, and the relay."""

    def __init__(self, database: Database, folder: Path) -> None:
        (folder / "desk.yaml").write_text(DESK)
        desks = DeskStore(database)
        desks.load(load_desk_file(folder / "desk.yaml"), now=NOW)
        desk, signer = desks.desk(), TokenSigner({0: b"k" * 32}, signing=0)
        self.clock = Clock()
        self.relay = Relay()
        self.board = AlarmBoard(database, self.clock)

        def current() -> tuple[Desk, Signer]:
            return desk, signer

        self.alerter = Alerter(self.board, self.relay, alarm_mail, current, self.clock, "root@ops.test")

    def later(self, **time: float) -> None:
        self.clock.instant += timedelta(**time)


@pytest.fixture
def house(database: Database, tmp_path: Path) -> House:
    return House(database, tmp_path)


def test_the_operator_hears_of_an_alarm_once_a_day(house: House) -> None:
    house.board.sound("mailbox support stopped", "the login is refused")
    house.board.sound("mailbox support stopped", "the login is refused")
    assert (house.alerter.send_due(), house.alerter.send_due()) == (True, False)
    house.later(hours=23)
    assert not house.alerter.send_due()
    house.later(hours=2)
    assert house.alerter.send_due()

    first, second = house.relay.sent
    mail = email.message_from_bytes(first.content)
    assert (first.reverse_path, first.recipient, mail["To"]) == ("", "root@ops.test", "root@ops.test")
    assert mail["From"] == "Ticket gateway <support@example.test>"
    assert mail["Subject"] == "Alarm: mailbox support stopped"
    assert b"the login is refused" in bytes(mail.get_payload(decode=True))
    assert second.id != first.id


def test_an_alarm_that_comes_and_goes_is_told_of_once_a_day(house: House) -> None:
    for _ in range(5):
        house.board.sound("mailbox support silent", "no connection")
        house.alerter.send_due()
        house.board.end("mailbox support silent")
        assert house.board.current() == []
        house.later(minutes=10)

    assert len(house.relay.sent) == 1


def test_several_alarms_are_one_mail(house: House) -> None:
    house.board.sound("mailbox a stopped", "no\r\nBcc: x@y.test")
    house.board.sound("mailbox b stopped", "no such folder")
    house.alerter.send_due()

    (told,) = house.relay.sent
    assert b"Alarm: mailbox a stopped and 1 more" in told.content
    assert b"\nBcc" not in told.content


def test_what_the_relay_does_not_take_is_told_later(house: House) -> None:
    house.relay.down = True
    house.board.sound("mailbox a stopped", "no")
    assert not house.alerter.send_due()
    house.relay.down = False
    assert not house.alerter.send_due()
    house.later(minutes=6)
    assert house.alerter.send_due()
    assert len(house.relay.sent) == 1


def test_an_alarm_whose_teller_dies_is_told_by_another(house: House) -> None:
    house.board.sound("mailbox a stopped", "no")
    assert house.board.take_due(house.clock.now()), "and then its process is killed"
    assert not house.alerter.send_due()
    house.later(minutes=6)
    assert house.alerter.send_due()
    house.later(hours=23)
    assert not house.alerter.send_due()


def test_another_process_sees_and_ends_the_same_alarm(house: House, database: Database) -> None:
    other = AlarmBoard(database, house.clock)
    house.board.sound("token", "expires")
    other.sound("token", "expires in 200 s")

    assert house.board.current() == [Alarm("token", "expires in 200 s", NOW)]
    other.end("token")
    assert house.board.current() == []


def test_alarms_of_a_mailbox_that_is_no_more_end(house: House) -> None:
    for key in ("mailbox old stopped", "mailbox support silent", "queue"):
        house.board.sound(key, "no")
    house.board.end_others("mailbox ", ["mailbox support "])

    assert [alarm.key for alarm in house.board.current()] == ["mailbox support silent", "queue"]


def test_a_database_that_is_down_costs_the_row_and_raises_nothing(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/gateway.db")
    board = AlarmBoard(database, Clock())
    board.sound("mailbox a silent", "no tables here")
    upgrade(database)
    board.sound("mailbox a silent", "no tables here")

    assert [alarm.key for alarm in board.current()] == ["mailbox a silent"]
    database.close()


@given(st.text(max_size=300), st.text(max_size=300))
def test_whatever_a_server_has_said_the_mail_is_a_mail(key: str, reason: str) -> None:
    raw = alarm_mail([Alarm(key, reason, NOW)], "support@example.test", "root@ops.test", now=NOW)

    mail = email.message_from_bytes(raw)
    assert raw.isascii()
    assert mail.keys()[:4] == ["From", "To", "Subject", "Date"]
    assert len(mail.keys()) == 10


def test_the_migrations_can_be_undone(database: Database) -> None:
    downgrade(database, "0001")
    with database.engine.connect() as connection:
        assert not {"mailboxes", "mailbox_mails", "alarms"} & set(sa.inspect(connection).get_table_names())
    upgrade(database)
