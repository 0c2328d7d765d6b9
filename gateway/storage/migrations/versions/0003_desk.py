"""The timeline only grows and vouches for each priority; charges to Flex contracts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# A ticket's priority is always what the newest entry about it says; the entry has an actor and a reason.
_SQLITE = (
    """
    CREATE TRIGGER tickets_priority BEFORE UPDATE OF priority ON tickets
    WHEN NEW.priority <> OLD.priority AND NEW.priority IS NOT (
        SELECT to_value FROM timeline
        WHERE ticket = NEW.number AND kind = 'priority' AND actor <> '' AND reason <> ''
        ORDER BY id DESC LIMIT 1
    )
    BEGIN SELECT RAISE(ABORT, 'a priority changes with an actor, a reason and an entry in the timeline'); END
    """,
    """
    CREATE TRIGGER tickets_flex BEFORE UPDATE OF flex_minutes ON tickets
    WHEN OLD.flex_minutes <> 0 AND NEW.flex_minutes <> OLD.flex_minutes
    BEGIN SELECT RAISE(ABORT, 'a ticket is charged once'); END
    """,
    """
    CREATE TRIGGER timeline_kept BEFORE UPDATE ON timeline
    BEGIN SELECT RAISE(ABORT, 'the timeline only grows'); END
    """,
    """
    CREATE TRIGGER timeline_whole BEFORE DELETE ON timeline
    BEGIN SELECT RAISE(ABORT, 'the timeline only grows'); END
    """,
)
_POSTGRESQL = (
    """
    CREATE FUNCTION tickets_priority() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF NEW.priority IS DISTINCT FROM (
            SELECT to_value FROM timeline
            WHERE ticket = NEW.number AND kind = 'priority' AND actor <> '' AND reason <> ''
            ORDER BY id DESC LIMIT 1
        ) THEN
            RAISE EXCEPTION 'a priority changes with an actor, a reason and an entry in the timeline'
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END $$
    """,
    """
    CREATE TRIGGER tickets_priority BEFORE UPDATE OF priority ON tickets FOR EACH ROW
    WHEN (NEW.priority <> OLD.priority) EXECUTE FUNCTION tickets_priority()
    """,
    """
    CREATE FUNCTION tickets_flex() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        RAISE EXCEPTION 'a ticket is charged once' USING ERRCODE = 'integrity_constraint_violation';
    END $$
    """,
    """
    CREATE TRIGGER tickets_flex BEFORE UPDATE OF flex_minutes ON tickets FOR EACH ROW
    WHEN (OLD.flex_minutes <> 0 AND NEW.flex_minutes <> OLD.flex_minutes) EXECUTE FUNCTION tickets_flex()
    """,
    """
    CREATE FUNCTION timeline_grows() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        RAISE EXCEPTION 'the timeline only grows' USING ERRCODE = 'integrity_constraint_violation';
    END $$
    """,
    """
    CREATE TRIGGER timeline_grows BEFORE UPDATE OR DELETE ON timeline FOR EACH ROW
    EXECUTE FUNCTION timeline_grows()
    """,
)


def upgrade() -> None:
    """Make them."""
    op.add_column(
        "tickets", sa.Column("flex_minutes", sa.Integer(), server_default=sa.text("0"), nullable=False)
    )
    is_paid = sa.text("flex_minutes > 0")
    op.create_index(
        "ix_tickets_flex",
        "tickets",
        ["organisation_id", "flex_minutes"],
        sqlite_where=is_paid,
        postgresql_where=is_paid,
    )
    sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in _SQLITE if sqlite else _POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    """Drop them."""
    if op.get_bind().dialect.name == "sqlite":
        for name in ("tickets_priority", "tickets_flex", "timeline_kept", "timeline_whole"):
            op.execute(f"DROP TRIGGER {name}")
    else:
        op.execute("DROP TRIGGER tickets_priority ON tickets")
        op.execute("DROP TRIGGER tickets_flex ON tickets")
        op.execute("DROP TRIGGER timeline_grows ON timeline")
        for name in ("tickets_priority", "tickets_flex", "timeline_grows"):
            op.execute(f"DROP FUNCTION {name}()")
    op.drop_index("ix_tickets_flex", "tickets")
    op.drop_column("tickets", "flex_minutes")
