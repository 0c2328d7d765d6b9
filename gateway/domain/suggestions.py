"""Which of the articles that a search has found match a request well enough to be named to its writer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gateway.domain.articles import Heading, Search, stem, telling_words
from gateway.domain.first_answer import SuggestedArticle


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
        words: of a request by which is searched.
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

    def search(self, subject: str, text: str, language: str, *, in_text: bool = False) -> Search | None:
        """By what articles for a request are looked for; None where it has no word to look for."""
        found = self._words(subject, text)
        words = tuple(dict.fromkeys(found))[: self.words]
        return Search(words, language, self.candidates, in_text) if words else None

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
        known = frozenset(stems)
        title = {stem(word) for word in telling_words(article.title, self.ignored)}
        share = len(title & known) / max(len(title), self.title_words)
        said = f" {' '.join(stems)} "
        keywords = {
            phrase
            for keyword in article.keywords
            if (phrase := " ".join(map(stem, telling_words(keyword, self.ignored)))) and f" {phrase} " in said
        }
        return round(self.title * share + self.keyword * min(len(keywords), self.keywords), 3)
