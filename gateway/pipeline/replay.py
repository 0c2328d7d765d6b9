"""Rehearsal: stored mail goes through other rules, and what these would have decided is compared with what was.

The very steps of `process` run, over rows as they were when each mail was decided on, in a transaction
that cannot write. Who wrote a mail, and how well that was proven, is taken from the record: no name
server is asked, and a key that has been withdrawn since changes nothing. The rest follows the rules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from gateway.domain.address import author_key
from gateway.domain.desk import Desk
from gateway.domain.evidence import Evidence, Judgement, Level
from gateway.domain.mail import Mail
from gateway.domain.policy import Policy
from gateway.domain.reading.tables import ReadingTables
from gateway.pipeline.apply_rules import LET_IN
from gateway.pipeline.authenticate import Tokens, authenticate, read_tokens
from gateway.pipeline.change_ticket import NUDGES_ARE_ONE
from gateway.pipeline.classify import classify
from gateway.pipeline.facts import Examined, wanted_by
from gateway.pipeline.parse import parse
from gateway.pipeline.process import settle
from gateway.pipeline.storms import RATE
from gateway.ports import Renderer, Settlement, Signer
from gateway.ports.rehearsal import Rehearsal, StoredMail, StoredMails

_WITHOUT_TOKEN = {Level.E2: Level.E1, Level.E4: Level.E3}
# What the clocks come to is not a mail's doing.
_OF_CLOCKS = "sla-"
_TOLD_ONCE = {
    "AskToConfirm": ("please-confirm",),
    "RefuseMail": ("mail-refused",),
    "AnswerCommands": ("commands-answered", "please-confirm"),
}


@dataclass(frozen=True, slots=True)
class Words:
    """Words that are read otherwise; None where they are not met at all."""

    rule: str
    zone: str
    text: str
    was: str | None
    would_be: str | None


@dataclass(frozen=True, slots=True)
class Replayed:
    """One mail.

    Attributes:
        skipped: why nothing can be compared, or empty.
        was, would_be: kind, outcome, ticket, intent, grounds, claimed_priority, commands, acts and told;
            empty where it was skipped.
        differences: those that differ.
        words: those that made the difference.
    """

    stored: StoredMail
    author: str
    subject: str
    skipped: str = ""
    was: Mapping[str, Any] = field(default_factory=dict)
    would_be: Mapping[str, Any] = field(default_factory=dict)
    differences: tuple[str, ...] = ()
    words: tuple[Words, ...] = ()


@dataclass(frozen=True, slots=True)
class Replayer:
    """Other rules on stored mail; what `process.settle` goes by, and the rows.

    Attributes:
        open_rehearsal: the rows that a batch met; given the states that are not open, and the time within
            which nudges are one.
    """

    policy: Policy
    tables: ReadingTables
    renderer: Renderer
    staff_token_suffices: bool
    current: Callable[[], tuple[Desk, Signer]]
    mails: StoredMails
    open_rehearsal: Callable[
        [Desk, Sequence[StoredMail], Sequence[str], timedelta], AbstractContextManager[Rehearsal]
    ]

    def replay(self, since: datetime | None, until: datetime | None, limit: int | None) -> Iterator[Replayed]:
        """Every mail in order, see `StoredMails`; nothing is kept of those that have been given out."""
        for batch in self.mails.batches(since, until, limit):
            yield from self._batch(batch)

    def _batch(self, batch: Sequence[StoredMail]) -> list[Replayed]:
        desk, signer = self.current()
        examined = [self._examined(stored, desk, signer) for stored in batch]
        ended = [state.id for state in self.policy.workflow.states.values() if not state.is_open]
        with self.open_rehearsal(desk, batch, ended, NUDGES_ARE_ONE) as rows:
            wanted = [each for each in examined if isinstance(each, Examined)]
            rows.prefetch(wanted_by(wanted, desk, signer, self.policy.storms))
            return [
                self._replayed(stored, each, rows, signer)
                for stored, each in zip(batch, examined, strict=True)
            ]

    def _examined(self, stored: StoredMail, desk: Desk, signer: Signer) -> Examined | str:
        """The mail as these rules read it, or why it is not looked at."""
        past = stored.explanation
        if stored.settled_at is None or not past:
            return "not decided yet"
        if "unreadable" in past:
            return "could not be read"
        if past["decision"]["ruling"].startswith(RATE):
            return "counted in a storm"
        inbound = stored.mail
        try:
            mail = parse(inbound.raw)
            classified = classify(mail, self.tables, null_sender=inbound.envelope.reverse_path == "")
            tokens = read_tokens(mail, inbound.envelope, desk, signer)
        except Exception as error:  # noqa: BLE001  (one mail must not end the rehearsal; it is told)
            return f"cannot be read now: {type(error).__name__}"
        if tokens.forged and past["identity"]["level"] != Level.E0.name:
            return "its reply address was signed with a key that has been retired"
        released = past["decision"]["ruling"] == LET_IN
        inbound = replace(inbound, instruction="release" if released else "")
        return Examined(inbound, classified, tokens, _recorded(mail, tokens, past["identity"]))

    def _replayed(
        self, stored: StoredMail, examined: Examined | str, rows: Rehearsal, signer: Signer
    ) -> Replayed:
        if isinstance(examined, str) or examined.classified is None or stored.settled_at is None:
            return Replayed(stored, "", "", skipped=str(examined))
        mail, past = examined.classified.mail, stored.explanation
        try:
            unit = rows.as_of(stored, may_tell=_may_tell(past), may_answer=_may_answer(past))
            found = settle(examined, unit, self, signer, now=stored.settled_at)
        except Exception as error:  # noqa: BLE001  (as above)
            reason = f"these rules fail on it: {type(error).__name__}: {error}"[:200]
            return Replayed(stored, mail.author.address, mail.subject, skipped=reason)
        return _compared(stored, found)


def _compared(stored: StoredMail, found: Settlement) -> Replayed:
    before: Mapping[str, Any] = stored.explanation
    after: Mapping[str, Any] = found.explanation
    was, would_be = shown(before), shown(after)
    return Replayed(
        stored,
        found.author,
        found.subject,
        was=was,
        would_be=would_be,
        # What an older version did not record is not compared.
        differences=tuple(name for name in was if was[name] != would_be[name]),
        words=_words(before["intent"], after["intent"]),
    )


def shown(explanation: Mapping[str, Any]) -> dict[str, Any]:
    """What is compared of an explanation."""
    chosen, intent = explanation["thread"]["chosen"], explanation["intent"]
    found = {
        "kind": explanation["kind"]["kind"],
        "outcome": explanation["decision"]["outcome"],
        "ticket": chosen["ticket"] if chosen else None,
        "intent": intent["asked"],
        "grounds": intent["grounds"],
        "claimed_priority": intent["claimed_priority"],
        "commands": intent.get("commands"),
        # Whether a mail was held before is not a reading of it.
        "acts": [each for each in explanation["decision"]["acts"] if each != "EndHolding"],
        "told": sorted(each for each in set(explanation["notifications"]) if not each.startswith(_OF_CLOCKS)),
    }
    return {name: value for name, value in found.items() if name != "commands" or value is not None}


def _words(was: Mapping[str, Any], would_be: Mapping[str, Any]) -> tuple[Words, ...]:
    before, after = _verdicts(was), _verdicts(would_be)
    return tuple(
        Words(*key, before.get(key), after.get(key))
        for key in dict.fromkeys((*before, *after))
        if before.get(key) != after.get(key)
    )


def _verdicts(intent: Mapping[str, Any]) -> dict[tuple[str, str, str], str]:
    """What became of each hit, by rule, zone and words."""
    found: dict[tuple[str, str, str], str] = {}
    for name, verdict in (("shadowed", "logged only"), ("suggested", "suggested"), ("evidence", "counts")):
        for hit in intent.get(name, ()):
            found[hit["rule"], hit["zone"], hit["text"]] = verdict
    for hit in intent["set_aside"]:
        found.setdefault((hit["rule"], hit["zone"], hit["text"]), f"set aside: {hit['operator']}")
    return found


def _recorded(mail: Mail, tokens: Tokens, identity: Mapping[str, Any]) -> Evidence:
    """What was known of the writer, before the reply address was weighed: that is done again."""
    level = Level[identity["level"]]
    level = _WITHOUT_TOKEN.get(level, level)
    if level is Level.E0 or mail.identity is None:
        return Evidence(Level.E0, None, tuple(identity["reasons"]))
    fresh = authenticate(mail, tokens, Judgement())
    return replace(fresh, level=level, identity=author_key(mail.identity), reasons=tuple(identity["reasons"]))


def _may_answer(past: Mapping[str, Any]) -> bool:
    """Whether the caps on acknowledgements left room; where they did not, whoever wrote was told nothing."""
    return any(each.startswith(("confirmation", "acknowledgement")) for each in past["notifications"])


def _may_tell(past: Mapping[str, Any]) -> bool:
    """Whether the brake on notices in somebody's name was off: where it was on, nobody was told then."""
    told = past["notifications"]
    return not any(
        act in past["decision"]["acts"] and not any(each.startswith(template) for each in told)
        for act, template in _TOLD_ONCE.items()
    )
