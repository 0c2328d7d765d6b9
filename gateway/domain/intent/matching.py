"""The rules' words in the text of one zone, each hit with the operator that sets it aside, if one does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TypeAlias

from gateway.domain.intent.folding import fold_in_place, without_addresses, words_of
from gateway.domain.intent.patterns import Pattern
from gateway.domain.intent.quantities import Quantities, quantities_of
from gateway.domain.intent.sentences import Sentence, sentences
from gateway.domain.intent.tables import IntentTables, Operator, Reach, Rule, Sense

_Candidates: TypeAlias = dict[str, list[tuple[int, Pattern]]]

MAX_CHARS = 64 * 1024
"""Of one zone; what people ask for stands before that."""
_MAX_MATCHES = 200
_MAX_IN_SENTENCE = 12
_DETAILS = frozenset((Sense.REASON, Sense.IMPACT, Sense.SINCE, Sense.HOW_MANY))
_NO_OPERATOR = "not_asked"
_IN_QUOTATION_MARKS = "quoted"


@dataclass(frozen=True, slots=True)
class Match:
    """Words of a zone that a rule met; `operator` is empty where they count."""

    rule: Rule
    start: int
    end: int
    operator: str


@dataclass(frozen=True, slots=True)
class _Found:
    rule: Rule
    start: int
    end: int


def read_zone(text: str, tables: IntentTables) -> tuple[list[Match], list[Sentence]]:
    """What the rules meet in `text`, and its sentences; nothing and none when it has none of their words."""
    folded = fold_in_place(text[:MAX_CHARS])
    words = words_of(folded)
    corrections = tables.speller.corrections(words)
    words.update(corrections.values())
    candidates = _candidates(words, tables)
    if not candidates:
        return [], []
    told = list(sentences(text, without_addresses(folded.decode("ascii")), corrections))
    matches: list[Match] = []
    known: dict[str, list[_Found]] = {}
    for at, sentence in enumerate(told):
        if len(matches) >= _MAX_MATCHES:
            break
        found = known.get(sentence.text)
        if found is None:
            found = known[sentence.text] = _longest(_found(sentence, candidates, tables))
        if found:
            matches.extend(_judged(found, told, at, sentence, tables))
    return matches, told


def details_said(told: list[Sentence], tables: IntentTables) -> set[Sense]:
    """Which of reason, impact, since when and how many the sentences tell."""
    said: set[Sense] = set()
    for rule in tables.rules:
        if rule.sense not in _DETAILS or rule.sense in said:
            continue
        if any(pattern.expression.search(one.text) for one in told for pattern in rule.patterns):
            said.add(rule.sense)
    for sentence in told:
        counted = quantities_of(sentence, tables.quantities)
        said |= {Sense.HOW_MANY} if counted.people else set()
        said |= {Sense.SINCE} if counted.hours else set()
    return said


def _judged(
    found: list[_Found], told: list[Sentence], at: int, sentence: Sentence, tables: IntentTables
) -> Iterator[Match]:
    following = told[at + 1] if at + 1 < len(told) else None
    counted: Quantities | None = None
    for one in found:
        if one.rule.needs.people or one.rule.needs.hours:
            counted = counted or _counted_around(told, at, tables)
            if not counted.meets(one.rule.needs):
                continue
        operator = _operator(one, sentence, following, tables)
        if not operator and one.rule.sense is Sense.MENTION:
            operator = _NO_OPERATOR
        yield Match(one.rule, *sentence.place(one.start, one.end), operator)


def _candidates(words: set[str], tables: IntentTables) -> _Candidates:
    """The patterns that a text of `words` may be met by, by those of their anchors that are among them."""
    found: _Candidates = {}
    for anchor in tables.by_anchor.keys() & words:
        patterns = [each for each in tables.by_anchor[anchor] if each[1].is_possible(words)]
        if patterns:
            found[anchor] = patterns
    return found


def _found(sentence: Sentence, candidates: _Candidates, tables: IntentTables) -> list[_Found]:
    words = set(sentence.text.split())
    tried: set[int] = set()
    found: list[_Found] = []
    for anchor in candidates.keys() & words:
        for position, pattern in candidates[anchor]:
            if id(pattern) in tried or not pattern.is_possible(words):
                continue
            tried.add(id(pattern))
            matches = islice(pattern.expression.finditer(sentence.text), _MAX_IN_SENTENCE)
            found.extend(_Found(tables.rules[position], match.start(), match.end()) for match in matches)
    return found


def _longest(found: list[_Found]) -> list[_Found]:
    """The longest of hits that overlap and have one sense and mode; a mention only where nothing else is."""
    kept: list[_Found] = []
    for one in sorted(found, key=lambda one: (one.rule.sense is Sense.MENTION, one.start - one.end)):
        overlapping = [other for other in kept if other.start < one.end and one.start < other.end]
        same = (Sense.GROUND, Sense.REFUSAL, Sense.ALERT)
        hidden = any(
            one.rule.sense is Sense.MENTION
            or (
                other.rule.id == one.rule.id
                if one.rule.sense in same
                else (other.rule.sense, other.rule.mode) == (one.rule.sense, one.rule.mode)
            )
            for other in overlapping
        )
        if not hidden:
            kept.append(one)
    return sorted(kept, key=lambda one: one.start)


def _counted_around(told: list[Sentence], at: int, tables: IntentTables) -> Quantities:
    """What the sentence and the two beside it count."""
    around = [quantities_of(one, tables.quantities) for one in told[max(at - 1, 0) : at + 2]]
    return Quantities(max(one.people for one in around), max(one.hours for one in around))


def _operator(found: _Found, sentence: Sentence, following: Sentence | None, tables: IntentTables) -> str:
    before = sentence.text.count('"', 0, found.start)
    if before % 2 and '"' in sentence.text[found.end :]:
        return _IN_QUOTATION_MARKS
    words = set(sentence.text.split())
    for operator in tables.operators:
        if found.rule.sense in operator.senses and _governs(operator, found, sentence, words, following):
            return operator.name
    return ""


def _governs(
    operator: Operator, found: _Found, sentence: Sentence, words: set[str], following: Sentence | None
) -> bool:
    first, end = _bounds(operator.reach, found, sentence)
    touching = operator.reach is Reach.TOUCHING
    for pattern in operator.patterns:
        if not pattern.is_possible(words):
            continue
        for match in pattern.expression.finditer(sentence.text, first, len(sentence.text)):
            if match.start() >= end:
                break
            if touching and match.end() < found.start:
                continue
            if not _spared(match.start(), match.end(), operator.spared_by, sentence):
                return True
    if operator.reach is Reach.NEAR and following is not None:
        return any(pattern.expression.search(following.text) for pattern in operator.patterns)
    return False


def _bounds(reach: Reach, found: _Found, sentence: Sentence) -> tuple[int, int]:
    """Between which characters of the sentence a match of the operator must begin."""
    first, end = sentence.clause(found.start, found.end)
    match reach:
        case Reach.INSIDE:
            return found.start, found.end
        case Reach.TOUCHING:
            return first, found.end + 1
        case Reach.BEFORE:
            return first, found.end
        case Reach.CLAUSE:
            return first, end
        case Reach.EARLIER:
            return 0, found.end
    return 0, len(sentence.text)


def _spared(start: int, end: int, patterns: tuple[Pattern, ...], sentence: Sentence) -> bool:
    return any(
        match.start() < end and start < match.end()
        for pattern in patterns
        for match in pattern.expression.finditer(sentence.text)
    )
