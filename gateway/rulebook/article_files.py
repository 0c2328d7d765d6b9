"""A folder of articles: Markdown files, each with a front matter of YAML between two lines of `---`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

from pydantic import Field, StringConstraints

from gateway.domain.articles import Article
from gateway.errors import ConfigurationError
from gateway.rulebook.source import Strict, Words, known, parse_source, read_text, typed
from gateway.rulebook.terms import LANGUAGES

_FENCE = "---"
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,79}")
Link = Annotated[str, StringConstraints(pattern=r"^(https?://[^\s<>\"]+)?$", max_length=500)]
Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class FrontMatter(Strict):
    """What stands before an article's text; see `domain.articles.Article`."""

    slug: str = ""
    title: Title
    language: str
    keywords: list[Words] = Field(default_factory=list, max_length=50)
    url: Link = ""
    published: bool = True


def read_articles(folder: Path) -> list[Article]:
    """All `*.md` files of a folder and the folders in it, but hidden ones and README.md; by slug.

    Raises:
        ConfigurationError: with file, line and reason for the first thing that is wrong.
    """
    if not folder.is_dir():
        raise ConfigurationError("there is no such folder of articles", file=folder)
    files = [
        path
        for path in sorted(folder.rglob("*.md"))
        if path.is_file()
        and path.name != "README.md"
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    ]
    if not files:
        raise ConfigurationError("has no article; an article is a file NAME.md", file=folder)
    found: dict[str, tuple[Path, Article]] = {}
    for path in files:
        article, line = _read(path)
        if article.slug in found:
            first = found[article.slug][0]
            raise ConfigurationError(
                f"the slug {article.slug!r} is that of {first} already", file=path, line=line
            )
        found[article.slug] = (path, article)
    return [article for _, article in found.values()]


def _read(path: Path) -> tuple[Article, int]:
    """An article, and the line of what gives it its slug."""
    lines = read_text(path).removeprefix("\ufeff").split("\n")
    if lines[0].rstrip() != _FENCE:
        raise ConfigurationError("must begin with a line ---, and a front matter below it", file=path, line=1)
    end = next((at for at, line in enumerate(lines[1:], 1) if line.rstrip() == _FENCE), None)
    if end is None:
        raise ConfigurationError("the front matter is not closed by a line ---", file=path, line=len(lines))
    # The empty line stands for the fence, so that the lines of the front matter are those of the file.
    source = parse_source(path, "\n".join(["", *lines[1:end]]))
    head = typed(source, FrontMatter)
    known(source, ("language",), head.language, list(LANGUAGES), "language")
    body = "\n".join(lines[end + 1 :]).strip()
    if not body:
        raise ConfigurationError("has no text below its front matter", file=path, line=end + 1)
    slug = head.slug or path.stem
    if not _SLUG.fullmatch(slug):
        raise ConfigurationError(
            f"{slug!r} is no slug, which has lower-case letters, figures and hyphens; give it one by `slug:`",
            file=path,
            line=source.line(("slug",)),
        )
    article = Article(
        slug=slug,
        title=" ".join(head.title.split()),
        language=head.language,
        keywords=tuple(dict.fromkeys(" ".join(each.split()) for each in head.keywords)),
        body=body,
        published=head.published,
        url=head.url,
    )
    return article, source.line(("slug",))
