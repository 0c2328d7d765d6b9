"""The mails of a ticket that wait for the desk's decision."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("tickets", sa.Column("held", sa.Text(), nullable=True))


def downgrade() -> None:
    """Drop it."""
    op.drop_column("tickets", "held")
