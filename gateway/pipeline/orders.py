"""What somebody wants done with a ticket, checked against the rules and turned into acts.

The same for whoever asks: the command line, and the commands at the top of a mail. Who may order
what on which evidence has been decided before (`domain.permissions`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from gateway.domain.acts import (
    Act,
    AddComment,
    AssignTicket,
    ChangePriority,
    ChangeState,
    ChangeType,
    ChargeFlex,
    DecideEscalation,
    Nudge,
    RequestEscalation,
    Said,
)
from gateway.domain.address import author_key
from gateway.domain.desk import Contact, Desk
from gateway.domain.escalation import still_missing
from gateway.domain.flex import is_charged, minutes_of
from gateway.domain.intent.case import ReadMail
from gateway.domain.policy import Policy
from gateway.domain.service_alert import TicketAlert
from gateway.domain.ticket import Ticket, TimelineEntry
from gateway.domain.workflow import movers, named_movers
from gateway.errors import ActRefused

_DETAIL = re.compile(r"\b(at|who|resolution|third_party|time|temps)=(\"[^\"]{0,200}\"|\S{1,200})")


@dataclass(frozen=True, slots=True)
class Orders:
    """Orders of one person on one ticket.

    Attributes:
        said: the text that comes with them; its text may be empty.
        recent, marked: the newest of the timeline, and the mail in question; for `taking_back`.
        alerts: the open service alerts, as the ticket sees them; for `alert_orders`.
    """

    ticket: Ticket
    actor: Contact
    said: Said
    desk: Desk
    policy: Policy
    now: datetime
    recent: tuple[TimelineEntry, ...] = ()
    marked: ReadMail | None = None
    alerts: tuple[TicketAlert, ...] = ()

    def comment(self) -> list[Act]:
        """A public comment: of the desk when the actor is on the roster, else of the customer."""
        self._need_text("a comment needs a text")
        if self._by_desk():
            return [AddComment(self.ticket.number, self.said, "public", by_desk=True)]
        return [AddComment(self.ticket.number, self.said, "public", by_desk=False), *self._brought_back()]

    def _brought_back(self) -> list[Act]:
        """What words of the customer's side do to the state, as any reply does."""
        effect = self.policy.workflow.on_customer_reply(
            self.ticket.state, self.ticket.closed_at, now=self.now
        )
        if effect.follow_up:
            raise self._too_late()
        if effect.to == self.ticket.state:
            return []
        return [
            ChangeState(
                ticket=self.ticket.number,
                to=effect.to,
                actor=self.actor,
                by=movers(self.actor, for_customer=True),
                said=self._speaking("(no text)") if effect.reopens else None,
                details=(),
                reopening=effect.reopens,
                reason="the customer replied",
                evidence=self.said.evidence,
            )
        ]

    def note(self) -> list[Act]:
        """An internal note, which no customer sees."""
        self.staff()
        self._need_text("a note needs a text")
        return [AddComment(self.ticket.number, self.said, "internal", by_desk=True)]

    def transition(self, word: str, details: Mapping[str, str]) -> list[Act]:
        """Move to the state that `word` names; the text is the comment that explains it."""
        states = self.policy.workflow.states
        state = by_label(word, {each.id: each.labels.values() for each in states.values()})
        if state is None:
            raise ActRefused(
                f"there is no state {word!r}; the states are {', '.join(states)}",
                f"il n'y a pas d'état {word!r} ; les états sont {', '.join(states)}",
            )
        self.agent()
        text = self.said.text.strip()
        by = movers(self.actor, for_customer=False)
        self.policy.workflow.check_transition(
            self.ticket.state, state, by=by, given={**details, "comment": text}
        )
        minutes = self._minutes(state, details.get("time", ""))
        said = self.said if text else None
        comment: list[Act] = [AddComment(self.ticket.number, said, "public", by_desk=True)] if said else []
        change = ChangeState(
            ticket=self.ticket.number,
            to=state,
            actor=self.actor,
            by=by,
            said=said,
            details=tuple((name, value) for name, value in details.items() if value),
            reopening=False,
            reason="",
            evidence=self.said.evidence,
            charge=minutes,
        )
        return [*comment, change]

    def charge(self, time: str) -> list[Act]:
        """Take the time that a closed ticket has cost from its Flex contract."""
        actor = self.agent()
        if self.ticket.state != "closed":
            raise ActRefused(
                f"#{self.ticket.number} is {self.ticket.state}; a Flex contract is charged when it is closed",
                f"#{self.ticket.number} n'est pas fermée ; le forfait est décompté à la fermeture",
            )
        return [ChargeFlex(self.ticket.number, self._minutes("closed", time), actor, self.said.evidence)]

    def _minutes(self, state: str, time: str) -> int:
        """What a Flex contract pays for the ticket; 0 where there is nothing to pay."""
        is_owed = state == "closed" and is_charged(self.ticket, self.desk, self.policy.charged_types)
        if not is_owed and not time:
            return 0
        if not is_owed:
            raise ActRefused(
                "only the closing of a change request under a Flex contract takes a time, and only once",
                "seule la fermeture d'une demande d'évolution sous contrat Flex prend un temps, et une seule fois",
            )
        minutes = minutes_of(time)
        if minutes is None:
            shown, montre = (
                (f"{time!r} is no time: ", f"« {time} » n'est pas un temps : ") if time else ("", "")
            )
            raise ActRefused(
                f"{shown}the contract is Flex, so closing needs the time spent, such as time=1h30 (--time 1h30)",
                f"{montre}le contrat est Flex, la fermeture demande le temps passé, par exemple temps=1h30",
            )
        return minutes

    def priority(self, word: str, reason: str) -> list[Act]:
        """Another priority, with the reason that the timeline keeps."""
        priorities = self.policy.priorities
        found = by_label(word, {term.id: term.labels.values() for term in priorities.values()})
        if found is None:
            raise ActRefused(
                f"there is no priority {word!r}; there are {', '.join(priorities)}",
                f"il n'y a pas de criticité {word!r} ; il y a {', '.join(priorities)}",
            )
        by = movers(self.actor, for_customer=not self._by_desk())
        if not self.policy.may_set(found, by):
            english, french = named_movers(self.policy.set_by[found])
            raise ActRefused(
                f"{found} is set by {english} only", f"{found} : fixée par {french}, et personne d'autre"
            )
        reason = reason.strip() or ("" if self._by_desk() else "chosen by the customer")
        if not reason:
            raise ActRefused(
                "a change of priority needs a reason", "un changement de criticité demande un motif"
            )
        if self.ticket.priority == found:
            raise ActRefused(
                f"#{self.ticket.number} is {found} already", f"#{self.ticket.number} est déjà {found}"
            )
        return [ChangePriority(self.ticket.number, found, self.actor, reason, self.said.evidence)]

    def assign(self, who: str) -> list[Act]:
        """Give the ticket to an agent, by address or name; `me` is the actor."""
        agents = [each for each in self.desk.staff.values() if each.roles & {"agent", "support_lead"}]
        wanted = author_key(who) if "@" in who else who.strip().casefold()
        named = [each for each in agents if wanted in {each.key, each.name.casefold()}]
        if wanted in {"me", "moi"} and self.actor in agents:
            named = [self.actor]
        if len(named) != 1:
            shown = ", ".join(each.address for each in agents)
            raise ActRefused(
                f"{who} is no agent; there are {shown}", f"{who} n'est pas un agent ; il y a {shown}"
            )
        return [AssignTicket(self.ticket.number, named[0], self.agent(), self.said.evidence)]

    def change_type(self, word: str) -> list[Act]:
        """Another type."""
        types = self.policy.types
        found = by_label(word, {term.id: term.labels.values() for term in types.values()})
        if found is None:
            raise ActRefused(
                f"there is no type {word!r}; there are {', '.join(types)}",
                f"il n'y a pas de type {word!r} ; il y a {', '.join(types)}",
            )
        return [ChangeType(self.ticket.number, found, self.agent(), self.said.evidence)]

    def nudge(self) -> list[Act]:
        """Ask for news."""
        nudge = Nudge(self.ticket.number, self._speaking("Is there any news?"))
        return [nudge, *([] if self._by_desk() else self._brought_back())]

    def escalate(
        self,
        reason: str,
        *,
        grounds: tuple[str, ...] = (),
        refusals: tuple[str, ...] = (),
        given: Mapping[str, bool] | None = None,
    ) -> list[Act]:
        """Ask for an escalation, or strengthen the request that is open; the words stay on the ticket.

        Those of the desk's people are a note, for they need not be the customer's to read.

        Args:
            given: which of the details that the rules ask for the asker has given; None for a
                reason that says all or nothing of them.
        """
        policy = self.policy.escalation
        if policy.must_nudge(self.ticket, grounds):
            raise ActRefused(
                "an escalation can be asked for once a nudge has brought no answer",
                "une escalade se demande après une relance restée sans réponse",
            )
        known = dict.fromkeys(policy.asks_for, bool(reason.strip())) if given is None else given
        said = self._speaking(reason)
        visibility = "internal" if self._by_desk() else "public"
        words = [AddComment(self.ticket.number, said, visibility, by_desk=self._by_desk())]
        return [
            *(words if said.text.strip() else []),
            *([] if self._by_desk() else self._brought_back()),
            RequestEscalation(
                self.ticket.number,
                said,
                reason.strip(),
                grounds,
                refusals,
                still_missing(policy.asks_for, known),
            ),
        ]

    def approve(self, estimate: str, words: str = "") -> list[Act]:
        """Approve the open request for escalation."""
        if not estimate.strip():
            raise ActRefused(
                "an approval needs an estimate of the time to resolution",
                "une approbation demande une estimation du délai",
            )
        return [self._decision(approved=True, estimate=estimate.strip(), reason=words.strip())]

    def refuse(self, reason: str) -> list[Act]:
        """Refuse the open request for escalation."""
        if not reason.strip():
            raise ActRefused(
                "a refusal needs a reason, which the customer is told",
                "un refus demande un motif, qui est donné au client",
            )
        return [self._decision(approved=False, estimate="", reason=reason.strip())]

    def close(self, argument: str) -> list[Act]:
        """Close it: a customer at once, the desk with a resolution."""
        if self._by_desk():
            return self.transition("closed", details_of(argument))
        return self._own_request("closed", (("resolution", "answered"),), reopening=False)

    def reopen(self) -> list[Act]:
        """Bring it back."""
        if self.policy.workflow.states[self.ticket.state].is_open:
            raise ActRefused(
                f"#{self.ticket.number} is {self.ticket.state}; there is nothing to reopen",
                f"#{self.ticket.number} est {self.ticket.state} ; il n'y a rien à rouvrir",
            )
        if self._by_desk():
            return self.transition("in_progress", {})
        if self.policy.workflow.on_customer_reply(
            self.ticket.state, self.ticket.closed_at, now=self.now
        ).follow_up:
            raise self._too_late()
        return self._own_request("in_progress", (), reopening=True)

    def _too_late(self) -> ActRefused:
        return ActRefused(
            f"#{self.ticket.number} has been closed for too long to be reopened; open a new request",
            f"#{self.ticket.number} est fermée depuis trop longtemps pour être rouverte ; "
            "ouvrez une nouvelle demande",
        )

    def _own_request(self, to: str, details: tuple[tuple[str, str], ...], *, reopening: bool) -> list[Act]:
        by = movers(self.actor, for_customer=True)
        given = {**dict(details), "comment": "by the customer"}
        self.policy.workflow.check_transition(self.ticket.state, to, by=by, given=given)
        comment: list[Act] = []
        if reopening and self.said.text.strip():
            comment.append(AddComment(self.ticket.number, self.said, "public", by_desk=False))
        return [
            *comment,
            ChangeState(
                ticket=self.ticket.number,
                to=to,
                actor=self.actor,
                by=by,
                said=self._speaking("(no text)") if reopening else None,
                details=details,
                reopening=reopening,
                reason="by the customer",
                evidence=self.said.evidence,
            ),
        ]

    def _decision(self, *, approved: bool, estimate: str, reason: str) -> DecideEscalation:
        if self.ticket.escalation != "requested":
            raise ActRefused(
                f"there is no open request for escalation on #{self.ticket.number}",
                f"aucune demande d'escalade n'est ouverte sur #{self.ticket.number}",
            )
        if "support_lead" not in self.actor.roles:
            raise ActRefused(
                f"{self.actor.address} is no support lead; escalations are decided by leads",
                f"{self.actor.address} n'est pas responsable ; les escalades sont décidées par les responsables",
            )
        return DecideEscalation(
            self.ticket.number, approved, self.actor, estimate, reason, self.said.evidence
        )

    def _by_desk(self) -> bool:
        requester = self.ticket.requester
        return self.actor.is_staff and not (requester is not None and requester.id == self.actor.id)

    def staff(self) -> Contact:
        """The actor, who must be on the roster."""
        if not self.actor.is_staff:
            raise ActRefused(
                f"{self.actor.address} is not on the roster",
                f"{self.actor.address} ne fait pas partie de l'équipe",
            )
        return self.actor

    def agent(self) -> Contact:
        """The actor, who must be of those who work tickets."""
        actor = self.staff()
        if not actor.works_tickets:
            raise ActRefused(
                f"{actor.address} is an account manager; tickets are worked by agents",
                f"{actor.address} est responsable de compte ; les demandes sont traitées par les agents",
            )
        return actor

    def _speaking(self, otherwise: str) -> Said:
        return self.said if self.said.text.strip() else replace(self.said, text=otherwise.strip() + "\n")

    def _need_text(self, words: str) -> None:
        if not self.said.text.strip():
            raise ActRefused(words)


def details_of(argument: str) -> dict[str, str]:
    """`at=`, `who=`, `resolution=`, `third_party=` and `time=` in a command's argument."""
    found = {name: value.strip('"') for name, value in _DETAIL.findall(argument[:2000])}
    if "temps" in found:
        found["time"] = found.pop("temps")
    return found


def without_details(argument: str) -> str:
    """The same argument without what `details_of` reads in it."""
    return _DETAIL.sub("", argument[:2000]).strip()


def by_label(word: str, known: Mapping[str, Iterable[str]]) -> str | None:
    """The id that `word` is, or whose label in any language it is; None where there is none."""
    folded = word.strip().casefold()
    for name, labels in known.items():
        if folded == name or folded in (label.casefold() for label in labels):
            return name
    return None
