"""Articles of the knowledge base, and the words by which they are looked for."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from gateway.domain.intent.folding import fold_in_place, words_in_order

_SHORTEST_STEM = 4
# Endings of French and English words, the longest first; what is left of two forms of a word is the same.
_ENDINGS = tuple(
    sorted(
        [
            "issements", "issement", "ements", "ement", "ations", "ation", "ateurs", "ateur", "ites", "ite",
            "euses", "euse", "eurs", "eur", "antes", "ante", "ants", "ant", "ages", "age", "ees", "ee", "es",
            "er", "ez", "ent", "ait", "ions", "ion", "ons", "ings", "ing", "ed", "s", "x", "e",
        ],
        key=len,
        reverse=True,
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Article:
    """An article as its file says it.

    Attributes:
        slug: its name, by which it stays the same article when its text changes.
        keywords: words and phrases that its readers use.
        body: Markdown.
        published: whether it is suggested and found.
        url: where it can be read, or empty.
    """

    slug: str
    title: str
    language: str
    keywords: tuple[str, ...]
    body: str
    published: bool
    url: str


@dataclass(frozen=True, slots=True)
class KeptArticle:
    """An article with its number, and when it was last changed."""

    number: int
    article: Article
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Heading:
    """What is looked at of an article that a search has found."""

    slug: str
    title: str
    language: str
    keywords: tuple[str, ...]
    url: str


@dataclass(frozen=True, slots=True)
class Search:
    """What articles are looked for by.

    Attributes:
        words: folded, each once, the most telling first; at most as many as the rules say.
        language: of the articles, or empty for any.
        limit: how many are wanted.
        in_text: whether the articles' texts are searched too, not their titles and keywords alone.
    """

    words: tuple[str, ...]
    language: str
    limit: int
    in_text: bool = False


def telling_words(text: str, ignored: Collection[str]) -> list[str]:
    """The words of `text`, folded, in order, without those that say nothing and single letters."""
    words = words_in_order(fold_in_place(text))
    return [word for word in words if 1 < len(word) <= 40 and word not in ignored]


@lru_cache(maxsize=8192)
def stem(word: str) -> str:
    """A folded word without its ending, so that singular and plural, and forms of a verb, are one."""
    if word.isalpha():
        for ending in _ENDINGS:
            if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM:
                return word[: -len(ending)]
    return word
