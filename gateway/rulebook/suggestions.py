"""rules/suggestions.yaml: which articles a confirmation names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pydantic import Field

from gateway.domain.articles import Heading
from gateway.domain.intent.folding import fold_in_place
from gateway.domain.suggestions import SuggestionRules
from gateway.rulebook.preset import read_rules
from gateway.rulebook.reading_examples import ReadingExample
from gateway.rulebook.source import Strict, Words, read_source, typed

_FILE = "suggestions.yaml"


class SuggestionExample(Strict):
    """Whether a request has an article named to its writer."""

    title: Words
    keywords: list[Words] = Field(default_factory=list)
    language: Words
    request: Words
    request_language: str = ""
    named: bool
    why: Words


class SuggestionsFile(Strict):
    """See `domain.suggestions.SuggestionRules`."""

    why: Words
    at_most: int = Field(ge=0, le=3)
    enough: float = Field(gt=0, le=10)
    title: float = Field(ge=0, le=10)
    title_words: int = Field(ge=1, le=20)
    keyword: float = Field(ge=0, le=10)
    keywords: int = Field(ge=0, le=20)
    candidates: int = Field(ge=1, le=50)
    words: int = Field(ge=1, le=64)
    chars: int = Field(ge=100, le=20_000)
    ignored: dict[str, Words]
    examples: list[SuggestionExample] = Field(default_factory=list)


class FrequentWords(Strict):
    """What is used here of reading/languages.yaml."""

    why: Words
    words: dict[str, Words]


def load_suggestions(folder: Path, preset: str = "") -> SuggestionRules:
    """The rules as typed values.

    Raises:
        ConfigurationError: with file, line and reason for the first thing that is wrong.
    """
    read = typed(read_rules(folder, _FILE, preset), SuggestionsFile)
    frequent = typed(read_source(folder / "reading" / "languages.yaml"), FrequentWords).words
    texts = [*read.ignored.values(), *(frequent[name] for name in read.ignored if name in frequent)]
    return SuggestionRules(
        at_most=read.at_most,
        enough=read.enough,
        title=read.title,
        title_words=read.title_words,
        keyword=read.keyword,
        keywords=read.keywords,
        candidates=read.candidates,
        words=read.words,
        chars=read.chars,
        ignored=frozenset(fold_in_place(" ".join(texts)).decode("ascii").split()),
    )


def run_suggestion_examples(folder: Path, preset: str = "") -> Iterator[ReadingExample]:
    """Run the examples; of a preset only where it has the file."""
    if preset and not (folder / "presets" / preset / _FILE).is_file():
        return
    rules = load_suggestions(folder, preset)
    for each in typed(read_rules(folder, _FILE, preset), SuggestionsFile).examples:
        heading = Heading("example", each.title, each.language, tuple(each.keywords), "")
        found = rules.judged([heading], "", each.request, each.request_language or each.language)
        yield ReadingExample(
            _FILE,
            f"{each.title}: {each.request}",
            "named" if each.named else "not named",
            "named" if found else "not named",
        )
