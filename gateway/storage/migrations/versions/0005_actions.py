"""Links in mails that do something."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "action_tokens",
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("act", sa.String(32), nullable=False),
        sa.Column("ticket", ID, nullable=False),
        sa.Column("contact_id", ID, nullable=True),
        sa.Column("notification", ID, nullable=False),
        sa.Column("about", ID, nullable=False),
        sa.Column("asked_by_mail", ID, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["ticket"], ["tickets.number"], name=op.f("fk_action_tokens_ticket")),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_action_tokens_contact_id")),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_action_tokens")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_action_tokens_expires_at", "action_tokens", ["expires_at"])


def downgrade() -> None:
    """Drop them."""
    op.drop_table("action_tokens")
