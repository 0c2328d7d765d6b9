"""`gateway articles …`: the knowledge base, whose articles confirmations suggest."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli.context import CONTEXT
from gateway.cli.output import instant, print_json, print_table
from gateway.domain.articles import KeptArticle

if TYPE_CHECKING:
    from gateway.storage.articles import ArticleStore

app = typer.Typer(no_args_is_help=True, help="The knowledge base, whose articles confirmations suggest.")

Json = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]
Name = Annotated[str, typer.Argument(metavar="ARTICLE", help="An article's slug or number.")]


def _store() -> ArticleStore:
    from gateway.storage.articles import ArticleStore

    return ArticleStore(CONTEXT.gateway.database)


@app.command("import")
def import_(
    folder: Annotated[Path, typer.Argument(help="A folder of Markdown files, with the folders in it.")],
    *,
    as_json: Json = False,
) -> None:
    """Make the knowledge base be what a folder holds; idempotent.

    An article is a file NAME.md that begins with a front matter in YAML, between two lines of ---: title and
    language (fr, en), and if wanted keywords (a list), url, slug (else the file's name) and published (yes, no).
    README.md and hidden files are left out. New and changed articles are taken, those whose file is gone are
    withdrawn. When one file is wrong, nothing is imported.
    """
    from gateway.rulebook.article_files import read_articles

    done = _store().load(read_articles(folder), now=CONTEXT.gateway.clock.now())
    if as_json:
        print_json(
            {
                "added": list(done.added),
                "changed": list(done.changed),
                "withdrawn": list(done.withdrawn),
                "unchanged": done.unchanged,
            }
        )
        return
    for word, slugs in (("added", done.added), ("changed", done.changed), ("withdrawn", done.withdrawn)):
        for slug in slugs:
            print(f"{word}: {slug}")
    print(
        f"{len(done.added)} added, {len(done.changed)} changed, {len(done.withdrawn)} withdrawn, "
        f"{done.unchanged} unchanged."
    )


@app.command("list")
def list_(*, as_json: Json = False) -> None:
    """List the articles, by slug."""
    found = _store().all()
    if as_json:
        for each in found:
            print_json(_object(each))
        return
    rows = (
        (
            each.number,
            each.article.slug,
            each.article.language,
            "yes" if each.article.published else "no",
            each.article.title,
            each.article.url,
        )
        for each in found
    )
    print_table(
        ("number", "slug", "language", "published", "title", "url"), rows, empty="There is no article yet."
    )


@app.command()
def show(name: Name, *, as_json: Json = False) -> None:
    """Show an article with its text."""
    found = _store().article(name)
    if as_json:
        print_json(_object(found) | {"body": found.article.body})
        return
    for key, value in _object(found).items():
        shown = ", ".join(value) if isinstance(value, list) else value
        print(f"{key}: {'-' if shown in (None, '') else shown}")
    print(f"\n{found.article.body}")


@app.command()
def search(
    text: Annotated[
        str, typer.Argument(help="Words to look for; in a confirmation these are the request's.")
    ],
    language: Annotated[str, typer.Option(help="Only articles in this language: fr, en.")] = "",
    *,
    as_json: Json = False,
) -> None:
    """Search what is published: the best first, each with its score and whether a confirmation would name it."""
    gateway = CONTEXT.gateway
    rules = gateway.policy.suggestions
    wanted = rules.search_all(text, language)
    found = _store().search(wanted) if wanted is not None else ()
    rows = [(rules.score(each, "", text), each) for each in found]
    rows.sort(key=lambda row: -row[0])
    if as_json:
        for score, each in rows:
            print_json(
                {
                    "slug": each.slug,
                    "title": each.title,
                    "language": each.language,
                    "url": each.url or None,
                    "score": score,
                    "named": score >= rules.enough,
                }
            )
        return
    shown = (
        (f"{score:.2f}", "yes" if score >= rules.enough else "no", each.language, each.slug, each.title)
        for score, each in rows
    )
    print_table(("score", "named", "language", "slug", "title"), shown, empty="Nothing was found.")


@app.command()
def withdraw(name: Name) -> None:
    """Neither suggest nor find an article any more, until its file changes and is imported again."""
    gateway = CONTEXT.gateway
    was_published = _store().withdraw(name, now=gateway.clock.now())
    print("Withdrawn." if was_published else "It was not published.")


def _object(kept: KeptArticle) -> dict[str, Any]:
    article = kept.article
    return {
        "number": kept.number,
        "slug": article.slug,
        "title": article.title,
        "language": article.language,
        "keywords": list(article.keywords),
        "published": article.published,
        "url": article.url or None,
        "updated_at": instant(kept.updated_at),
    }
