"""Words that the rules define, with their labels in every language that the desk speaks."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.domain.term import Term
from gateway.rulebook.policy_files import TermEntry
from gateway.rulebook.source import Place, Source

LANGUAGES = ("en", "fr")


def read_terms(source: Source, key: str, read: Sequence[TermEntry]) -> dict[str, Term]:
    """The entries at `key` by their ids; raises ConfigurationError for a missing language or a double."""
    terms: dict[str, Term] = {}
    for number, each in enumerate(read):
        place = (key, number)
        check_languages(source, (*place, "label"), each.label)
        if each.meaning:
            check_languages(source, (*place, "meaning"), each.meaning)
        if each.id in terms:
            raise source.refuse((*place, "id"), f"{each.id!r} is there twice")
        terms[each.id] = Term(each.id, each.label, each.meaning)
    return terms


def check_languages(source: Source, place: Place, texts: dict[str, str]) -> None:
    """Return when a text is there in every language; raises ConfigurationError."""
    for language in LANGUAGES:
        if language not in texts:
            raise source.refuse(place, f"the {place[-1]} in {language!r} is missing")
