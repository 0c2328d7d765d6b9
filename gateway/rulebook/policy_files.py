"""The shapes of the policy's files in `rules/`, before anything is compared with anything else."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from gateway.domain.policy import Audience
from gateway.domain.sla import Effect
from gateway.domain.workflow import DESK
from gateway.rulebook.source import Strict, Words

Id = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]*$", max_length=40)]
ByLanguage = dict[str, Words]


class ClocksEntry(Strict):
    """What a state does to each clock."""

    response: Effect
    resolution: Effect


class StateEntry(Strict):
    """A state; see `domain.workflow.State`."""

    id: Id
    label: ByLanguage
    why: Words
    becomes: dict[str, list[str]]
    comment: str = ""
    needs: list[str] = Field(default_factory=list)
    customer_reply: str = ""
    reopens: bool = False
    follow_up: bool = False
    open: bool = True
    clocks: ClocksEntry


class TermEntry(Strict):
    """A priority, type or resolution."""

    id: Id
    label: ByLanguage
    meaning: ByLanguage = Field(default_factory=dict)


class TransitionExample(Strict):
    """Whether a ticket may be moved, having given these fields; by the desk where nobody is named."""

    start: str = Field(alias="from")
    to: str
    by: str = DESK
    given: list[str] = Field(default_factory=list)
    allowed: bool


class ReplyExample(Strict):
    """The state after a customer's reply, or `follow_up`."""

    state: str
    days_since: int = Field(default=0, ge=0)
    gives: str


class WorkflowExamples(Strict):
    """Of workflow.yaml."""

    transitions: list[TransitionExample] = Field(default_factory=list)
    replies: list[ReplyExample] = Field(default_factory=list)


class WorkflowFile(Strict):
    """workflow.yaml."""

    initial: str
    reopen_window_days: int = Field(ge=0, le=3650)
    states: list[StateEntry] = Field(min_length=1)
    resolutions: list[TermEntry] = Field(min_length=1)
    examples: WorkflowExamples = Field(default_factory=WorkflowExamples)


class PriorityEntry(TermEntry):
    """A priority; `set_by` names who may give it to a ticket, as a state's `becomes` does."""

    set_by: list[str] = Field(min_length=1)
    why: str = ""


class PrioritiesFile(Strict):
    """priorities.yaml."""

    default: str
    priorities: list[PriorityEntry] = Field(min_length=1)


class TypeEntry(TermEntry):
    """A type; `flex` says that a Flex contract is charged for it."""

    flex: bool = False


class TypesFile(Strict):
    """types.yaml."""

    default: str
    types: list[TypeEntry] = Field(min_length=1)


class NotificationEntry(Strict):
    """A line of the table; see `domain.policy.NotificationRule`."""

    id: Id
    event: str
    state: str = ""
    to: Audience
    template: Words
    why: Words
    always: bool = False


class NotificationExample(Strict):
    """Who is told of an event: `template to audience`, in order."""

    event: str
    state: str = ""
    tells: list[str]


class NotificationsFile(Strict):
    """notifications.yaml."""

    notifications: list[NotificationEntry]
    examples: list[NotificationExample] = Field(default_factory=list)


class LimitsEntry(Strict):
    """See `domain.policy.Limits`."""

    participants: int = Field(ge=0, le=100)


class IntakeFile(Strict):
    """intake.yaml."""

    default_language: str
    limits: LimitsEntry
