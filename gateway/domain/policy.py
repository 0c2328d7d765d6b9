"""The desk's policy as typed values: what `rules/` says, read by `gateway.rulebook`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from gateway.domain.action import Offer
from gateway.domain.checklist import Checklist
from gateway.domain.escalation import EscalationPolicy
from gateway.domain.files import FileRules
from gateway.domain.service_levels import ServiceLevels
from gateway.domain.storm import StormRules
from gateway.domain.suggestions import SuggestionRules
from gateway.domain.term import Term
from gateway.domain.timers import TimerRules
from gateway.domain.workflow import Workflow


class Audience(StrEnum):
    """Whom a notification goes to."""

    REQUESTER = "requester"
    PARTICIPANTS = "participants"
    ASSIGNEE_OR_TEAM = "assignee_or_team"
    """The assignee; where there is none, the team."""
    TEAM = "team"
    """The team's address; where it has none, its members."""
    LEAD = "lead"
    """The team's lead."""
    MATRIX = "matrix"
    """Whom the escalation matrix names."""
    ASKER = "asker"
    """Whoever asked for it: an escalation, news, or a priority."""
    CONTACT = "contact"
    """The one person whom an event is for."""
    ACCOUNT_MANAGERS = "account_managers"
    """The organisation's; where it has none, the team's lead."""


@dataclass(frozen=True, slots=True)
class NotificationRule:
    """One line of rules/notifications.yaml.

    Attributes:
        event: an event's `name`.
        state: only when the ticket's state is this one, or empty for any.
        template: folder under templates/mail.
        always: told beside whatever else the same mail or act tells its reader.
    """

    id: str
    event: str
    state: str
    audience: Audience
    template: str
    why: str
    always: bool = False


@dataclass(frozen=True, slots=True)
class Limits:
    """Brakes.

    Attributes:
        participants: that one mail may add to a ticket.
    """

    participants: int


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything that the pipeline asks of the rules.

    Attributes:
        version: of the files that it was read from; recorded with every decision.
        priorities: most urgent first; their order is the queue's.
        set_by: who may set each of them, of `workflow.MOVERS`.
        offers: the links of mails; none where there is no page for them to open.
        charged_types: for which a Flex contract is charged.
        default_language: where nobody's is known.
    """

    version: str
    workflow: Workflow
    priorities: Mapping[str, Term]
    default_priority: str
    set_by: Mapping[str, frozenset[str]]
    types: Mapping[str, Term]
    default_type: str
    charged_types: frozenset[str]
    notifications: tuple[NotificationRule, ...]
    offers: tuple[Offer, ...]
    limits: Limits
    default_language: str
    escalation: EscalationPolicy
    service_levels: ServiceLevels
    timers: TimerRules
    storms: StormRules
    checklist: Checklist
    suggestions: SuggestionRules
    files: FileRules

    def words(self, name: str, language: str) -> str:
        """What the gateway says by itself on a ticket: `reminder` or `closing`, else in English."""
        texts = self.timers.words[name]
        return texts.get(language) or texts["en"]

    def may_set(self, priority: str, by: Collection[str]) -> bool:
        """Whether one of `by` may give a ticket that priority."""
        return not self.set_by[priority].isdisjoint(by)

    @property
    def customers_choose(self) -> bool:
        """Whether there is a priority that customers may set."""
        return any("customer" in by for by in self.set_by.values())

    def rank(self, priority: str) -> int:
        """Place in the queue's order, 0 for the most urgent."""
        return list(self.priorities).index(priority)
