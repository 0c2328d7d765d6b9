"""The desk's policy, from `rules/*.yaml`: each file read, then compared with the others."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from datetime import timedelta
from pathlib import Path

from gateway.domain.events import Event, StateChanged
from gateway.domain.policy import Limits, NotificationRule, Policy, Term
from gateway.domain.sla import Effect
from gateway.domain.workflow import State, Workflow
from gateway.rulebook.escalation import load_escalation
from gateway.rulebook.policy_files import (
    IntakeFile,
    NotificationsFile,
    PrioritiesFile,
    StateEntry,
    TermEntry,
    TypesFile,
    WorkflowFile,
)
from gateway.rulebook.preset import read_rules
from gateway.rulebook.reminders import load_timer_rules
from gateway.rulebook.service_levels import load_service_levels
from gateway.rulebook.source import Place, Source, known, typed

LANGUAGES = ("en", "fr")
FIELDS = ("at", "who", "third_party", "resolution")


def load_policy(
    folder: Path, preset: str = "", *, templates: Collection[str] | None = None, countries: bool = True
) -> Policy:
    """Everything that the rules say.

    Args:
        preset: laid over the rules; empty for the rules as they are.
        templates: the names that notifications may use; None leaves them unchecked.
        countries: see `load_calendars`.

    Raises:
        ConfigurationError: with file, line and reason for the first thing that is wrong.
    """
    workflow = _workflow(read_rules(folder, "workflow.yaml", preset))
    source = read_rules(folder, "priorities.yaml", preset)
    priorities = typed(source, PrioritiesFile)
    priority_terms = _terms(source, "priorities", priorities.priorities)
    known(source, ("default",), priorities.default, list(priority_terms), "priority")
    source = read_rules(folder, "types.yaml", preset)
    types = typed(source, TypesFile)
    type_terms = _terms(source, "types", types.types)
    known(source, ("default",), types.default, list(type_terms), "type")
    notifications = _notifications(read_rules(folder, "notifications.yaml", preset), workflow, templates)
    source = read_rules(folder, "intake.yaml", preset)
    intake = typed(source, IntakeFile)
    known(source, ("default_language",), intake.default_language, list(LANGUAGES), "language")
    return Policy(
        version=_version(folder, preset),
        workflow=workflow,
        priorities=priority_terms,
        default_priority=priorities.default,
        types=type_terms,
        default_type=types.default,
        notifications=notifications,
        limits=Limits(intake.limits.confirmations_a_day, intake.limits.participants),
        default_language=intake.default_language,
        escalation=load_escalation(folder, priority_terms, preset),
        service_levels=load_service_levels(
            folder, preset, priorities=list(priority_terms), countries=countries
        ),
        timers=load_timer_rules(folder, preset),
    )


def _version(folder: Path, preset: str) -> str:
    """Twelve hexadecimal digits that change with any file of the rules, and with the preset."""
    digest = hashlib.sha256(preset.encode())
    for file in sorted(folder.rglob("*.yaml")):
        digest.update(file.relative_to(folder).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:12]


def _workflow(source: Source) -> Workflow:
    read = typed(source, WorkflowFile)
    entries: dict[str, StateEntry] = {}
    for number, state in enumerate(read.states):
        if entries.setdefault(state.id, state) is not state:
            raise source.refuse(("states", number, "id"), f"the state {state.id!r} is there twice")
    known(source, ("initial",), read.initial, list(entries), "state")
    if not entries[read.initial].open:
        raise source.refuse(("initial",), f"a new ticket cannot be {read.initial}, which is not open")
    initial = entries[read.initial]
    for name, effect in initial.clocks:
        if effect is not Effect.RUN:
            place = ("states", read.states.index(initial), "clocks", name)
            raise source.refuse(place, f"the {name} clock of a new ticket must run")
    for number, state in enumerate(read.states):
        _check_state(source, ("states", number), state, entries)
    reachable = _reachable(read.initial, entries)
    for number, state in enumerate(read.states):
        if state.id not in reachable:
            raise source.refuse(("states", number), f"nothing ever becomes {state.id!r}")
    return Workflow(
        initial=read.initial,
        states={state.id: _state(state) for state in read.states},
        transitions={state.id: tuple(state.becomes) for state in read.states},
        reopen_window=timedelta(days=read.reopen_window_days),
        resolutions={
            term.id: term.labels for term in _terms(source, "resolutions", read.resolutions).values()
        },
    )


def _check_state(source: Source, place: Place, state: StateEntry, entries: dict[str, StateEntry]) -> None:
    _check_languages(source, (*place, "label"), state.label)
    if not state.becomes:
        raise source.refuse((*place, "becomes"), f"nobody could ever leave {state.id!r}")
    for position, target in enumerate(state.becomes):
        known(source, (*place, "becomes", position), target, list(entries), "state")
        if target == state.id or target in state.becomes[:position]:
            raise source.refuse((*place, "becomes", position), f"{target!r} needs no second saying")
    for position, name in enumerate(state.needs):
        known(source, (*place, "needs", position), name, list(FIELDS), "field")
    if state.customer_reply:
        known(source, (*place, "customer_reply"), state.customer_reply, list(entries), "state")
        if not entries[state.customer_reply].open:
            raise source.refuse((*place, "customer_reply"), "a customer's reply cannot end a ticket")
    if state.reopens and (state.open or not state.customer_reply):
        raise source.refuse(
            (*place, "reopens"), "only a state that is not open, and has a customer_reply, can be reopened"
        )
    for name, effect in state.clocks:
        stops = effect in {Effect.STOP, Effect.END}
        if not state.open and not stops:
            raise source.refuse((*place, "clocks", name), f"a ticket that is {state.id} has no running clock")
        if state.open and stops and name == "resolution":
            raise source.refuse((*place, "clocks", name), f"a ticket that is {state.id} is not resolved yet")
    if state.follow_up and state.open:
        raise source.refuse((*place, "follow_up"), "only a state that is not open is followed up")


def _reachable(initial: str, entries: dict[str, StateEntry]) -> set[str]:
    found: set[str] = set()
    waiting = [initial]
    while waiting:
        state = waiting.pop()
        if state and state not in found:
            found.add(state)
            waiting += [*entries[state].becomes, entries[state].customer_reply]
    return found


def _state(entry: StateEntry) -> State:
    return State(
        id=entry.id,
        labels=entry.label,
        on_customer_reply=entry.customer_reply,
        reopens=entry.reopens,
        follows_up=entry.follow_up,
        comment_required=entry.comment,
        fields=tuple(entry.needs),
        is_open=entry.open,
        clocks={"response": entry.clocks.response, "resolution": entry.clocks.resolution},
    )


def _terms(source: Source, key: str, read: list[TermEntry]) -> dict[str, Term]:
    terms: dict[str, Term] = {}
    for number, each in enumerate(read):
        place = (key, number)
        _check_languages(source, (*place, "label"), each.label)
        if each.meaning:
            _check_languages(source, (*place, "meaning"), each.meaning)
        if each.id in terms:
            raise source.refuse((*place, "id"), f"{each.id!r} is there twice")
        terms[each.id] = Term(each.id, each.label, each.meaning)
    return terms


def _check_languages(source: Source, place: Place, texts: dict[str, str]) -> None:
    for language in LANGUAGES:
        if language not in texts:
            raise source.refuse(place, f"the {place[-1]} in {language!r} is missing")


def _notifications(
    source: Source, workflow: Workflow, templates: Collection[str] | None
) -> tuple[NotificationRule, ...]:
    read = typed(source, NotificationsFile)
    events = sorted(_event_names(Event))
    rules: dict[str, NotificationRule] = {}
    for number, each in enumerate(read.notifications):
        place = ("notifications", number)
        if each.id in rules:
            raise source.refuse((*place, "id"), f"{each.id!r} is there twice")
        known(source, (*place, "event"), each.event, events, "event")
        if each.state:
            known(source, (*place, "state"), each.state, list(workflow.states), "state")
            if each.event != StateChanged.name:
                raise source.refuse((*place, "state"), f"only {StateChanged.name} has a state")
        if templates is not None:
            known(source, (*place, "template"), each.template, sorted(templates), "template")
        rules[each.id] = NotificationRule(each.id, each.event, each.state, each.to, each.template, each.why)
    return tuple(rules.values())


def _event_names(kind: type[Event]) -> set[str]:
    names = {kind.name} if "name" in vars(kind) else set()
    return names.union(*(_event_names(each) for each in kind.__subclasses__()))
