"""What a mail of a person asks for, from its new text; words alone never do more than ask."""

from __future__ import annotations

import re
from collections.abc import Iterable

from gateway.domain.intent.commands import read_commands
from gateway.domain.intent.matching import Match, details_said, read_zone
from gateway.domain.intent.result import Asked, Command, Hit, Intent, Mode, SetAside
from gateway.domain.intent.sentences import Sentence
from gateway.domain.intent.tables import IntentTables, Rule, Sense
from gateway.domain.zones import Zones

_QUOTED_CHARS = 16 * 1024
_MAX_SHOWN = 50
_NAME = re.compile(r"#[\w-]+")
_COMMANDED = {"escalate": Sense.ESCALATION, "nudge": Sense.NUDGE}
# What is looked at in texts that ask for nothing, to show why it does not count.
_SHOWN_ELSEWHERE = frozenset((Sense.NUDGE, Sense.ESCALATION, Sense.URGENT, Sense.HIGH))


def read_intent(
    zones: Zones,
    tables: IntentTables,
    *,
    subject: str = "",
    command_text: str = "",
    has_new_text: bool = True,
    is_answer: bool = False,
) -> Intent:
    """Read what a mail asks for.

    Args:
        zones: of its body.
        command_text: the plain text at whose top commands may stand; empty where there is only HTML.
        has_new_text: false where the reply is shown for want of anything newly written.
        is_answer: whether the subject is kept from an earlier mail.
    """
    reader = _Reader(tables)
    commands = read_commands(command_text, tables.commands)
    told = reader.take(_without_names(zones.reply, commands), "reply", "" if has_new_text else "quoted")
    reader.take_commands(zones.reply, commands)
    reader.take(subject, "subject", "kept_subject" if is_answer else "")
    reader.take(zones.signature, "signature", "signature")
    reader.take(zones.quoted[:_QUOTED_CHARS], "quoted", "quoted")
    asked = reader.asked()
    missing: tuple[str, ...] = ()
    if asked is Asked.ESCALATION:
        said = {sense.value for sense in details_said(told, tables)}
        if reader.grounds or any(one.name == "escalate" and one.argument for one in commands):
            said.add("reason")
        if reader.grounds:
            said.add("impact")
        missing = tuple(name for name in ("reason", "impact", "since", "how_many") if name not in said)
    order = {rule.id: position for position, rule in reversed(list(enumerate(tables.rules)))}
    return Intent(
        asked=asked,
        evidence=tuple(reader.evidence[:_MAX_SHOWN]),
        set_aside=tuple(reader.set_aside[:_MAX_SHOWN]),
        suggested=tuple(reader.of_mode[Mode.SUGGEST][:_MAX_SHOWN]),
        shadowed=tuple(reader.of_mode[Mode.SHADOW][:_MAX_SHOWN]),
        grounds=_in_order(reader.grounds, order),
        refusals=_in_order(reader.refusals, order),
        claimed_priority=reader.claimed_priority(),
        commands=commands,
        missing=missing,
    )


class _Reader:
    """Gathers the hits of the zones."""

    def __init__(self, tables: IntentTables) -> None:
        self.tables = tables
        self.evidence: list[Hit] = []
        self.set_aside: list[SetAside] = []
        self.of_mode: dict[Mode, list[Hit]] = {Mode.SUGGEST: [], Mode.SHADOW: []}
        self.grounds: set[str] = set()
        self.refusals: set[str] = set()
        self.senses: set[Sense] = set()

    def take(self, text: str, zone: str, operator: str) -> list[Sentence]:
        """Read one zone, and give its sentences; `operator` sets all of its hits aside."""
        if not text:
            return []
        matches, told = read_zone(text, self.tables)
        for match in matches:
            if operator and match.rule.sense not in _SHOWN_ELSEWHERE:
                continue
            rule, start, end = match.rule, match.start, match.end
            hit = Hit(rule.id, zone, text[start:end], start, end, rule.mode, _meaning(rule))
            self._file(match, hit, operator or match.operator)
        return told

    def _file(self, match: Match, hit: Hit, operator: str) -> None:
        sense = match.rule.sense
        if operator:
            self.set_aside.append(SetAside(hit, operator))
        elif hit.mode is not Mode.ACT:
            self.of_mode[hit.mode].append(hit)
        else:
            self.evidence.append(hit)
            self.senses.add(sense)
            if sense is Sense.GROUND:
                self.grounds.add(match.rule.id)
            elif sense is Sense.REFUSAL:
                self.refusals.add(match.rule.id)

    def take_commands(self, reply: str, commands: Iterable[Command]) -> None:
        """A command that asks for news or escalation is such a request."""
        start = 0
        for command in commands:
            start = reply.find("#", start)
            if start < 0:
                return
            end = reply.find("\n", start)
            end = len(reply) if end < 0 else end
            if command.name in _COMMANDED:
                self.senses.add(_COMMANDED[command.name])
                name, means = f"command.{command.name}", _COMMANDED[command.name].value
                self.evidence.append(Hit(name, "reply", reply[start:end], start, end, means=means))
            start = end

    def asked(self) -> Asked:
        """The strongest request."""
        if Sense.ESCALATION in self.senses:
            return Asked.ESCALATION
        return Asked.NUDGE if Sense.NUDGE in self.senses else Asked.NONE

    def claimed_priority(self) -> str | None:
        """The highest priority claimed."""
        return next((each.value for each in (Sense.URGENT, Sense.HIGH) if each in self.senses), None)


def _meaning(rule: Rule) -> str:
    if rule.sense is Sense.MENTION:
        return ""
    return rule.id if rule.sense in {Sense.GROUND, Sense.REFUSAL} else rule.sense.value


def _without_names(reply: str, commands: tuple[Command, ...]) -> str:
    """`reply` with the names of its commands blanked, at its length: their arguments are text."""
    start = 0
    for _ in commands:
        found = _NAME.search(reply, start)
        if found is None:
            break
        reply = reply[: found.start()] + "\n" * len(found[0]) + reply[found.end() :]
        start = found.end()
    return reply


def _in_order(ids: set[str], order: dict[str, int]) -> tuple[str, ...]:
    return tuple(sorted(ids, key=lambda one: order.get(one, 0)))
