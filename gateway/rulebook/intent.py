"""The rules by which a mail's requests are read, from `rules/escalation/` and `rules/commands.yaml`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from types import MappingProxyType

from gateway.domain.intent.folding import fold_in_place
from gateway.domain.intent.patterns import Grammar, Pattern, PatternError
from gateway.domain.intent.result import Mode
from gateway.domain.intent.tables import (
    DETAILS,
    IntentTables,
    Needs,
    Operator,
    QuantityTables,
    Rule,
    Sense,
)
from gateway.domain.intent.typos import Speller
from gateway.errors import ConfigurationError
from gateway.rulebook.intent_files import (
    CommandsFile,
    GroundEntry,
    GroundsFile,
    LexiconFile,
    OperatorEntry,
    OperatorsFile,
    QuantitiesFile,
    RuleEntry,
)
from gateway.rulebook.preset import read_rules
from gateway.rulebook.source import Model, Place, Source, read_source, typed

_WITHOUT_EFFECT = DETAILS | {Sense.MENTION}
_GROUND_FILES = (("grounds.yaml", Sense.GROUND), ("refusals.yaml", Sense.REFUSAL))


def load_intent_tables(folder: Path, preset: str = "") -> IntentTables:
    """Read and compile all of them.

    Args:
        folder: of the rules.
        preset: laid over the lexicons, grounds and refusals; empty for these as they are.

    Raises:
        ConfigurationError: a file is missing, or a rule is wrong, with file, line and reason.
    """
    home = folder / "escalation"
    lexicons = {
        path.name.split(".")[1]: _laid_over(folder, path.name, preset, LexiconFile)
        for path in sorted(home.glob("lexicon.*.yaml"))
    }
    operators = [_read(path, OperatorsFile) for path in sorted(home.glob("operators.*.yaml"))]
    grounds = [(*_laid_over(folder, name, preset, GroundsFile), sense) for name, sense in _GROUND_FILES]
    if not lexicons or not operators:
        raise ConfigurationError("has no lexicon.*.yaml or no operators.*.yaml", file=home)
    sources: list[tuple[Source, LexiconFile | OperatorsFile | GroundsFile]] = [
        *lexicons.values(),
        *operators,
        *((source, file) for source, file, _ in grounds),
    ]
    compiler = _Compiler(Grammar(_classes(sources)))
    for language, (source, lexicon) in lexicons.items():
        for number, entry in enumerate(lexicon.rules):
            compiler.add_rule(source, ("rules", number), entry, language)
    for source, ground_file, sense in grounds:
        for number, ground in enumerate(ground_file.rules):
            compiler.add_ground(source, ("rules", number), ground, sense)
    for source, operator_file in operators:
        for number, operator in enumerate(operator_file.operators):
            compiler.add_operator(source, ("operators", number), operator)
    words = frozenset().union(*(pattern.words for rule in compiler.rules for pattern in rule.patterns))
    right = {fold_words(word) for _, file in lexicons.values() for word in file.spelt_right}
    right.update(*(pattern.words for operator in compiler.operators for pattern in operator.patterns))
    return IntentTables(
        rules=tuple(compiler.rules),
        operators=tuple(compiler.operators),
        quantities=_quantities(home / "quantities.yaml"),
        speller=Speller(words, right=right),
        commands=_commands(folder / "commands.yaml"),
    )


def fold_words(text: str) -> str:
    """`text` as the words of rules are compared."""
    return " ".join(fold_in_place(text).decode("ascii").replace("-", " ").split())


def _read(path: Path, model: type[Model]) -> tuple[Source, Model]:
    source = read_source(path)
    return source, typed(source, model)


def _laid_over(folder: Path, name: str, preset: str, model: type[Model]) -> tuple[Source, Model]:
    source = read_rules(folder, f"escalation/{name}", preset)
    return source, typed(source, model)


def _classes(
    files: Iterable[tuple[Source, LexiconFile | OperatorsFile | GroundsFile]],
) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for source, file in files:
        for name, members in file.classes.items():
            if name in found:
                raise source.refuse(("classes", name), f"there is a word class {name!r} already")
            found[name] = members
    return found


class _Compiler:
    """Compiles entries and says where a wrong pattern stands."""

    def __init__(self, grammar: Grammar) -> None:
        self.rules: list[Rule] = []
        self.operators: list[Operator] = []
        self._grammar = grammar
        self._ids: set[str] = set()

    def add_rule(self, source: Source, place: Place, entry: RuleEntry, language: str) -> None:
        """Compile a rule of a lexicon."""
        if entry.sense in {Sense.GROUND, Sense.REFUSAL, Sense.ALERT}:
            raise source.refuse(
                (*place, "sense"), "grounds, refusals and alerts stand in places of their own"
            )
        if entry.mode is not Mode.ACT and entry.sense in _WITHOUT_EFFECT:
            reason = f"a rule of sense {entry.sense} has no effect of its own, and so no mode"
            raise source.refuse((*place, "mode"), reason)
        self._add(source, place, Rule(f"{entry.id}.{language}", entry.sense, entry.mode, ()), entry.patterns)

    def add_ground(self, source: Source, place: Place, entry: GroundEntry, sense: Sense) -> None:
        """Compile a ground or a reason to refuse."""
        needs = Needs(entry.needs.people, entry.needs.hours)
        self._add(source, place, Rule(entry.id, sense, entry.mode, (), needs), entry.patterns)

    def add_operator(self, source: Source, place: Place, entry: OperatorEntry) -> None:
        """Compile an operator."""
        self.operators.append(
            Operator(
                entry.name,
                entry.reach,
                frozenset(entry.senses),
                self._patterns(source, (*place, "patterns"), entry.patterns),
                self._patterns(source, (*place, "spared_by"), entry.spared_by),
            )
        )

    def _add(self, source: Source, place: Place, rule: Rule, patterns: list[str]) -> None:
        if rule.id in self._ids and rule.sense not in {Sense.GROUND, Sense.REFUSAL}:
            raise source.refuse((*place, "id"), f"there is a rule {rule.id!r} already")
        self._ids.add(rule.id)
        compiled = self._patterns(source, (*place, "patterns"), patterns)
        self.rules.append(Rule(rule.id, rule.sense, rule.mode, compiled, rule.needs))

    def _patterns(self, source: Source, place: Place, patterns: list[str]) -> tuple[Pattern, ...]:
        compiled = []
        for number, text in enumerate(patterns):
            try:
                compiled.append(self._grammar.compile(text))
            except PatternError as error:
                raise source.refuse((*place, number), f"{text!r}: {error}") from error
        return tuple(compiled)


def _quantities(path: Path) -> QuantityTables:
    _, file = _read(path, QuantitiesFile)
    return QuantityTables(
        numbers=MappingProxyType({fold_words(word): value for word, value in file.numbers.items()}),
        people=frozenset(map(fold_words, file.people)),
        hours=MappingProxyType({fold_words(word): value for word, value in file.hours.items()}),
        more=frozenset(map(fold_words, file.more)),
    )


def _commands(path: Path) -> MappingProxyType[str, str]:
    source, file = _read(path, CommandsFile)
    names: dict[str, str] = {}
    for number, entry in enumerate(file.commands):
        for name in (entry.name, *(fold_in_place(each).decode("ascii") for each in entry.also)):
            if name in names:
                raise source.refuse(("commands", number), f"{name!r} is a name of {names[name]!r} already")
            names[name] = entry.name
    return MappingProxyType(names)
