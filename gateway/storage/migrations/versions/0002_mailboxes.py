"""Mailboxes that mail is fetched from, what was stored from where, and alarms."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make them."""
    op.add_column("inbound", sa.Column("historic", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_table(
        "mailboxes",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("uidvalidity", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("first_sync", sa.String(length=8), server_default="", nullable=False),
        sa.Column("history_uid", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("history_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("history_mails", sa.Integer(), server_default="0", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mailboxes")),
        sa.UniqueConstraint("name", "place", name=op.f("uq_mailboxes_name_place")),
    )
    op.create_table(
        "mailbox_mails",
        sa.Column("mailbox_id", ID, autoincrement=False, nullable=False),
        sa.Column("uidvalidity", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("uid", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("inbound_id", ID, nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("put_away_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["mailbox_id"], ["mailboxes.id"], name=op.f("fk_mailbox_mails_mailbox_id")),
        sa.ForeignKeyConstraint(["inbound_id"], ["inbound.id"], name=op.f("fk_mailbox_mails_inbound_id")),
        sa.PrimaryKeyConstraint("mailbox_id", "uidvalidity", "uid", name=op.f("pk_mailbox_mails")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_mailbox_mails_mailbox_id_sha256", "mailbox_mails", ["mailbox_id", "sha256"])
    op.create_table(
        "alarms",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_alarms")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("alarms")
    op.drop_table("mailbox_mails")
    op.drop_table("mailboxes")
    op.drop_column("inbound", "historic")
