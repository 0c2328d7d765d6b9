"""What was read without effect, what an undo goes back to, which mail brought a change, and marked readings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make them."""
    op.add_column("comments", sa.Column("suggested", sa.Text(), nullable=True))
    op.add_column("timeline", sa.Column("inbound_id", ID, nullable=True))
    op.add_column("timeline", sa.Column("undoes", ID, nullable=True))
    op.add_column("timeline", sa.Column("before", sa.Text(), nullable=True))
    op.create_table(
        "reading_cases",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("inbound_id", ID, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("was_read", sa.Text(), nullable=False),
        sa.Column("means", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["inbound_id"], ["inbound.id"], name=op.f("fk_reading_cases_inbound_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reading_cases")),
        sa.UniqueConstraint("inbound_id", name=op.f("uq_reading_cases_inbound_id")),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("reading_cases")
    for name in ("before", "undoes", "inbound_id"):
        op.drop_column("timeline", name)
    op.drop_column("comments", "suggested")
