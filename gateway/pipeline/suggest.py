"""Articles for a new request: what is searched for its batch, and which of what was found are named."""

from __future__ import annotations

from gateway.domain.articles import Heading, Search
from gateway.domain.classification import Classified, Kind
from gateway.domain.desk import Desk
from gateway.domain.first_answer import SuggestedArticle
from gateway.domain.suggestions import SuggestionRules


def search_for(classified: Classified, desk: Desk, rules: SuggestionRules) -> Search | None:
    """By what articles are looked for; None for a mail whose writer will not be sent any."""
    if not rules.at_most or classified.kind is not Kind.PERSON or not classified.answerable:
        return None
    language = classified.language or ""
    # Where the language cannot be told, the author's own is known only later.
    headings = [desk.articles.get(language, {})] if language else list(desk.articles.values())
    return rules.search(classified.mail.subject, request_text(classified), language, headings)


def suggest(
    classified: Classified, found: tuple[Heading, ...], language: str, rules: SuggestionRules
) -> tuple[SuggestedArticle, ...]:
    """The articles to name to the writer, in the language of the confirmation."""
    if not found:
        return ()
    return rules.judged(found, classified.mail.subject, request_text(classified), language)


def request_text(classified: Classified) -> str:
    """What the request is about: the new text, else all of it."""
    return classified.zones.reply or classified.mail.text
