"""What the confirmation of a new ticket says beside its recap."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class SuggestedArticle:
    """An article of the knowledge base that may help.

    Attributes:
        slug: its name.
        url: where it can be read, or empty.
        score: how well it matches, from 0 on; see rules/suggestions.yaml.
    """

    slug: str
    title: str
    url: str
    score: float


@dataclass(frozen=True, slots=True)
class NamedAlert:
    """An open service alert that the request is about, in the requester's language.

    Attributes:
        text: what is known, as it was said last.
        since: when it was opened.
        updated_at: when the text was said.
    """

    number: int
    title: str
    text: str
    since: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class FirstAnswer:
    """What is asked, suggested and named.

    Attributes:
        missing: ids of the details that the request does not give, in the order of rules/diagnostics.yaml.
        articles: the best first, at most three.
    """

    missing: tuple[str, ...] = ()
    articles: tuple[SuggestedArticle, ...] = ()
    alerts: tuple[NamedAlert, ...] = ()


RECAP_ALONE = FirstAnswer()
"""Nothing is asked, suggested or named."""
