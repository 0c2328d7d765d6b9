"""The migrations come to the schema that the code uses, on both engines, and can be taken back."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

import gateway.storage
from gateway.storage.database import Database
from gateway.storage.schema import metadata
from gateway.storage.upgrade import downgrade, upgrade

# Every store's tables belong to the schema, whichever tests have run before.
for module in pkgutil.iter_modules(gateway.storage.__path__):
    import_module(f"gateway.storage.{module.name}")


def is_search(name: str | None) -> bool:
    return (name or "").startswith("articles_search")


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_migrations_come_to_the_schema(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/gateway.db"
    if engine == "postgres":
        url = request.getfixturevalue("postgres_url")
    database = Database(url)
    upgrade(database)
    with database.read() as connection:
        # What only one engine has: the full-text index of the articles.
        opts = {"compare_type": True, "include_object": lambda _, name, *rest: not is_search(name)}
        context = MigrationContext.configure(connection, opts=opts)
        assert compare_metadata(context, metadata) == []

    downgrade(database, "base")
    with database.read() as connection:
        assert sa.inspect(connection).get_table_names() in ([], ["alembic_version"])
    assert upgrade(database)[0] == ""
    database.close()


def test_a_commit_is_on_disk_whatever_the_role_is_set_to(postgres_url: str) -> None:
    admin = Database(postgres_url)
    name = sa.make_url(postgres_url).database
    with admin.write() as connection:
        connection.exec_driver_sql(f'ALTER DATABASE "{name}" SET synchronous_commit = off')
    admin.close()

    database = Database(postgres_url)
    with database.read() as connection:
        assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"
    database.close()
