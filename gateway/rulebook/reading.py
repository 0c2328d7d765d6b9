"""The words by which mail is read, from `rules/reading/*.yaml` and `rules/bounces.yaml`, compiled."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from gateway.domain.reading.attribution import VERB_END
from gateway.domain.reading.folding import fold
from gateway.domain.reading.phrases import PhraseSet
from gateway.domain.reading.signatures import FORMAL_OPENERS, WORD_MARKS
from gateway.domain.reading.tables import (
    AutomaticTables,
    BounceReason,
    BounceTables,
    LanguageTables,
    QuoteTables,
    ReadingTables,
    SignatureTables,
)
from gateway.errors import ConfigurationError
from gateway.rulebook.alerts import load_alert_tables
from gateway.rulebook.diagnostics import load_diagnostics
from gateway.rulebook.intent import load_intent_tables
from gateway.rulebook.source import read_source

_Table = TypeVar("_Table")


def load_reading_tables(folder: Path, preset: str = "") -> ReadingTables:
    """Read and compile all of them, with what the preset lays over the words that ask for something.

    Raises:
        ConfigurationError: a file is missing, or is not what it should be.
    """
    reading = folder / "reading"
    return ReadingTables(
        quotes=_compiled(reading / "quotes.yaml", _quotes),
        signatures=_compiled(reading / "signatures.yaml", _signatures),
        automatic=_compiled(reading / "automatic.yaml", _automatic),
        bounces=_compiled(folder / "bounces.yaml", _bounces),
        languages=_compiled(reading / "languages.yaml", _languages),
        intent=load_intent_tables(folder, preset),
        diagnostics=load_diagnostics(folder, preset),
        alerts=load_alert_tables(folder, preset),
    )


def _compiled(path: Path, compile_one: Callable[[dict[str, Any]], _Table]) -> _Table:
    try:
        return compile_one(read_rules(path))
    except KeyError as error:
        raise ConfigurationError(f"{error.args[0]!r} is missing", file=path) from error
    except (TypeError, AttributeError, ValueError) as error:
        raise ConfigurationError(
            f"a list or a mapping is expected where there is none: {error}", file=path
        ) from error


def read_rules(path: Path) -> dict[str, Any]:
    """The content of one file of rules, every scalar a string.

    Raises:
        ConfigurationError: it is missing, no YAML, or no mapping at the top.
    """
    source = read_source(path)
    if not isinstance(source.content, dict):
        raise source.refuse((), "must be a mapping at the top")
    return source.content


def _quotes(content: dict[str, Any]) -> QuoteTables:
    labels: dict[str, str] = {}
    for role, lists in content["header_labels"].items():
        for label in (label for group in lists for label in group):
            labels.setdefault(str(label).casefold(), role)
            labels.setdefault(fold(str(label)), role)
    return QuoteTables(
        verbs=PhraseSet(_flat(content["attribution_verbs"])),
        verb_ends=frozenset(verb.casefold()[-VERB_END:] for verb in _flat(content["attribution_verbs"])),
        starters=frozenset(_folded(content["attribution_starters"])),
        spoilers=PhraseSet(_flat(content["attribution_spoilers"])),
        originals=frozenset(_folded(content["original_separators"])),
        forwards=frozenset(_folded(content["forward_separators"])),
        labels=MappingProxyType(labels),
        reply_prefixes=frozenset(fold(str(one)) for one in content["reply_prefixes"]),
        forward_prefixes=frozenset(fold(str(one)) for one in content["forward_prefixes"]),
        forward_prefixes_by_label=MappingProxyType(dict(content["forward_prefixes_by_label"])),
    )


def _signatures(content: dict[str, Any]) -> SignatureTables:
    beginnings = [
        *_flat(content["sign_offs"]),
        *_strings(content["mobile"]),
        *_strings(content["disclaimers"]),
    ]
    openers = {form for one in beginnings for form in (_first_word(one), fold(_first_word(one))) if form}
    return SignatureTables(
        openers=frozenset(openers | FORMAL_OPENERS),
        sign_offs=frozenset(_folded(content["sign_offs"])),
        mobile=PhraseSet(_strings(content["mobile"])),
        disclaimers=PhraseSet(_strings(content["disclaimers"])),
        answer_above=tuple(fold(str(one)) for one in content["answer_above"]),
    )


def _automatic(content: dict[str, Any]) -> AutomaticTables:
    def words(name: str) -> PhraseSet:
        return PhraseSet(_flat(content[name]))

    return AutomaticTables(
        absence_subjects=words("absence_subjects"),
        acknowledgement_subjects=words("acknowledgement_subjects"),
        challenge_subjects=words("challenge_subjects"),
        receipt_subjects=words("receipt_subjects"),
        receipt_openings=words("receipt_openings"),
        absence_openings=words("absence_openings"),
        absence_seconds=words("absence_seconds"),
        acknowledgement_openings=words("acknowledgement_openings"),
        challenge_openings=words("challenge_openings"),
        return_words=PhraseSet(_strings(content["return_words"])),
        until_words=PhraseSet(_strings(content["until_words"])),
        months=MappingProxyType(
            {fold(str(name)): int(number) for number, names in content["months"].items() for name in names}
        ),
    )


def _bounces(content: dict[str, Any]) -> BounceTables:
    reasons = tuple(
        BounceReason(
            id=str(row["id"]),
            statuses=frozenset(str(status) for status in row["statuses"]),
            words=PhraseSet(_strings(row["words"])),
            without_status=str(row["without_status"]),
        )
        for row in content["reasons"]
    )
    return BounceTables(
        reasons=reasons,
        senders=PhraseSet(_strings(content["senders"])),
        subjects=PhraseSet(_strings(content["subjects"])),
        delay_subjects=PhraseSet(_strings(content["delay_subjects"])),
        openings=PhraseSet(_strings(content["openings"])),
        delay_openings=PhraseSet(_strings(content["delay_openings"])),
        original_marks=PhraseSet(_strings(content["original_marks"])),
    )


def _languages(content: dict[str, Any]) -> LanguageTables:
    users: dict[str, list[str]] = {}
    for language, words in content["words"].items():
        for word in dict.fromkeys(str(words).casefold().split()):
            users.setdefault(word, []).append(str(language))
    weights = {
        word: tuple((language, 1.0 / len(languages) ** 1.5) for language in languages)
        for word, languages in users.items()
    }
    return LanguageTables(words=MappingProxyType(weights))


def _flat(lists: dict[str, list[str]]) -> Iterator[str]:
    return (str(one) for group in lists.values() for one in group)


def _first_word(phrase: str) -> str:
    return (
        next(iter(phrase.casefold().split()), "").strip(WORD_MARKS).split("'")[0].split("’")[0].split("-")[0]
    )


def _strings(values: Iterable[object]) -> Iterator[str]:
    return map(str, values)


def _folded(lists: dict[str, list[str]]) -> Iterator[str]:
    return (folded for folded in map(fold, _flat(lists)) if folded)
