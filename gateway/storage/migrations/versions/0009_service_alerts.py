"""Service alerts, what was said of them, their tickets, and who was told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
AT = sa.DateTime(timezone=True)

_SQLITE = (
    """
    CREATE TRIGGER alert_updates_kept BEFORE UPDATE ON service_alert_updates
    BEGIN SELECT RAISE(ABORT, 'what was said of an alert stays'); END
    """,
    """
    CREATE TRIGGER alert_updates_whole BEFORE DELETE ON service_alert_updates
    BEGIN SELECT RAISE(ABORT, 'what was said of an alert stays'); END
    """,
)
_POSTGRESQL = (
    """
    CREATE FUNCTION alert_updates_stay() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        RAISE EXCEPTION 'what was said of an alert stays' USING ERRCODE = 'integrity_constraint_violation';
    END $$
    """,
    """
    CREATE TRIGGER alert_updates_stay BEFORE UPDATE OR DELETE ON service_alert_updates FOR EACH ROW
    EXECUTE FUNCTION alert_updates_stay()
    """,
)


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "service_alerts",
        sa.Column("number", ID, autoincrement=True, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("titles", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("offers", sa.Text(), nullable=False),
        sa.Column("organisations", sa.Text(), nullable=False),
        sa.Column("opened_at", AT, nullable=False),
        sa.Column("opened_by", sa.Text(), nullable=False),
        sa.Column("resolved_at", AT, nullable=True),
        sa.Column("newest", ID, nullable=False),
        sa.Column("untold", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_service_alerts")),
    )
    untold = sa.text("untold IS true")
    op.create_index(
        "ix_service_alerts_untold",
        "service_alerts",
        ["number"],
        sqlite_where=sa.text("untold IS 1"),
        postgresql_where=untold,
    )
    op.create_index("ix_service_alerts_state", "service_alerts", ["state"])
    op.create_table(
        "service_alert_updates",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("alert", ID, nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("at", AT, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("texts", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["alert"], ["service_alerts.number"], name=op.f("fk_service_alert_updates_alert")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_alert_updates")),
    )
    op.create_index("ix_service_alert_updates_alert", "service_alert_updates", ["alert", "id"])
    op.create_table(
        "alert_links",
        sa.Column("ticket", ID, autoincrement=False, nullable=False),
        sa.Column("alert", ID, autoincrement=False, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("told", ID, nullable=False),
        sa.ForeignKeyConstraint(["ticket"], ["tickets.number"], name=op.f("fk_alert_links_ticket")),
        sa.ForeignKeyConstraint(["alert"], ["service_alerts.number"], name=op.f("fk_alert_links_alert")),
        sa.PrimaryKeyConstraint("ticket", "alert", name=op.f("pk_alert_links")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_alert_links_alert", "alert_links", ["alert", "told", "ticket"])
    op.create_table(
        "alert_tellings",
        sa.Column("update_id", ID, autoincrement=False, nullable=False),
        sa.Column("contact_id", ID, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["update_id"], ["service_alert_updates.id"], name=op.f("fk_alert_tellings_update_id")
        ),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_alert_tellings_contact_id")),
        sa.PrimaryKeyConstraint("update_id", "contact_id", name=op.f("pk_alert_tellings")),
        sqlite_with_rowid=False,
    )
    sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in _SQLITE if sqlite else _POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    """Drop them."""
    op.drop_table("alert_tellings")
    op.drop_table("alert_links")
    op.drop_table("service_alert_updates")
    op.drop_table("service_alerts")
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION alert_updates_stay()")
