"""The migrations come to the schema that the code uses, on both engines, and can be taken back."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

import gateway.storage.actions
import gateway.storage.alarms
import gateway.storage.mailboxes  # noqa: F401  (their tables belong to the schema)
from gateway.storage.database import Database
from gateway.storage.schema import metadata
from gateway.storage.upgrade import downgrade, upgrade


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_migrations_come_to_the_schema(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/gateway.db"
    if engine == "postgres":
        url = request.getfixturevalue("postgres_url")
    database = Database(url)
    upgrade(database)
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []

    downgrade(database, "base")
    with database.read() as connection:
        assert sa.inspect(connection).get_table_names() in ([], ["alembic_version"])
    assert upgrade(database)[0] == ""
    database.close()
