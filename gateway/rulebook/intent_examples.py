"""The examples of `rules/escalation/`, run against the rules: each one's own, and whole texts.

Examples are about words: a rule that only suggests is met all the same, and what a text means is not
demanded of a rule that was put into shadow. The texts in `examples/held-*.yaml` were written before the rules and are not tuned on: of them precision
and recall are demanded, not each single reading.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from gateway.domain.intent.matching import details_said, read_zone
from gateway.domain.intent.read import read_intent
from gateway.domain.intent.result import Intent, meanings
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
from gateway.rulebook.preset import read_rules
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


def run_intent_examples(folder: Path, preset: str = "") -> Iterator[ReadingExample]:
    """Run all of them.

    Args:
        folder: of the rules.
        preset: whose own lexicons, grounds and refusals alone are run; empty for the rules as they are.

    Raises:
        ConfigurationError: a rule is wrong, or an example means what does not exist.
    """
    home = folder / "escalation"
    laid = folder / "presets" / preset / "escalation"
    files = [*(path.name for path in sorted(home.glob("lexicon.*.yaml"))), "grounds.yaml", "refusals.yaml"]
    if preset:
        files = [name for name in files if (laid / name).is_file()]
        if not files:
            return
    tables = load_intent_tables(folder, preset)
    for name in files:
        source = read_rules(folder, f"escalation/{name}", preset)
        if name.startswith("lexicon."):
            language = name.split(".")[1]
            for entry in typed(source, LexiconFile).rules:
                yield from _of_rule(name, f"{entry.id}.{language}", entry, tables)
        else:
            for ground in typed(source, GroundsFile).rules:
                yield from _of_rule(name, ground.id, ground, tables)
    if preset:
        return
    for path in sorted(home.glob("operators.*.yaml")):
        for operator in typed(read_source(path), OperatorsFile).operators:
            for text in operator.examples:
                names = {one.operator for one in read_text(text, tables).set_aside}
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


def meanings_of(intent: Intent, meant: Iterable[str] = ()) -> set[str]:
    """What a text was read to mean, in the words of the examples.

    Args:
        meant: what it should mean; rules in shadow add what of it they met, and nothing else.
    """
    return meanings((*intent.evidence, *intent.suggested)) | (meanings(intent.shadowed) & set(meant))


def score(examples: Iterable[TextExample], kinds: set[str], tables: IntentTables) -> Score:
    """Count what of `kinds` is found in the texts, rightly and wrongly, and missed."""
    found = wrong = missed = 0
    for example in examples:
        meant = set(example.means) & kinds
        read = meanings_of(read_text(example.text, tables), example.means) & kinds
        found += len(meant & read)
        wrong += len(read - meant - set(example.may))
        missed += len(meant - read)
    return Score(found, wrong, missed)


def as_read(file: str, example: TextExample, tables: IntentTables) -> ReadingExample:
    """A whole text: everything that it means, and nothing else but what it may mean too."""
    read = meanings_of(read_text(example.text, tables), example.means)
    return ReadingExample(
        file, example.text, _listed(example.means), _listed(read - (set(example.may) - set(example.means)))
    )


def read_text(text: str, tables: IntentTables) -> Intent:
    """What a mail with nothing but this new text asks for."""
    return read_intent(Zones(text, "", ""), tables)


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
    intent = read_text(text, tables)
    mentions = {rule.id for rule in tables.rules if rule.sense is Sense.MENTION}
    met = {hit.rule for hit in (*intent.evidence, *intent.suggested, *intent.shadowed)}
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
            yield as_read(f"escalation/examples/{path.name}", example, tables)
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
