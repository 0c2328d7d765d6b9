"""A mail that was read wrongly: its new text, without what names people, and what it should be read to mean."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.domain.intent.result import Hit, Intent, meanings
from gateway.errors import ActRefused

MAX_CHARS = 4000
"""Of a case's text; what people ask for stands before that."""
_ASKS = frozenset({"nudge", "escalation"})
_NOTHING = frozenset({"none", "nothing", "aucun", "aucune", "rien"})
_FRENCH = {"relance": "nudge", "escalade": "escalation", "escalate": "escalation", "haute": "high"}
_LINK = re.compile(r"\b(?:https?://|www\.)[^\s<>\"]{1,500}", re.IGNORECASE)
_ADDRESS = re.compile(r"[\w.+'-]{1,64}@[\w.-]{1,255}")
# A telephone, contract or account number; few people and hours are counted in six digits.
_NUMBER = re.compile(r"\+?\d(?:[ .\u00a0/-]?\d){5,30}")
_NAME_LETTERS = 3


@dataclass(frozen=True, slots=True)
class ReadMail:
    """A mail as the rules of today read it.

    Attributes:
        text: what its writer newly wrote.
        names: of people, which a case does not repeat.
    """

    inbound_id: int
    text: str
    intent: Intent
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """What a text was read to mean, and what it means; in the words of the rules' examples."""

    inbound_id: int
    was_read: tuple[str, ...]
    means: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class KeptCase:
    """A case with who kept it, and when."""

    id: int
    at: datetime
    actor: str
    case: Case


def case_of(mail: ReadMail, *, rule: str, should: Sequence[str], known: Collection[str]) -> Case:
    """The case that somebody makes of a mail by saying what is wrong.

    Args:
        rule: a rule, or a meaning, whose hit is wrong; one that was set aside should have counted.
        should: what it should be read to mean: of news, escalation and nothing the one that it asks
            for, else what was missed.
        known: all meanings.

    Raises:
        ActRefused: it is not clear what is wrong, or that is how the mail is read.
    """
    hits = (*mail.intent.evidence, *mail.intent.suggested)
    was_read = means = meanings(hits)
    if rule:
        means = _without(rule, mail, hits)
    elif not should:
        if len(was_read) != 1:
            raise _unclear(mail, hits)
        means = set()
    for word in (_FRENCH.get(each.casefold(), each.casefold()) for each in should):
        if word in _NOTHING or word in _ASKS:
            means = (means - _ASKS) | ({word} & _ASKS)
        elif word in known:
            means = means | {word}
        else:
            shown = ", ".join(["none", *known])
            raise ActRefused(
                f"{word!r} is nothing that a mail can mean; there are {shown}",
                f"« {word} » ne désigne rien qu'un message puisse vouloir dire ; il y a {shown}",
            )
    if means == was_read:
        raise ActRefused(
            f"that is how mail {mail.inbound_id} is read: {_listed(was_read)}",
            f"c'est bien ainsi que le message {mail.inbound_id} est lu : {_listed(was_read)}",
        )
    text = masked(mail.text[:MAX_CHARS], mail.names).strip()
    if not text:
        raise ActRefused(
            f"mail {mail.inbound_id} has no text", f"le message {mail.inbound_id} n'a pas de texte"
        )
    return Case(mail.inbound_id, tuple(sorted(was_read)), tuple(sorted(means)), text)


def masked(text: str, names: Iterable[str]) -> str:
    """`text` without addresses, links, long numbers and these names; its words and short numbers stay."""
    text = _LINK.sub("https://example.test", text)
    text = _ADDRESS.sub("someone@example.test", text)
    text = _NUMBER.sub(lambda found: re.sub(r"\d", "0", found[0]), text)
    words = {word for name in names for word in re.findall(r"[^\W\d_]+", name) if len(word) >= _NAME_LETTERS}
    if not words:
        return text
    longest_first = sorted(words, key=lambda word: (-len(word), word))
    return re.sub(rf"\b(?:{'|'.join(map(re.escape, longest_first))})\b", "X", text)


def _without(rule: str, mail: ReadMail, hits: Sequence[Hit]) -> set[str]:
    """What is left without a rule's hits; or what is there too, with those of its hits that were set aside."""
    if any(_is_of(hit, rule) for hit in hits):
        return meanings(hit for hit in hits if not _is_of(hit, rule))
    aside = [each.hit for each in mail.intent.set_aside if _is_of(each.hit, rule) and each.hit.means]
    if aside:
        return meanings((*hits, *aside))
    raise ActRefused(
        f"no rule {rule!r} met anything in mail {mail.inbound_id}; {_met(hits)}",
        f"aucune règle « {rule} » n'a rien relevé dans le message {mail.inbound_id} ; {_releve(hits)}",
    )


def _is_of(hit: Hit, rule: str) -> bool:
    return rule in {hit.rule, hit.means, hit.rule.rpartition(".")[0]}


def _unclear(mail: ReadMail, hits: Sequence[Hit]) -> ActRefused:
    return ActRefused(
        f"{_met(hits)}; say which rule is wrong, or what it should be: should=none, nudge, escalation",
        f"{_releve(hits)} ; précisez la règle erronée, ou ce qu'il fallait lire : "
        "devrait=rien, relance, escalade",
    )


def _met(hits: Sequence[Hit]) -> str:
    return f"what was read is {_quoted(hits)}" if hits else "nothing was read in it"


def _releve(hits: Sequence[Hit]) -> str:
    return f"ce qui a été lu : {_quoted(hits)}" if hits else "rien n'y a été lu"


def _quoted(hits: Sequence[Hit]) -> str:
    return ", ".join(dict.fromkeys(f'{hit.rule} ("{hit.text[:60]}")' for hit in hits))


def _listed(found: Iterable[str]) -> str:
    return ", ".join(sorted(found)) or "nothing"
