"""Alembic's environment: the connection is handed in by `gateway.storage.upgrade`."""

from __future__ import annotations

from alembic import context

from gateway import faults
from gateway.storage.schema import metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    transaction_per_migration=True,
    on_version_apply=lambda **_: faults.reached("schema.migrated"),
)
context.run_migrations()
