"""The workflow: states, what a customer's reply does in each, which transitions exist and whose they are."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from gateway.domain.desk import ROLES, Contact
from gateway.domain.sla import Effect
from gateway.domain.term import Term
from gateway.errors import ActRefused

DESK, CUSTOMER, TIMER = "desk", "customer", "timer"
MOVERS = (DESK, *ROLES, CUSTOMER, TIMER)
"""Who may make a transition, as `becomes` in rules/workflow.yaml names them."""
_FRENCH: Mapping[str, str] = MappingProxyType(
    {
        DESK: "l'équipe",
        "agent": "un agent",
        "support_lead": "un responsable de l'assistance",
        "offer_owner": "le responsable de l'offre",
        "account_manager": "le responsable du compte",
        CUSTOMER: "le client",
        TIMER: "le délai prévu",
    }
)


def movers(actor: Contact | None, *, for_customer: bool) -> frozenset[str]:
    """What somebody is to a transition; nobody is the timer.

    Args:
        for_customer: whether they act as the ticket's own people, whatever else they are.
    """
    if actor is None:
        return frozenset({TIMER})
    return frozenset({CUSTOMER}) if for_customer else frozenset({DESK, *actor.roles})


def named_movers(movers: Collection[str]) -> tuple[str, str]:
    """The same people in an English and a French sentence."""
    named = [each for each in MOVERS if each in movers]
    return " or ".join(named), " ou ".join(_FRENCH[each] for each in named)


@dataclass(frozen=True, slots=True)
class State:
    """One state of a ticket.

    Attributes:
        labels: by language.
        on_customer_reply: the state that a customer's reply moves to, or empty to stay.
        reopens: whether that is a reopening, of which the team is told.
        follows_up: whether a reply after the reopening window opens a follow-up instead.
        comment_required: what an agent must say when moving here, empty when nothing.
        fields: what else must be given: `at`, `who`, `third_party`, `resolution`.
        is_open: whether the ticket is still in the queue.
        clocks: what the state does to the clocks `response` and `resolution`.
    """

    id: str
    labels: Mapping[str, str]
    on_customer_reply: str
    reopens: bool
    follows_up: bool
    comment_required: str
    fields: tuple[str, ...]
    is_open: bool
    clocks: Mapping[str, Effect]


@dataclass(frozen=True, slots=True)
class ReplyEffect:
    """What a customer's reply does to a ticket.

    Attributes:
        to: the state that the ticket has afterwards; the same one when it stays.
        reopens: whether that is a reopening.
        follow_up: the ticket stays as it is, and a new one that is linked to it is opened.
    """

    to: str
    reopens: bool
    follow_up: bool


@dataclass(frozen=True, slots=True)
class Workflow:
    """All states, and the transitions between them.

    Attributes:
        initial: of a new ticket.
        transitions: to which states each state may go, and who of `MOVERS` may bring it there.
        reopen_window: how long after its closing a ticket can be reopened by a reply; later ones
            open a follow-up.
        resolutions: by id; the meaning of one is what its closing tells the customer.
    """

    initial: str
    states: Mapping[str, State]
    transitions: Mapping[str, Mapping[str, frozenset[str]]]
    reopen_window: timedelta
    resolutions: Mapping[str, Term]

    def allows(self, state: str, to: str, by: Collection[str]) -> bool:
        """Whether one of `by` may move a ticket from `state` to `to`."""
        return not self.transitions[state].get(to, frozenset()).isdisjoint(by)

    def check_transition(self, state: str, to: str, *, by: Collection[str], given: Mapping[str, str]) -> None:
        """Return when a ticket may be moved from `state` to `to`.

        Args:
            by: who moves it, see `movers`.
            given: `comment`, `resolution`, `at`, `who`, `third_party`, empty where not given.

        Raises:
            ActRefused: with a sentence that names what is allowed or missing.
        """
        if to not in self.states:
            raise ActRefused(
                f"there is no state {to!r}; the states are {', '.join(self.states)}",
                f"il n'y a pas d'état {to!r} ; les états sont {self._french(self.states)}",
            )
        if not self.allows(state, to, by):
            raise self._not_allowed(state, to, by)
        target = self.states[to]
        if target.comment_required and not given.get("comment"):
            raise ActRefused(
                f"{to} needs a comment that says {target.comment_required}",
                f"« {self._french([to])} » demande un commentaire, écrit sous la commande",
            )
        for name in target.fields:
            if not given.get(name):
                raise ActRefused(
                    f"{to} needs --{name.replace('_', '-')} (in a mail {name}=…)",
                    f"« {self._french([to])} » demande {name}=…",
                )
        resolution = given.get("resolution")
        if resolution and resolution not in self.resolutions:
            raise ActRefused(
                f"there is no resolution {resolution!r}; the resolutions are {', '.join(self.resolutions)}",
                f"il n'y a pas de résolution {resolution!r} ; il y a {', '.join(self.resolutions)}",
            )

    def _not_allowed(self, state: str, to: str, by: Collection[str]) -> ActRefused:
        here, there = self._french([state]), self._french([to])
        if others := self.transitions[state].get(to):
            english, french = named_movers(others)
            return ActRefused(
                f"a ticket that is {state} is brought to {to} by {english} only",
                f"de « {here} » à « {there} » : {french}, et personne d'autre",
            )
        open_to = [each for each in self.transitions[state] if self.allows(state, each, by)]
        return ActRefused(
            f"a ticket that is {state} cannot become {to}; it can become {', '.join(open_to) or 'nothing else'}",
            f"une demande « {here} » ne peut pas passer à « {there} » ; "
            f"elle peut passer à : {self._french(open_to) or 'aucun autre état'}",
        )

    def _french(self, states: Iterable[str]) -> str:
        return ", ".join(self.states[each].labels["fr"] for each in states)

    def on_customer_reply(self, state: str, closed_at: datetime | None, *, now: datetime) -> ReplyEffect:
        """What a customer's reply does in `state`.

        Args:
            closed_at: when the ticket was resolved or closed last, None for an open one.
        """
        found = self.states[state]
        if found.follows_up and self.is_past_reopening(closed_at, now=now):
            return ReplyEffect(state, reopens=False, follow_up=True)
        return ReplyEffect(found.on_customer_reply or state, reopens=found.reopens, follow_up=False)

    def is_past_reopening(self, closed_at: datetime | None, *, now: datetime) -> bool:
        """Whether a reply comes too late to reopen the ticket."""
        return closed_at is not None and now - closed_at > self.reopen_window
