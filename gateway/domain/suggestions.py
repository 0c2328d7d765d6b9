"""Which of the articles that a search has found match a request well enough to be named to its writer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from gateway.domain.articles import Heading, Search, stem, telling_words
from gateway.domain.first_answer import SuggestedArticle

_TYPED_WORDS = 24
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class SuggestionRules:
    """What rules/suggestions.yaml says.

    Attributes:
        at_most: how many are named.
        enough: the score from which an article is named.
        title: what it counts that all of a title's words are in the request; a part of them counts in proportion.
        title_words: a shorter title counts as one of so many words.
        keyword: what each keyword in the request counts.
        keywords: how many of them count.
        candidates: how many articles the search hands over to be judged.
        words: of a request by which is searched, those that stand in the fewest headings.
        chars: of a request's text that are looked at.
        ignored: folded words that say nothing of what a request is about.
    """

    at_most: int
    enough: float
    title: float
    title_words: int
    keyword: float
    keywords: int
    candidates: int
    words: int
    chars: int
    ignored: frozenset[str]

    def search(
        self, subject: str, text: str, language: str, headings: Sequence[Mapping[str, int]]
    ) -> Search | None:
        """By what articles for a request are looked for; None where none of its words stands in a heading.

        Args:
            headings: in how many headings each stem stands, for each language that is searched.
        """
        rarity: dict[str, int] = {}
        words: dict[str, str] = {}
        for word in self._words(subject, text):
            if (key := stem(word)) not in words:
                words[key] = word
                rarity[key] = sum(known.get(key, 0) for known in headings)
        rarest = sorted((key for key in words if rarity[key]), key=rarity.__getitem__)[: self.words]
        return Search(tuple(words[key] for key in rarest), language, self.candidates) if rarest else None

    def search_all(self, text: str, language: str) -> Search | None:
        """By what articles are looked for in all that they say; None where there is no word to look for."""
        words = tuple(dict.fromkeys(self._words("", text)))[:_TYPED_WORDS]
        return Search(words, language, _SHOWN, in_text=True) if words else None

    def judged(
        self, found: Iterable[Heading], subject: str, text: str, language: str
    ) -> tuple[SuggestedArticle, ...]:
        """The articles in `language` that match well, the best first.

        Args:
            found: by the search, its best first; of articles with one score these come first.
        """
        stems = [stem(word) for word in self._words(subject, text)]
        scored = [(self._score(each, stems), each) for each in found if each.language == language]
        well = sorted((each for each in scored if each[0] >= self.enough), key=lambda each: -each[0])
        return tuple(
            SuggestedArticle(each.slug, each.title, each.url, score) for score, each in well[: self.at_most]
        )

    def _words(self, subject: str, text: str) -> list[str]:
        return telling_words(f"{subject}\n{text[: self.chars]}", self.ignored)

    def score(self, article: Heading, subject: str, text: str) -> float:
        """How well an article matches a request."""
        return self._score(article, [stem(word) for word in self._words(subject, text)])

    def _score(self, article: Heading, stems: Sequence[str]) -> float:
        title, keywords = _stems_of(article, self.ignored)
        share = len(title.intersection(stems)) / max(len(title), self.title_words)
        said = f" {' '.join(stems)} "
        met = sum(f" {phrase} " in said for phrase in keywords)
        return round(self.title * share + self.keyword * min(met, self.keywords), 3)


@lru_cache(maxsize=4096)
def _stems_of(article: Heading, ignored: frozenset[str]) -> tuple[frozenset[str], frozenset[str]]:
    """The stems of an article's title, and its keywords as stems that follow each other."""
    title = frozenset(stem(word) for word in telling_words(article.title, ignored))
    phrases = (" ".join(map(stem, telling_words(keyword, ignored))) for keyword in article.keywords)
    return title, frozenset(filter(None, phrases))
