"""The storm breaker's buckets."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "storms",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("ticket", ID, nullable=True),
        sa.Column("free_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("folded", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_storms")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_storms_ticket", "storms", ["ticket"])
    op.create_index("ix_storms_free_at", "storms", ["free_at"])


def downgrade() -> None:
    """Drop them."""
    op.drop_table("storms")
