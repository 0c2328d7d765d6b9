"""The rules' words in the text of one zone, each hit with the operator that sets it aside, if one does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from gateway.domain.intent.folding import fold_in_place, without_addresses, words_of
from gateway.domain.intent.pattern_index import PatternIndex
from gateway.domain.intent.patterns import Pattern
from gateway.domain.intent.quantities import Quantities, quantities_of
from gateway.domain.intent.sentences import Sentence, sentences
from gateway.domain.intent.tables import DETAILS, IntentTables, Operator, Reach, Rule, Sense

MAX_CHARS = 64 * 1024
"""Of one zone; what people ask for stands before that."""
_MAX_MATCHES = 200
_MAX_IN_SENTENCE = 12
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


@dataclass(frozen=True, slots=True)
class _Heard:
    """A sentence and the next one, each with the operators' patterns that it can be met by."""

    sentence: Sentence
    here: dict[int, list[Pattern]]
    following: Sentence | None
    next: dict[int, list[Pattern]]

    @classmethod
    def of(cls, told: list[Sentence], at: int, around: PatternIndex) -> _Heard:
        following = told[at + 1] if at + 1 < len(told) else None
        return cls(
            told[at],
            _by_operator(around, told[at]),
            following,
            {} if following is None else _by_operator(around, following),
        )


def _by_operator(around: PatternIndex, sentence: Sentence) -> dict[int, list[Pattern]]:
    found: dict[int, list[Pattern]] = {}
    for position, pattern in around.possible(sentence.text.split()):
        found.setdefault(position, []).append(pattern)
    return found


def read_zone(text: str, tables: IntentTables) -> tuple[list[Match], list[Sentence]]:
    """What the rules meet in `text`, and its sentences; nothing and none when it has none of their words."""
    folded = fold_in_place(text[:MAX_CHARS])
    words = words_of(folded)
    corrections = tables.speller.corrections(words)
    words.update(corrections.values())
    candidates = tables.met_by.within(words)
    if not candidates.entries:
        return [], []
    around = tables.set_aside_by.within(words)
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
            matches.extend(_judged(found, told, at, around, tables))
    return matches, told


def details_said(told: list[Sentence], tables: IntentTables) -> set[Sense]:
    """Which of reason, impact, since when and how many the sentences tell."""
    said: set[Sense] = set()
    for rule in tables.rules:
        if rule.sense not in DETAILS or rule.sense in said:
            continue
        if any(pattern.expression.search(one.text) for one in told for pattern in rule.patterns):
            said.add(rule.sense)
    for sentence in told:
        counted = quantities_of(sentence, tables.quantities)
        said |= {Sense.HOW_MANY} if counted.people else set()
        said |= {Sense.SINCE} if counted.hours else set()
    return said


def _judged(
    found: list[_Found], told: list[Sentence], at: int, around: PatternIndex, tables: IntentTables
) -> Iterator[Match]:
    heard = _Heard.of(told, at, around)
    counted: Quantities | None = None
    for one in found:
        if one.rule.needs.people or one.rule.needs.hours:
            counted = counted or _counted_around(told, at, tables)
            if not counted.meets(one.rule.needs):
                continue
        operator = _operator(one, heard, tables)
        if not operator and one.rule.sense is Sense.MENTION:
            operator = _NO_OPERATOR
        yield Match(one.rule, *heard.sentence.place(one.start, one.end), operator)


def _found(sentence: Sentence, candidates: PatternIndex, tables: IntentTables) -> list[_Found]:
    return [
        _Found(tables.rules[position], match.start(), match.end())
        for position, pattern in candidates.possible(sentence.text.split())
        for match in islice(pattern.expression.finditer(sentence.text), _MAX_IN_SENTENCE)
    ]


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


def _operator(found: _Found, heard: _Heard, tables: IntentTables) -> str:
    text = heard.sentence.text
    if text.count('"', 0, found.start) % 2 and '"' in text[found.end :]:
        return _IN_QUOTATION_MARKS
    for position in sorted(heard.here.keys() | heard.next.keys()):
        operator = tables.operators[position]
        if found.rule.sense in operator.senses and _governs(operator, position, found, heard):
            return operator.name
    return ""


def _governs(operator: Operator, position: int, found: _Found, heard: _Heard) -> bool:
    sentence = heard.sentence
    first, end = _bounds(operator.reach, found, sentence)
    touching = operator.reach is Reach.TOUCHING
    for pattern in heard.here.get(position, ()):
        for match in pattern.expression.finditer(sentence.text, first, len(sentence.text)):
            if match.start() >= end:
                break
            if touching and match.end() < found.start:
                continue
            if not _spared(match.start(), match.end(), operator.spared_by, sentence):
                return True
    if operator.reach is Reach.NEAR and heard.following is not None:
        text = heard.following.text
        return any(pattern.expression.search(text) for pattern in heard.next.get(position, ()))
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
