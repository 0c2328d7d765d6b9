"""The words of service alerts in a request: the subject, what is newly written, and what it passes on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from gateway.domain.intent.folding import fold_in_place
from gateway.domain.intent.matching import read_zone
from gateway.domain.intent.patterns import Grammar, Pattern, PatternError
from gateway.domain.intent.result import Mode
from gateway.domain.intent.tables import IntentTables, Operator, QuantityTables, Rule, Sense
from gateway.domain.intent.typos import Speller
from gateway.domain.service_alert import MatchedAlert, ServiceAlert

MOST_PHRASES = 40
LONGEST_PHRASE = 80
_GRAMMAR = Grammar({})
_NO_QUANTITIES = QuantityTables({}, frozenset(), {}, frozenset())
# An error message between quotation marks is about the fault as much as the sentence around it.
_STILL_COUNTS = frozenset(("", "quoted"))
# Forms that mean something else, and stand in every other text.
_OTHER_WORDS = frozenset(("entre", "moins", "comme", "these", "other", "thes", "avant", "apres"))
_SHORTEST = 4
_MOST_WORDS_SHOWN = 5


@dataclass(frozen=True, eq=False)
class AlertTables:
    """What rules/alerts.yaml says; compared by identity.

    Attributes:
        set_aside: words around an alert's words that say that the request is about something else.
    """

    set_aside: tuple[Operator, ...]


def phrase(text: str) -> Pattern:
    """A phrase of an alert, compiled: each of its words in singular and plural, both genders.

    A phrase may also be written as the rules' patterns are: `connect(|s|ed|ing)`, `a|b`, `[optional]`, and
    `*` for up to four words.

    Raises:
        PatternError: it is empty, too long, or has a sign that means nothing.
    """
    if len(text) > LONGEST_PHRASE:
        raise PatternError(f"it is longer than {LONGEST_PHRASE} characters")
    words: list[str] = []
    for piece in text.split():
        folded = fold_in_place(piece).decode("ascii").replace("\x00", "")
        plain = "".join(char if char.isalnum() else " " for char in folded)
        # What stands between brackets and bars is written out by its author.
        as_it_is = any(sign in piece for sign in "()[]|*^$#?!,{}_")
        words += [piece] if as_it_is else map(_with_forms, plain.split())
    return _GRAMMAR.compile(" ".join(words))


def _with_forms(word: str) -> str:
    """A word as a pattern of its forms."""
    if len(word) < _SHORTEST or not word.isalpha():
        return word
    base = word
    if word.endswith("s") and word[-2] not in "suio":
        base = word[:-1]
    forms = {word, base, f"{base}s", f"{base}e", f"{base}es"}
    if base.endswith("e"):
        forms |= {base[:-1], f"{base[:-1]}s"}
    if base.endswith("al"):
        forms.add(f"{base[:-1]}ux")
    if base.endswith("aux"):
        forms |= {base[:-1], f"{base[:-2]}l"}
    if base.endswith(("au", "eu")):
        forms.add(f"{base}x")
    if base.endswith("y"):
        forms.add(f"{base[:-1]}ies")
    if base.endswith("ie"):
        forms.add(f"{base[:-2]}y")
    kept = sorted(form for form in forms if form == word or (len(form) > 2 and form not in _OTHER_WORDS))
    return "|".join(kept)


def matched_alerts(
    texts: Iterable[str], alerts: Iterable[ServiceAlert], tables: AlertTables
) -> tuple[MatchedAlert, ...]:
    """Those of `alerts` that a request is about, in their order.

    Args:
        texts: of the request; each is read as far as `matching.MAX_CHARS`, at a cost linear in it.
    """
    known = {each.number: each for each in alerts}
    if not known:
        return ()
    reader = _compiled(
        tuple((each.number, _all_words(each)) for each in known.values() if any(each.words.values())), tables
    )
    met: dict[int, dict[str, None]] = {}
    for text in filter(None, texts):
        for match in read_zone(text, reader)[0]:
            if match.operator in _STILL_COUNTS:
                words = met.setdefault(int(match.rule.id), {})
                words[" ".join(text[match.start : match.end].split()).casefold()] = None
    return tuple(
        MatchedAlert(alert, tuple(met[number])[:_MOST_WORDS_SHOWN])
        for number, alert in known.items()
        if number in met
    )


def _all_words(alert: ServiceAlert) -> tuple[str, ...]:
    """Both languages' always count: many write in neither their own nor the desk's."""
    return tuple(dict.fromkeys(text for phrases in alert.words.values() for text in phrases))


@lru_cache(maxsize=8)
def _compiled(words: tuple[tuple[int, tuple[str, ...]], ...], tables: AlertTables) -> IntentTables:
    """The alerts' words as rules that `read_zone` looks for; compiled when an alert has changed."""
    rules = tuple(
        Rule(str(number), Sense.ALERT, Mode.ACT, tuple(map(phrase, phrases))) for number, phrases in words
    )
    looked_for = frozenset().union(*(pattern.words for rule in rules for pattern in rule.patterns))
    around = frozenset().union(*(pattern.words for one in tables.set_aside for pattern in one.patterns))
    return IntentTables(
        rules=rules,
        operators=tables.set_aside,
        quantities=_NO_QUANTITIES,
        speller=Speller(looked_for, right=around),
        commands={},
    )
