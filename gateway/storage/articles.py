"""The knowledge base, and the database's own full-text search over it.

SQLite searches with FTS5 (an index beside the table, kept by triggers), PostgreSQL with tsvector and GIN by the
article's language. Words are folded by ourselves before either sees them: no extension is needed, and both
find the same whether accents are written or not. For a suggestion, titles and keywords alone are searched: an
article none of whose words stands there is never named.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Boolean, Column, String, Table, Text

from gateway.domain.articles import Article, Heading, KeptArticle, Search, stem
from gateway.domain.intent.folding import fold_in_place, words_in_order
from gateway.errors import NotFound
from gateway.storage.columns import Document, Instant
from gateway.storage.database import Database
from gateway.storage.desk_version import renew_desk
from gateway.storage.rows import AnyRow
from gateway.storage.schema import Id, metadata
from gateway.storage.sequences import allocate

articles = Table(
    "articles",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("slug", String(80), nullable=False, unique=True),
    Column("title", Text, nullable=False),
    Column("language", String(8), nullable=False),
    Column("keywords", Document, nullable=False),
    Column("body", Text, nullable=False),
    Column("published", Boolean, nullable=False),
    Column("url", Text, nullable=False),
    # Of the file that it was taken from; empty once that is gone.
    Column("digest", String(64), nullable=False),
    # What is searched: title and keywords, and the text; folded, and on SQLite, which knows no endings, their stems.
    Column("heading_words", Text, nullable=False),
    Column("body_words", Text, nullable=False),
    Column("updated_at", Instant, nullable=False),
)

# For all searches of a batch at once, so that a statement is compiled once and for ever.
_SQLITE = sa.text(
    """\
WITH hits AS MATERIALIZED (
 SELECT wanted.key AS at, json_extract(wanted.value, '$.language') AS wanted_language, found.rowid AS id,
  bm25(articles_search, 50.0, 1.0) AS distance
 FROM json_each(:searches) AS wanted
 JOIN articles_search AS found ON found.articles_search MATCH json_extract(wanted.value, '$.words')),
best AS (
 SELECT hits.at, a.slug, a.title, a.language, a.keywords, a.url,
  row_number() OVER (PARTITION BY hits.at ORDER BY hits.distance, a.id) AS place
 FROM hits JOIN articles AS a ON a.id = hits.id
 WHERE a.published AND hits.wanted_language IN ('', a.language))
SELECT at, slug, title, language, keywords, url FROM best WHERE place <= :most ORDER BY at, place"""
).columns(keywords=Document)
_IN_ONE_LANGUAGE = """\
SELECT wanted.at, best.* FROM unnest(CAST(:at AS integer[]), CAST(:words AS text[]), CAST(:languages AS text[]))
 AS wanted (at, words, language)
CROSS JOIN LATERAL (
 SELECT a.slug, a.title, a.language, a.keywords, a.url, a.id,
  ts_rank({vector}, to_tsquery('{name}', wanted.words)) AS closeness
 FROM articles AS a
 WHERE a.published AND a.language = '{language}' AND wanted.language IN ('', '{language}')
  AND {vector} @@ to_tsquery('{name}', wanted.words)
 ORDER BY closeness DESC, a.id LIMIT :most) AS best"""
_VECTOR = "(setweight(to_tsvector('{name}', a.heading_words), 'A') || setweight(to_tsvector('{name}', a.body_words), 'D'))"
_POSTGRES = sa.text(
    " UNION ALL ".join(
        _IN_ONE_LANGUAGE.format(language=language, name=name, vector=_VECTOR.format(name=name))
        for language, name in (("fr", "french"), ("en", "english"))
    )
    + " ORDER BY at, closeness DESC, id"
).columns(keywords=Document)


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import has done, by slug."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    withdrawn: tuple[str, ...]
    unchanged: int


def search_articles(
    connection: sa.Connection, searches: Mapping[int, Search]
) -> dict[int, tuple[Heading, ...]]:
    """What each search finds, its best first, in one statement for all."""
    if not searches:
        return {}
    wanted = list(searches.values())
    given: dict[str, Any]
    if connection.dialect.name == "sqlite":
        each = [{"words": _fts5(search), "language": search.language} for search in wanted]
        statement, given = _SQLITE, {"searches": json.dumps(each)}
    else:
        statement = _POSTGRES
        given = {
            "at": list(range(len(wanted))),
            "words": [_tsquery(search) for search in wanted],
            "languages": [search.language for search in wanted],
        }
    found: dict[int, list[Heading]] = {}
    for row in connection.execute(statement, given | {"most": max(search.limit for search in wanted)}):
        heading = Heading(row.slug, row.title, row.language, tuple(row.keywords), row.url)
        found.setdefault(row.at, []).append(heading)
    return {key: tuple(found.get(at, ())) for at, key in enumerate(searches)}


def _fts5(search: Search) -> str:
    """Words of letters and figures alone, each within quotation marks all the same: nothing in them is syntax."""
    words = " OR ".join(f'"{each}"' for each in dict.fromkeys(map(stem, search.words)))
    return words if search.in_text else f"{{heading_words}} : ({words})"


def _tsquery(search: Search) -> str:
    weight = "" if search.in_text else ":A"
    return " | ".join(f"{word}{weight}" for word in search.words)


def stems_of_headings(connection: sa.Connection) -> dict[str, Counter[str]]:
    """By language, in how many titles with their keywords each stem stands, of what is published."""
    found: dict[str, Counter[str]] = {}
    query = sa.select(articles.c.language, articles.c.heading_words).where(articles.c.published)
    has_stems = connection.dialect.name == "sqlite"
    for language, words in connection.execute(query):
        stems = set(words.split() if has_stems else map(stem, words.split()))
        found.setdefault(language, Counter()).update(stems)
    return found


class ArticleStore:
    """The articles as the command line looks at them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def load(self, found: Iterable[Article], *, now: datetime) -> Imported:
        """Make the knowledge base be these articles; what is not among them any more is withdrawn.

        An article that was withdrawn by hand stays so until its file changes.
        """
        added, changed, unchanged = [], [], 0
        with self._database.write() as connection:
            kept = {row.slug: row for row in connection.execute(sa.select(articles))}
            slugs = set()
            for article in found:
                slugs.add(article.slug)
                row, digest = kept.get(article.slug), _digest(article)
                if row is None:
                    number = allocate(connection, articles.c.id, 1)[0]
                    connection.execute(
                        sa.insert(articles),
                        _row(article, digest, now, as_stems=self._database.is_sqlite) | {"id": number},
                    )
                    added.append(article.slug)
                elif row.digest != digest:
                    connection.execute(
                        sa.update(articles)
                        .where(articles.c.id == row.id)
                        .values(_row(article, digest, now, as_stems=self._database.is_sqlite))
                    )
                    changed.append(article.slug)
                else:
                    unchanged += 1
            gone = [slug for slug, row in kept.items() if slug not in slugs and row.digest]
            withdrawn = tuple(slug for slug in gone if kept[slug].published)
            connection.execute(
                sa.update(articles)
                .where(articles.c.slug.in_(gone))
                .values(published=False, digest="", updated_at=now)
            )
            if added or changed or gone:
                renew_desk(connection)
        return Imported(tuple(added), tuple(changed), withdrawn, unchanged)

    def withdraw(self, name: str, *, now: datetime) -> bool:
        """Neither suggest nor find an article any more; whether it was published. Raises NotFound."""
        with self._database.write() as connection:
            kept = _kept(connection, name)
            if not kept.article.published:
                return False
            connection.execute(
                sa.update(articles)
                .where(articles.c.id == kept.number)
                .values(published=False, updated_at=now)
            )
            renew_desk(connection)
            return True

    def all(self) -> Iterator[KeptArticle]:
        """By slug."""
        with self._database.read() as connection:
            yield from map(_article, connection.execute(sa.select(articles).order_by(articles.c.slug)))

    def article(self, name: str) -> KeptArticle:
        """By slug or number; raises NotFound."""
        with self._database.read() as connection:
            return _kept(connection, name)

    def search(self, search: Search) -> tuple[Heading, ...]:
        """What is found of what is published, the best first."""
        with self._database.read() as connection:
            return search_articles(connection, {0: search}).get(0, ())


def _kept(connection: sa.Connection, name: str) -> KeptArticle:
    where = articles.c.slug == name
    if name.isascii() and name.isdigit() and len(name) < 19:
        where |= articles.c.id == int(name)
    row = connection.execute(sa.select(articles).where(where).order_by(articles.c.slug != name)).first()
    if row is None:
        raise NotFound(f"there is no article {name!r}; `gateway articles list` shows them")
    return _article(row)


def _row(article: Article, digest: str, now: datetime, *, as_stems: bool) -> dict[str, Any]:
    def searched(text: str) -> str:
        words = words_in_order(fold_in_place(text))
        return " ".join(map(stem, words) if as_stems else words)

    return {
        "slug": article.slug,
        "title": article.title,
        "language": article.language,
        "keywords": list(article.keywords),
        "body": article.body,
        "published": article.published,
        "url": article.url,
        "digest": digest,
        "heading_words": searched(" ".join((article.title, *article.keywords))),
        "body_words": searched(article.body),
        "updated_at": now,
    }


def _article(row: AnyRow) -> KeptArticle:
    found = Article(row.slug, row.title, row.language, tuple(row.keywords), row.body, row.published, row.url)
    return KeptArticle(row.id, found, row.updated_at)


def _digest(article: Article) -> str:
    return hashlib.sha256(repr(article).encode()).hexdigest()
