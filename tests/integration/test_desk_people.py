"""Who is on the roster, as the stored desk has it; and customers who wrote before their company was known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.rulebook.desk_file import load_desk_file
from gateway.storage.database import Database
from gateway.storage.desk import DeskStore
from gateway.storage.unit_of_work import open_unit_of_work
from gateway.storage.upgrade import upgrade
from tests.running import DESK

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    url = f"sqlite:///{tmp_path}/gateway.db"
    opened = Database(url if request.param == "sqlite" else request.getfixturevalue("postgres_url"))
    yield opened
    opened.close()


def test_customers_are_not_on_the_roster_and_join_their_company(database: Database, tmp_path: Path) -> None:
    file = tmp_path / "desk.yaml"
    file.write_text(DESK.replace("domains: [acme.test]", "domains: [acme.example]"), encoding="utf-8")
    upgrade(database)
    store = DeskStore(database)
    store.load(load_desk_file(file, calendars=["FR", "24x7"]), now=NOW)
    desk = store.desk()
    with open_unit_of_work(database, desk, lambda _: 0) as uow:
        chloe = next(iter(desk.staff.values()))
        newcomer = replace(
            chloe,
            id=0,
            key="bruno@acme.test",
            address="bruno@acme.test",
            roles=frozenset(),
            team="",
            listed=False,
        )
        uow.add_contact(replace(newcomer, organisation_id=None), now=NOW)

    file.write_text(DESK, encoding="utf-8")
    store.load(load_desk_file(file, calendars=["FR", "24x7"]), now=NOW)

    desk = store.desk()
    assert all(person.roles for person in desk.staff.values())
    assert not {"chloe@acme.test", "bruno@acme.test"} & set(desk.staff)
    with open_unit_of_work(database, desk, lambda _: 0) as uow:
        bruno = uow.contact_at("bruno@acme.test")
    assert bruno is not None
    assert bruno.organisation_id == desk.organisation_of("bruno@acme.test")
