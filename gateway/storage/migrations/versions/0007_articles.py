"""The knowledge base, with the engine's own full-text search."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

# FTS5 with the table as its content: the triggers are those of its documentation, section 4.4.3.
_SQLITE = (
    """CREATE VIRTUAL TABLE articles_search USING fts5(heading_words, body_words, content='articles',
    content_rowid='id', tokenize='unicode61 remove_diacritics 2')""",
    """CREATE TRIGGER articles_search_insert AFTER INSERT ON articles BEGIN
    INSERT INTO articles_search(rowid, heading_words, body_words)
    VALUES (new.id, new.heading_words, new.body_words); END""",
    """CREATE TRIGGER articles_search_delete AFTER DELETE ON articles BEGIN
    INSERT INTO articles_search(articles_search, rowid, heading_words, body_words)
    VALUES ('delete', old.id, old.heading_words, old.body_words); END""",
    """CREATE TRIGGER articles_search_update AFTER UPDATE OF heading_words, body_words ON articles BEGIN
    INSERT INTO articles_search(articles_search, rowid, heading_words, body_words)
    VALUES ('delete', old.id, old.heading_words, old.body_words);
    INSERT INTO articles_search(rowid, heading_words, body_words)
    VALUES (new.id, new.heading_words, new.body_words); END""",
)
_POSTGRES = tuple(
    f"CREATE INDEX articles_search_{language} ON articles USING gin ((setweight(to_tsvector('{name}', heading_words), "
    f"'A') || setweight(to_tsvector('{name}', body_words), 'D'))) WHERE language = '{language}'"
    for language, name in (("fr", "french"), ("en", "english"))
)


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "articles",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("slug", sa.String(80), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("keywords", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("published", sa.Boolean(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("heading_words", sa.Text(), nullable=False),
        sa.Column("body_words", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_articles")),
        sa.UniqueConstraint("slug", name=op.f("uq_articles_slug")),
    )
    for statement in _SQLITE if op.get_bind().dialect.name == "sqlite" else _POSTGRES:
        op.execute(statement)


def downgrade() -> None:
    """Drop them."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE articles_search")
    op.drop_table("articles")
