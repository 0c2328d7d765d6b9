"""The examples of `rules/escalation/`, run against the rules: each one's own, and whole texts.

The texts in `examples/held-*.yaml` were written before the rules and are not tuned on: of them precision
and recall are demanded, not each single reading.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from gateway.domain.intent.matching import details_said, read_zone
from gateway.domain.intent.read import read_intent
from gateway.domain.intent.result import Asked, Intent
from gateway.domain.intent.tables import IntentTables, Sense
from gateway.domain.zones import Zones
from gateway.rulebook.intent import load_intent_tables
from gateway.rulebook.intent_files import (
    ExamplesFile,
    GroundEntry,
    GroundsFile,
    LexiconFile,
    OperatorsFile,
    RuleEntry,
    TextExample,
)
from gateway.rulebook.reading_examples import ReadingExample
from gateway.rulebook.source import known, read_source, typed

_LEAST_PRECISION = 0.97
_LEAST_RECALL = 0.92
_DETAILS = frozenset((Sense.REASON, Sense.IMPACT, Sense.SINCE, Sense.HOW_MANY))


@dataclass(frozen=True, slots=True)
class Score:
    """How many meanings of a kind were found, made up and missed."""

    found: int = 0
    wrong: int = 0
    missed: int = 0

    @property
    def precision(self) -> float:
        """The share of what was found that is right."""
        return self.found / max(self.found + self.wrong, 1)

    @property
    def recall(self) -> float:
        """The share of what is there that was found."""
        return self.found / max(self.found + self.missed, 1)


def run_intent_examples(folder: Path) -> Iterator[ReadingExample]:
    """Run all of them.

    Args:
        folder: of the rules.

    Raises:
        ConfigurationError: a rule is wrong, or an example means what does not exist.
    """
    tables = load_intent_tables(folder)
    home = folder / "escalation"
    for path in sorted(home.glob("lexicon.*.yaml")):
        language = path.name.split(".")[1]
        for entry in typed(read_source(path), LexiconFile).rules:
            yield from _of_rule(path.name, f"{entry.id}.{language}", entry, tables)
    for name in ("grounds.yaml", "refusals.yaml"):
        for ground in typed(read_source(home / name), GroundsFile).rules:
            yield from _of_rule(name, ground.id, ground, tables)
    for path in sorted(home.glob("operators.*.yaml")):
        for operator in typed(read_source(path), OperatorsFile).operators:
            for text in operator.examples:
                names = {one.operator for one in _read(text, tables).set_aside}
                found = operator.name if operator.name in names else ", ".join(sorted(names)) or "nothing"
                yield ReadingExample(f"escalation/{path.name}", text, operator.name, found)
    yield from _of_texts(home, tables)


def read_examples(path: Path, tables: IntentTables) -> list[TextExample]:
    """The texts of one file.

    Raises:
        ConfigurationError: an example means what does not exist.
    """
    source = read_source(path)
    examples = typed(source, ExamplesFile).examples
    meanings = ["nudge", "escalation", "urgent", "high", *_ids(tables)]
    for number, example in enumerate(examples):
        for meaning in (*example.means, *example.may):
            known(source, ("examples", number), meaning, meanings, "meaning")
    return examples


def meanings_of(intent: Intent) -> set[str]:
    """What a text was read to mean, in the words of the examples."""
    asked = set() if intent.asked is Asked.NONE else {intent.asked.value}
    claimed = {intent.claimed_priority} if intent.claimed_priority else set()
    return {*asked, *claimed, *intent.grounds, *intent.refusals}


def score(examples: Iterable[TextExample], kinds: set[str], tables: IntentTables) -> Score:
    """Count what of `kinds` is found in the texts, rightly and wrongly, and missed."""
    found = wrong = missed = 0
    for example in examples:
        meant, read = set(example.means) & kinds, meanings_of(_read(example.text, tables)) & kinds
        found += len(meant & read)
        wrong += len(read - meant - set(example.may))
        missed += len(meant - read)
    return Score(found, wrong, missed)


def _of_rule(
    file: str, rule: str, entry: RuleEntry | GroundEntry, tables: IntentTables
) -> Iterator[ReadingExample]:
    alike = {rule, *(one.id for one in tables.rules if _name(one.id) == _name(rule))}
    for expected, texts in (("met", entry.examples), ("not met", entry.traps)):
        for text in texts:
            met = not _rules_met(text, tables).isdisjoint(alike)
            yield ReadingExample(
                f"escalation/{file}", f"{rule}: {text}", expected, "met" if met else "not met"
            )


def _name(rule: str) -> str:
    """A rule's id without its language: words of both languages often meet the same text."""
    return rule.removesuffix(".fr").removesuffix(".en")


def _rules_met(text: str, tables: IntentTables) -> set[str]:
    """The rules that count in a text; of mentions those that were met at all."""
    intent = _read(text, tables)
    mentions = {rule.id for rule in tables.rules if rule.sense is Sense.MENTION}
    met = {hit.rule for hit in (*intent.evidence, *intent.suggested)}
    met |= {one.hit.rule for one in intent.set_aside} & mentions
    said = details_said(read_zone(text, tables)[1], tables)
    return met | {rule.id for rule in tables.rules if rule.sense in _DETAILS and rule.sense in said}


def _of_texts(home: Path, tables: IntentTables) -> Iterator[ReadingExample]:
    held: list[TextExample] = []
    for path in sorted((home / "examples").glob("*.yaml")):
        examples = read_examples(path, tables)
        if path.name.startswith("held-"):
            held += examples
            continue
        for example in examples:
            read = meanings_of(_read(example.text, tables)) - (set(example.may) - set(example.means))
            yield ReadingExample(
                f"escalation/examples/{path.name}", example.text, _listed(example.means), _listed(read)
            )
    grounds = {rule.id for rule in tables.rules if rule.sense is Sense.GROUND}
    for name, kinds in (("escalation", {"escalation"}), ("grounds", grounds)):
        reached = score(held, kinds, tables)
        for measure, value, least in (
            ("precision", reached.precision, _LEAST_PRECISION),
            ("recall", reached.recall, _LEAST_RECALL),
        ):
            demanded = f"at least {least}"
            yield ReadingExample(
                "escalation/examples/held-*.yaml",
                f"{measure} of {name}: {value:.3f}",
                demanded,
                demanded if value >= least else f"{value:.3f}",
            )


def _listed(meanings: Iterable[str]) -> str:
    return ", ".join(sorted(meanings)) or "nothing"


def _ids(tables: IntentTables) -> list[str]:
    return [rule.id for rule in tables.rules if rule.sense in {Sense.GROUND, Sense.REFUSAL}]


def _read(text: str, tables: IntentTables) -> Intent:
    return read_intent(Zones(text, "", ""), tables)
