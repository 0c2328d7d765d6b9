"""A storm on a clock that moves: it begins, ends by itself, and leaves no rows; a second one is told anew."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from gateway.bootstrap import Gateway
from gateway.domain.envelope import Envelope
from gateway.ports import NewMail
from gateway.rulebook.desk_file import load_desk_file
from gateway.storage.storms import StormStore, storms
from gateway.storage.upgrade import upgrade
from tests.running import RunningGateway, mail

BEGINS = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


class Weather:
    """A gateway in this process with the limits as they are shipped, and a clock."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self.runs = RunningGateway(folder, database_url=database_url, extra='[trust]\nverify = "off"\n')
        self.gateway: Gateway = self.runs.gateway()
        self.at = BEGINS
        self.gateway.__dict__["clock"] = self
        upgrade(self.gateway.database)
        self.gateway.desk.load(load_desk_file(folder / "desk.yaml"), now=BEGINS)
        self._mails = 0

    def now(self) -> datetime:
        return self.at

    def comes(self, author: str, count: int) -> Counter[str]:
        """So many mails of one author at the same time; what became of them."""
        mails = []
        for _ in range(count):
            self._mails += 1
            text = "".join(chr(97 + (self._mails * 7 + i * i) % 26) for i in range(80))
            raw = mail(author, f"Question {text[:20]}", text, message_id=f"{self._mails}@wire.test")
            envelope = Envelope("smtp", author, ("support@example.test",), "192.0.2.1", "x", False, self.at)
            mails.append(NewMail(envelope, [raw], len(raw)))
        ids = self.gateway.ledger.append(mails)
        processor = self.gateway.processor("here:1")
        while processor.process_batch():
            pass
        return Counter(self.gateway.ledger.entry(number).outcome for number in ids)

    def storms(self) -> int:
        return len(StormStore(self.gateway.database).current(self.at))

    def rows(self) -> int:
        with self.gateway.database.read() as connection:
            return int(connection.execute(sa.select(sa.func.count()).select_from(storms)).scalar_one())

    def told(self, template: str) -> list[str]:
        return [each.to for each in self.gateway.outbox.entries(limit=10_000) if each.template == template]


@pytest.fixture(params=["sqlite", "postgres"])
def weather(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Weather]:
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else ""
    made = Weather(tmp_path / "desk", url)
    with closing(made.gateway.database):
        yield made


def test_a_storm_ends_by_itself_and_the_next_one_is_told_anew(weather: Weather) -> None:
    eve, paul = "eve@evil.test", "paul@elsewhere.test"

    assert weather.comes(eve, 40) == {"ticket": 15, "held": 25}
    assert (weather.storms(), weather.told("storm")) == (1, ["team@example.test"])
    assert weather.told("acknowledgement") == [eve]
    # It goes on: one more passes every quarter of an hour, and nobody is told again.
    weather.at += timedelta(minutes=16)
    assert weather.comes(eve, 10) == {"ticket": 1, "held": 9}
    assert weather.comes(paul, 1) == {"ticket": 1}
    assert (weather.storms(), weather.told("storm")) == (1, ["team@example.test"])
    # After a night it is over, with nothing that had to run; the next mails sweep its rows.
    weather.at += timedelta(hours=14)
    assert weather.storms() == 0
    assert weather.comes(eve, 1) == {"ticket": 1}
    assert weather.told("acknowledgement") == [eve, paul]
    rows = weather.rows()
    assert rows <= 8, rows
    assert weather.comes(eve, 20) == {"ticket": 14, "held": 6}
    assert (weather.storms(), weather.told("storm")) == (1, ["team@example.test"] * 2)
    # A day after the first, their address may be answered again, once.
    weather.at += timedelta(hours=10)
    weather.comes(eve, 3)
    assert weather.told("acknowledgement") == [eve, paul, eve]


def test_old_mail_and_the_desks_own_are_in_no_storm(weather: Weather) -> None:
    mails = []
    for number in range(30):
        raw = mail("eve@evil.test", f"x{number}", f"{number}", message_id=f"{number}@old.test")
        envelope = Envelope(
            "imap", "eve@evil.test", ("support@example.test",), "", "", False, weather.at, historic=True
        )
        mails.append(NewMail(envelope, [raw], len(raw)))
    ids = weather.gateway.ledger.append(mails)
    while weather.gateway.processor("here:1").process_batch():
        pass

    assert {weather.gateway.ledger.entry(number).outcome for number in ids} == {"ticket"}
    # Nothing of it is answered, and it takes nobody's acknowledgement.
    assert weather.told("acknowledgement") == []
    weather.comes("eve@evil.test", 1)
    assert weather.told("acknowledgement") == ["eve@evil.test"]
