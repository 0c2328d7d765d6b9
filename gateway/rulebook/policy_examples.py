"""The examples that stand in `rules/workflow.yaml` and `rules/notifications.yaml`, run against the policy."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gateway.domain.policy import Policy
from gateway.domain.workflow import MOVERS
from gateway.errors import ActRefused
from gateway.rulebook.policy import load_policy
from gateway.rulebook.policy_files import (
    NotificationExample,
    NotificationsFile,
    ReplyExample,
    TransitionExample,
    WorkflowFile,
)
from gateway.rulebook.preset import read_rules
from gateway.rulebook.reading_examples import ReadingExample
from gateway.rulebook.source import Source, known, typed
from gateway.rulebook.workflow import FIELDS

FOLLOW_UP = "follow_up"
_NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


def run_policy_examples(folder: Path, preset: str = "") -> Iterator[ReadingExample]:
    """Run all of them.

    Raises:
        ConfigurationError: a rule is wrong, or an example names a state, field or event that does not exist.
    """
    policy = load_policy(folder, preset)
    source = read_rules(folder, "workflow.yaml", preset)
    examples = typed(source, WorkflowFile).examples
    for number, transition in enumerate(examples.transitions):
        yield _transition(transition, policy, source, number)
    for number, reply in enumerate(examples.replies):
        yield _reply(reply, policy, source, number)
    source = read_rules(folder, "notifications.yaml", preset)
    for number, told in enumerate(typed(source, NotificationsFile).examples):
        yield _notification(told, policy, source, number)


def _transition(example: TransitionExample, policy: Policy, source: Source, number: int) -> ReadingExample:
    place = ("examples", "transitions", number)
    workflow = policy.workflow
    known(source, (*place, "from"), example.start, list(workflow.states), "state")
    known(source, (*place, "to"), example.to, list(workflow.states), "state")
    known(source, (*place, "by"), example.by, list(MOVERS), "mover")
    for position, name in enumerate(example.given):
        known(source, (*place, "given", position), name, ["comment", *FIELDS], "field")
    given = dict.fromkeys(example.given, "given")
    if "resolution" in given:
        given["resolution"] = next(iter(workflow.resolutions))
    try:
        workflow.check_transition(example.start, example.to, by=[example.by], given=given)
    except ActRefused as refused:
        found = f"refused: {refused}"
    else:
        found = "allowed"
    with_what = f" by {example.by}" + (f" with {', '.join(example.given)}" if example.given else "")
    expected = "allowed" if example.allowed else "refused"
    return ReadingExample(
        "workflow.yaml",
        f"{example.start} to {example.to}{with_what}",
        expected,
        found if example.allowed else found.partition(":")[0],
    )


def _reply(example: ReplyExample, policy: Policy, source: Source, number: int) -> ReadingExample:
    place = ("examples", "replies", number)
    workflow = policy.workflow
    known(source, (*place, "state"), example.state, list(workflow.states), "state")
    known(source, (*place, "gives"), example.gives, [*workflow.states, FOLLOW_UP], "state")
    is_open = workflow.states[example.state].is_open
    closed_at = None if is_open else _NOW - timedelta(days=example.days_since)
    effect = workflow.on_customer_reply(example.state, closed_at, now=_NOW)
    return ReadingExample(
        "workflow.yaml",
        f"a reply in {example.state} after {example.days_since} days",
        example.gives,
        FOLLOW_UP if effect.follow_up else effect.to,
    )


def _notification(
    example: NotificationExample, policy: Policy, source: Source, number: int
) -> ReadingExample:
    place = ("examples", number)
    known(source, (*place, "event"), example.event, [rule.event for rule in policy.notifications], "event")
    if example.state:
        known(source, (*place, "state"), example.state, list(policy.workflow.states), "state")
    told = [
        f"{rule.template} to {rule.audience}"
        for rule in policy.notifications
        if rule.event == example.event and rule.state in {"", example.state}
    ]
    shown = f"{example.event} {example.state}".rstrip()
    return ReadingExample("notifications.yaml", shown, ", ".join(example.tells), ", ".join(told))
