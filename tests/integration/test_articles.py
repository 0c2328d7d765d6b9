"""The knowledge base on both engines: what an import does, what a search finds, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.domain.articles import Article, Search
from gateway.errors import ConfigurationError, NotFound
from gateway.rulebook.article_files import read_articles
from gateway.rulebook.folder import rules_folder
from gateway.rulebook.suggestions import load_suggestions
from gateway.storage.articles import ArticleStore, search_articles, stems_of_headings
from gateway.storage.database import Database
from gateway.storage.upgrade import upgrade

NOW = datetime(2026, 11, 26, 9, tzinfo=UTC)
RULES = load_suggestions(rules_folder(""))

PAYROLL = """\
---
title: Le module Paie ne démarre plus
language: fr
keywords: [paie bloquée, licence introuvable]
url: https://aide.example.test/paie
---
Vérifiez d'abord la licence, puis redémarrez le poste.
"""
PASSWORD = """\
---
slug: password
title: Reset your password
language: en
keywords:
  - forgotten password
---
Click on "Forgotten?" on the sign-in page.
"""


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    url = f"sqlite:///{tmp_path}/gateway.db"
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_url")
    made = Database(url)
    upgrade(made)
    yield made
    made.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "articles"
    (made / "fr").mkdir(parents=True)
    (made / "fr" / "paie.md").write_text(PAYROLL, encoding="utf-8")
    (made / "password.md").write_text(PASSWORD, encoding="utf-8")
    (made / "README.md").write_text("No article.", encoding="utf-8")
    return made


def found(database: Database, text: str, language: str = "") -> list[str]:
    wanted = RULES.search_all(text, language)
    assert wanted is not None
    return [each.slug for each in ArticleStore(database).search(wanted)]


def test_an_import_is_idempotent_and_says_what_it_has_done(database: Database, folder: Path) -> None:
    store = ArticleStore(database)

    first = store.load(read_articles(folder), now=NOW)
    again = store.load(read_articles(folder), now=NOW)
    (folder / "password.md").write_text(PASSWORD.replace("Reset", "Change"), encoding="utf-8")
    (folder / "fr" / "paie.md").unlink()
    last = store.load(read_articles(folder), now=NOW)

    assert (set(first.added), first.changed, first.withdrawn) == ({"paie", "password"}, (), ())
    assert (again.added, again.changed, again.withdrawn, again.unchanged) == ((), (), (), 2)
    assert (last.added, last.changed, last.withdrawn, last.unchanged) == ((), ("password",), ("paie",), 0)
    assert store.article("password").article.title == "Change your password"
    with database.read() as connection:
        assert set(stems_of_headings(connection)) == {"en"}


def test_what_was_withdrawn_by_hand_stays_so_until_its_file_changes(database: Database, folder: Path) -> None:
    store = ArticleStore(database)
    store.load(read_articles(folder), now=NOW)

    assert store.withdraw(str(store.article("paie").number), now=NOW)
    assert not store.withdraw("paie", now=NOW)
    assert store.load(read_articles(folder), now=NOW).unchanged == 2
    assert found(database, "module paie") == []
    (folder / "fr" / "paie.md").write_text(PAYROLL.replace("poste", "serveur"), encoding="utf-8")
    assert store.load(read_articles(folder), now=NOW).changed == ("paie",)
    assert found(database, "module paie") == ["paie"]
    with pytest.raises(NotFound, match="there is no article 'none'"):
        store.withdraw("none", now=NOW)


def test_what_is_gone_and_comes_back_is_published_again(database: Database, folder: Path) -> None:
    store = ArticleStore(database)
    store.load(read_articles(folder), now=NOW)
    (folder / "fr" / "paie.md").unlink()
    store.load(read_articles(folder), now=NOW)
    (folder / "fr" / "paie.md").write_text(PAYROLL, encoding="utf-8")

    assert store.load(read_articles(folder), now=NOW).changed == ("paie",)
    assert found(database, "module paie") == ["paie"]


@pytest.mark.parametrize(
    ("text", "slugs"),
    [
        ("Le module paie ne demarre pas", ["paie"]),
        ("LES MODULES PAIE NE DÉMARRENT PLUS", ["paie"]),
        ("la licence est introuvable", ["paie"]),
        ("vérifier les licences", ["paie"]),
        ("I have forgotten my passwords", ["password"]),
        ("signing in", ["password"]),
        ("rien de tel", []),
    ],
)
def test_words_are_found_whatever_their_accents_and_endings(
    text: str, slugs: list[str], database: Database, folder: Path
) -> None:
    ArticleStore(database).load(read_articles(folder), now=NOW)

    assert found(database, text) == slugs


def test_only_the_wanted_language_is_found(database: Database, folder: Path) -> None:
    ArticleStore(database).load(read_articles(folder), now=NOW)

    assert found(database, "module paie, password", "fr") == ["paie"]
    assert found(database, "module paie, password", "en") == ["password"]
    assert set(found(database, "module paie, password")) == {"paie", "password"}


@pytest.mark.parametrize(
    "text",
    [
        'paie" OR heading_words:*', "paie) NEAR(licence", "paie AND NOT", "^paie*", "{paie}", "paie'; DROP TABLE articles",
        "paie & !licence | (", "paie:*<->", "\x00paie\ud800 :words0 %s \\", "- paie", "NEAR AND OR NOT paie", "paie -- /* */",
    ],
)  # fmt: skip
def test_no_syntax_of_a_search_engine_can_be_written(text: str, database: Database, folder: Path) -> None:
    ArticleStore(database).load(read_articles(folder), now=NOW)

    assert found(database, text) == ["paie"]


def test_the_title_comes_before_the_text(database: Database) -> None:
    def article(slug: str, title: str, body: str) -> Article:
        return Article(slug, title, "en", (), body, published=True, url="")

    store = ArticleStore(database)
    store.load(
        [
            article("body", "Other things", "The printer is mentioned here, the printer again. " * 3),
            article("title", "The printer", "Nothing else of it. " * 30),
            *(article(f"more-{number}", "More", "Words without it.") for number in range(20)),
        ],
        now=NOW,
    )

    assert found(database, "printer") == ["title", "body"]


def test_a_suggestion_is_searched_by_the_rarest_words_of_headings(database: Database, folder: Path) -> None:
    ArticleStore(database).load(read_articles(folder), now=NOW)
    with database.read() as connection:
        headings = stems_of_headings(connection)

        french = RULES.search(
            "Paie", "Les modules ne démarrent plus, le poste clignote", "fr", [headings["fr"]]
        )
        nothing = RULES.search("Poste", "Une licence de plus pour le serveur", "en", [headings["en"]])
        assert french is not None
        results = search_articles(connection, {7: french})

    assert (set(french.words), nothing) == ({"paie", "modules", "demarrent"}, None)
    assert [each.slug for each in results[7]] == ["paie"]


def test_a_batch_is_one_statement(database: Database, folder: Path) -> None:
    ArticleStore(database).load(read_articles(folder), now=NOW)
    statements: list[str] = []
    searches = {
        number: Search((word,), "", 8) for number, word in enumerate(["paie", "password", "nothing"] * 20)
    }

    with database.read() as connection:
        import sqlalchemy as sa

        sa.event.listen(connection, "before_cursor_execute", lambda *given: statements.append(given[2]))
        results = search_articles(connection, searches)

    assert len(statements) == 1
    assert [[each.slug for each in results[number]] for number in range(3)] == [["paie"], ["password"], []]
    assert len(results) == 60


@pytest.mark.parametrize(
    ("name", "text", "line", "reason"),
    [
        ("a.md", "# No front matter\n", 1, "must begin with a line ---"),
        ("a.md", "---\ntitle: T\nlanguage: fr\n", 4, "is not closed by a line ---"),
        (
            "a.md",
            "---\ntitle: T\nlangage: fr\n---\nx\n",
            3,
            "there is no key 'langage'; did you mean 'language'?",
        ),
        ("a.md", "---\ntitle: T\nlanguage: de\n---\nx\n", 3, "there is no language 'de'"),
        ("a.md", "---\ntitle: [\nlanguage: fr\n---\nx\n", 4, "is not YAML"),
        ("a.md", "---\nlanguage: fr\n---\nx\n", 2, "'title' is missing"),
        ("a.md", "---\ntitle: T\nlanguage: fr\nurl: javascript:x\n---\nx\n", 4, "'url'"),
        ("a.md", "---\ntitle: T\nlanguage: fr\npublished: perhaps\n---\nx\n", 4, "'published'"),
        ("a.md", "---\ntitle: T\nlanguage: fr\n---\n\n", 4, "has no text"),
        ("A b.md", "---\ntitle: T\nlanguage: fr\n---\nx\n", 2, "is no slug"),
        ("a.md", "---\ntitle: T\nlanguage: fr\nslug: password\n---\nx\n", 1, "is that of"),
        ("a.md", b"---\ntitle: caf\xe9\n---\nx\n", 2, "is not UTF-8"),
    ],
)
def test_a_wrong_file_is_named_with_its_line_and_nothing_is_imported(
    name: str, text: str | bytes, line: int, reason: str, folder: Path
) -> None:
    wrong = folder / name
    wrong.write_bytes(text if isinstance(text, bytes) else text.encode())

    with pytest.raises(ConfigurationError) as refused:
        read_articles(folder)

    assert reason in str(refused.value)
    if "that of" not in reason:
        assert f"{wrong}:{line}" in str(refused.value)


def test_a_folder_that_is_not_there_or_empty_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="there is no such folder of articles"):
        read_articles(tmp_path / "nowhere")
    with pytest.raises(ConfigurationError, match="has no article"):
        read_articles(tmp_path)
