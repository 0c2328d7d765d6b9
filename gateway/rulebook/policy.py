"""The desk's policy, from `rules/*.yaml`: each file read, then compared with the others."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from pathlib import Path

from gateway.domain.events import Event, StateChanged
from gateway.domain.policy import Limits, NotificationRule, Policy
from gateway.domain.workflow import MOVERS, TIMER, Workflow
from gateway.rulebook.attachments import load_file_rules
from gateway.rulebook.diagnostics import load_checklist
from gateway.rulebook.escalation import load_escalation
from gateway.rulebook.links import read_offers
from gateway.rulebook.policy_files import (
    IntakeFile,
    NotificationsFile,
    PrioritiesFile,
    TypesFile,
)
from gateway.rulebook.preset import read_rules
from gateway.rulebook.reminders import load_timer_rules
from gateway.rulebook.service_levels import load_service_levels
from gateway.rulebook.source import Source, known, typed
from gateway.rulebook.storms import load_storm_rules
from gateway.rulebook.suggestions import load_suggestions
from gateway.rulebook.terms import LANGUAGES, read_terms
from gateway.rulebook.workflow import read_workflow


def load_policy(
    folder: Path,
    preset: str = "",
    *,
    templates: Collection[str] | None = None,
    acts: Collection[str] | None = None,
    countries: bool = True,
) -> Policy:
    """Everything that the rules say.

    Args:
        preset: laid over the rules; empty for the rules as they are.
        templates: the names that notifications may use; None leaves them unchecked.
        acts: what links may do; None leaves it unchecked.
        countries: see `load_calendars`.

    Raises:
        ConfigurationError: with file, line and reason for the first thing that is wrong.
    """
    workflow = read_workflow(read_rules(folder, "workflow.yaml", preset))
    source = read_rules(folder, "priorities.yaml", preset)
    priorities = typed(source, PrioritiesFile)
    priority_terms = read_terms(source, "priorities", priorities.priorities)
    known(source, ("default",), priorities.default, list(priority_terms), "priority")
    set_by = _set_by(source, priorities)
    source = read_rules(folder, "types.yaml", preset)
    types = typed(source, TypesFile)
    type_terms = read_terms(source, "types", types.types)
    known(source, ("default",), types.default, list(type_terms), "type")
    notifications = _notifications(read_rules(folder, "notifications.yaml", preset), workflow, templates)
    offers = read_offers(read_rules(folder, "links.yaml", preset), templates=templates, acts=acts)
    source = read_rules(folder, "intake.yaml", preset)
    intake = typed(source, IntakeFile)
    known(source, ("default_language",), intake.default_language, list(LANGUAGES), "language")
    return Policy(
        version=_version(folder, preset),
        workflow=workflow,
        priorities=priority_terms,
        default_priority=priorities.default,
        set_by=set_by,
        types=type_terms,
        default_type=types.default,
        charged_types=frozenset(each.id for each in types.types if each.flex),
        notifications=notifications,
        offers=offers,
        limits=Limits(intake.limits.participants),
        default_language=intake.default_language,
        escalation=load_escalation(folder, priority_terms, preset),
        service_levels=load_service_levels(
            folder, preset, priorities=list(priority_terms), countries=countries
        ),
        timers=load_timer_rules(folder, preset),
        storms=load_storm_rules(folder, preset),
        checklist=load_checklist(folder, preset, list(type_terms)),
        suggestions=load_suggestions(folder, preset),
        files=load_file_rules(folder, preset),
    )


def _set_by(source: Source, read: PrioritiesFile) -> dict[str, frozenset[str]]:
    """Who may set each priority; time alone sets none."""
    setters = [each for each in MOVERS if each != TIMER]
    for number, each in enumerate(read.priorities):
        for position, name in enumerate(each.set_by):
            known(source, ("priorities", number, "set_by", position), name, setters, "mover")
    return {each.id: frozenset(each.set_by) for each in read.priorities}


def _version(folder: Path, preset: str) -> str:
    """Twelve hexadecimal digits that change with any file of the rules, and with the preset."""
    digest = hashlib.sha256(preset.encode())
    for file in sorted(folder.rglob("*.yaml")):
        digest.update(file.relative_to(folder).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:12]


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
        rules[each.id] = NotificationRule(
            each.id, each.event, each.state, each.to, each.template, each.why, each.always
        )
    return tuple(rules.values())


def _event_names(kind: type[Event]) -> set[str]:
    names = {kind.name} if "name" in vars(kind) else set()
    return names.union(*(_event_names(each) for each in kind.__subclasses__()))
