"""What a link in a mail may do: one entry an act, each through the same orders as a command.

An act is known by its name here, its page is `templates/portal/<language>/<name>.html`, and which mails
carry its link is said in rules/links.yaml.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import ClassVar

from gateway.domain.acts import Act, AddComment, RequestEscalation
from gateway.domain.desk import Contact
from gateway.domain.escalation import Escalation
from gateway.domain.events import CommandsAnswered, Event, TicketOpened
from gateway.domain.held import MailDropped, MailReleased
from gateway.domain.permissions import Deed
from gateway.domain.policy import Policy
from gateway.domain.ticket import Comment, Ticket, TimelineEntry
from gateway.domain.undo import to_undo
from gateway.errors import ActRefused
from gateway.pipeline.alert_orders import follow
from gateway.pipeline.apply_asks import below_commands
from gateway.pipeline.orders import Orders
from gateway.pipeline.taking_back import undo_last

Given = Mapping[str, str]
"""What was filled into the form, by field; every field of the act is there."""


@dataclass(frozen=True, slots=True)
class LinkFacts:
    """What an act by link is decided on.

    Attributes:
        orders: of whoever the link was made for; their `said` holds what was filled in.
        about: see `ActionToken`.
        asked: what the mail said that the act is to be confirmed for, or None.
        by_mail: whether a mail asked for it.
        read: grounds and refusals in what was filled in.
    """

    orders: Orders
    escalation: Escalation | None
    about: int
    asked: Comment | None
    by_mail: bool
    read: Callable[[str], tuple[tuple[str, ...], tuple[str, ...]]]

    @property
    def asked_text(self) -> str:
        """What that mail said below its commands, or empty."""
        text = self.asked.text if self.asked else ""
        commands = sum(line.startswith("#") for line in text.lstrip().split("\n")[:5])
        return below_commands(text, commands).strip()

    @property
    def ticket(self) -> Ticket:
        """The ticket."""
        return self.orders.ticket

    @property
    def actor(self) -> Contact:
        """Whoever the link was made for."""
        return self.orders.actor


@dataclass(frozen=True, slots=True)
class Field:
    """Something to fill in.

    Attributes:
        lines: whether it may have several.
    """

    name: str
    lines: bool = False

    LIMITS: ClassVar[Mapping[bool, int]] = MappingProxyType({False: 200, True: 2000})

    @property
    def limit(self) -> int:
        """Characters at most."""
        return self.LIMITS[self.lines]


def _always(event: Event, policy: Policy, now: datetime) -> bool:
    return True


def _nothing(facts: LinkFacts) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class LinkAct:
    """One act.

    Attributes:
        deed: the row of the permissions that decides; a link is E4, see ARCHITECTURE.md.
        order: the acts; raises ActRefused, also when asked beforehand with something in each field.
        fields: of the form; their texts are what the person says with it, in this order.
        shown: what its page shows beyond the fields: what is done must be what was seen.
        offered: whether an event's mail carries its link.
        held: whether it decides on the held mail that it is about.
        can_undo: whether its page offers to take it back.
    """

    deed: Deed
    order: Callable[[LinkFacts, Given], list[Act]]
    fields: tuple[Field, ...] = ()
    shown: Callable[[LinkFacts], str] = _nothing
    offered: Callable[[Event, Policy, datetime], bool] = _always
    held: bool = False
    can_undo: bool = False


# --- decisions -------------------------------------------------------------------------------


def _request(facts: LinkFacts) -> str:
    return str(facts.escalation.id if facts.escalation else 0)


def _check_request(facts: LinkFacts) -> None:
    """The request that the link is about still waits, and no other."""
    found, number = facts.escalation, facts.ticket.number
    if found is None:
        return
    if facts.about and facts.about != found.id:
        raise ActRefused(
            f"this link was for an earlier request; the one that is open now on #{number} has links of its own",
            f"ce lien concernait une demande précédente ; celle en cours sur #{number} a ses propres liens",
        )
    if not found.is_open:
        who = (found.decided_by.name or found.decided_by.address) if found.decided_by else "?"
        at = f"{found.decided_at:%Y-%m-%d %H:%M}" if found.decided_at else "?"
        decided = {"approved": ("approved", "approuvée"), "refused": ("refused", "refusée")}[found.state]
        raise ActRefused(
            f"the escalation of #{number} has been {decided[0]} by {who} ({at} UTC)",
            f"l’escalade de #{number} a été {decided[1]} par {who} ({at} UTC)",
        )


def _approve(facts: LinkFacts, given: Given) -> list[Act]:
    _check_request(facts)
    return facts.orders.approve(given["estimate"], given["words"])


def _refuse(facts: LinkFacts, given: Given) -> list[Act]:
    _check_request(facts)
    return facts.orders.refuse(given["reason"])


# --- asking ----------------------------------------------------------------------------------


def _nudge(facts: LinkFacts, given: Given) -> list[Act]:
    return facts.orders.nudge()


def _escalate(facts: LinkFacts, given: Given) -> list[Act]:
    ticket, policy = facts.ticket, facts.orders.policy
    if facts.escalation is not None and facts.escalation.state == "approved":
        _check_request(facts)
    if not policy.workflow.states[ticket.state].is_open:
        raise ActRefused(
            f"#{ticket.number} is finished; reply to its last mail to reopen it",
            f"la demande #{ticket.number} est terminée ; répondez à son dernier message pour la rouvrir",
        )
    if not facts.by_mail:
        _check_time(facts)
    if not given["reason"].strip():
        raise ActRefused("say why it has to be escalated", "dites pourquoi la demande doit être escaladée")
    grounds, refusals = facts.read(facts.orders.said.text)
    filled = {name: bool(given[name].strip()) for name in ("reason", "impact", "since", "how_many")}
    filled["impact"] = filled["impact"] or bool(grounds)
    request = facts.orders.escalate(given["reason"], grounds=grounds, refusals=refusals, given=filled)
    # What the mail has said stands on the ticket already.
    is_new = facts.orders.said.text.strip() != facts.asked_text
    return request if is_new else [act for act in request if isinstance(act, RequestEscalation)]


def _check_time(facts: LinkFacts) -> None:
    at = facts.orders.policy.escalation.link_from(facts.ticket)
    number = facts.ticket.number
    if at is None:
        raise ActRefused(
            f"#{number} is not escalated by link; reply to its last mail and say why it is urgent",
            f"la demande #{number} ne s’escalade pas par lien ; répondez à son dernier message en disant "
            "pourquoi elle est urgente",
        )
    if facts.orders.now < at:
        raise ActRefused(
            f"the link works from {at:%Y-%m-%d, %H:%M} UTC on; until then, reply to the mail to ask for news",
            f"le lien sera actif à partir du {at:%d/%m/%Y à %H:%M} UTC ; d’ici là, répondez au message pour "
            "demander des nouvelles",
        )


def _escalation_is_offered(event: Event, policy: Policy, now: datetime) -> bool:
    ticket = event.ticket
    at = policy.escalation.link_from(ticket)
    return (
        at is not None
        and now >= at
        and policy.workflow.states[ticket.state].is_open
        and ticket.escalation not in {"requested", "approved"}
        and not policy.escalation.must_nudge(ticket, ())
    )


def _close(facts: LinkFacts, given: Given) -> list[Act]:
    return facts.orders.close("")


def _reopen(facts: LinkFacts, given: Given) -> list[Act]:
    found = facts.orders.reopen()
    if not given["text"].strip():
        raise ActRefused("say what is not solved", "dites ce qui n’est pas résolu")
    return [AddComment(facts.ticket.number, facts.orders.said, "public", by_desk=False), *found]


# --- service alerts --------------------------------------------------------------------------


def _follow(facts: LinkFacts, given: Given) -> list[Act]:
    return follow(facts.orders, "")


def _alerts(facts: LinkFacts) -> str:
    return ",".join(str(each.alert.number) for each in facts.orders.alerts if each.state)


def _following_is_offered(event: Event, policy: Policy, now: datetime) -> bool:
    return isinstance(event, TicketOpened) and bool(event.first_answer.alerts)


# --- taking back, and held mail --------------------------------------------------------------


def _undo(facts: LinkFacts, given: Given) -> list[Act]:
    return undo_last(facts.orders)


def entry_to_undo(facts: LinkFacts) -> TimelineEntry | None:
    """What `undo` would take back now; None where there is nothing."""
    orders = facts.orders
    within = orders.policy.escalation.undo_within
    try:
        return to_undo(orders.ticket.number, orders.recent, orders.actor, now=orders.now, within=within)
    except ActRefused:
        return None


def _undone(facts: LinkFacts) -> str:
    entry = entry_to_undo(facts)
    return str(entry.id if entry else 0)


def _undo_is_offered(event: Event, policy: Policy, now: datetime) -> bool:
    return isinstance(event, CommandsAnswered) and any(each.undo == "undo" for each in event.answers)


def _release(facts: LinkFacts, given: Given) -> list[Act]:
    return [MailReleased(facts.ticket.number, facts.about, facts.orders.actor)]


def _drop(facts: LinkFacts, given: Given) -> list[Act]:
    return [MailDropped(facts.ticket.number, facts.about, facts.orders.actor, f"by {facts.actor.address}")]


# --- the table -------------------------------------------------------------------------------

_WHY = Field("reason", lines=True)

LINK_ACTS: Mapping[str, LinkAct] = MappingProxyType(
    {
        "approve": LinkAct(
            Deed.DECIDE,
            _approve,
            (Field("estimate"), Field("words", lines=True)),
            shown=_request,
            can_undo=True,
        ),
        "refuse": LinkAct(Deed.DECIDE, _refuse, (_WHY,), shown=_request, can_undo=True),
        "nudge": LinkAct(Deed.ASK, _nudge, (Field("text", lines=True),)),
        "escalate": LinkAct(
            Deed.ASK,
            _escalate,
            (_WHY, Field("impact"), Field("since"), Field("how_many")),
            offered=_escalation_is_offered,
        ),
        "close": LinkAct(Deed.END, _close),
        "reopen": LinkAct(Deed.END, _reopen, (Field("text", lines=True),)),
        "follow": LinkAct(Deed.ASK, _follow, shown=_alerts, offered=_following_is_offered),
        "undo": LinkAct(Deed.WORK, _undo, shown=_undone, offered=_undo_is_offered),
        "release": LinkAct(Deed.WORK, _release, held=True),
        "drop": LinkAct(Deed.WORK, _drop, held=True),
    }
)
