"""The workflow: states, what a customer's reply does in each, and which transitions exist."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.domain.sla import Effect
from gateway.errors import ActRefused


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
    """All states, and the transitions that the desk may make.

    Attributes:
        initial: of a new ticket.
        transitions: to which states each state may go.
        reopen_window: how long after its closing a ticket can be reopened by a reply; later ones
            open a follow-up.
        resolutions: labels by id and language.
    """

    initial: str
    states: Mapping[str, State]
    transitions: Mapping[str, tuple[str, ...]]
    reopen_window: timedelta
    resolutions: Mapping[str, Mapping[str, str]]

    def check_transition(self, state: str, to: str, *, given: Mapping[str, str]) -> None:
        """Return when an agent may move a ticket from `state` to `to`.

        Args:
            given: `comment`, `resolution`, `at`, `who`, `third_party`, empty where not given.

        Raises:
            ActRefused: with a sentence that names what is allowed or missing.
        """
        allowed = self.transitions[state]
        if to not in self.states:
            raise ActRefused(
                f"there is no state {to!r}; the states are {', '.join(self.states)}",
                f"il n'y a pas d'état {to!r} ; les états sont {', '.join(self.states)}",
            )
        if to not in allowed:
            raise ActRefused(
                f"a ticket that is {state} cannot become {to}; it can become {', '.join(allowed)}",
                f"une demande {state} ne peut pas devenir {to} ; elle peut devenir {', '.join(allowed)}",
            )
        target = self.states[to]
        if target.comment_required and not given.get("comment"):
            raise ActRefused(
                f"{to} needs a comment that says {target.comment_required}",
                f"{to} demande un commentaire, écrit sous la commande",
            )
        for name in target.fields:
            if not given.get(name):
                raise ActRefused(
                    f"{to} needs --{name.replace('_', '-')} (in a mail {name}=…)",
                    f"{to} demande {name}=…",
                )
        resolution = given.get("resolution")
        if resolution and resolution not in self.resolutions:
            raise ActRefused(
                f"there is no resolution {resolution!r}; the resolutions are {', '.join(self.resolutions)}"
            )

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
