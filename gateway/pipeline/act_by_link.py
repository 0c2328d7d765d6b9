"""Another way in: what somebody does by the link of a mail, once its page has been confirmed.

Looking changes nothing, however often and from wherever it is done. Doing uses the link up in the
transaction of the act. The link and its page's POST are E4: both went through the address that we know.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from gateway.domain.action import ActionToken, IssuedAction
from gateway.domain.address import author_key
from gateway.domain.desk import Contact, Desk
from gateway.domain.escalation import Escalation
from gateway.domain.events import EscalationRequested, Event
from gateway.domain.evidence import Level
from gateway.domain.intent.read import read_intent
from gateway.domain.permissions import Role, Ruling, row_of, ruling
from gateway.domain.policy import Policy
from gateway.domain.reading.tables import ReadingTables
from gateway.domain.term import Term
from gateway.domain.text import clean_line, clean_text
from gateway.domain.ticket import Ticket, TimelineEntry
from gateway.domain.zones import Zones
from gateway.errors import ActRefused, ForgedToken
from gateway.pipeline.act import said_directly
from gateway.pipeline.alert_context import tied_values
from gateway.pipeline.alert_orders import alerts_of
from gateway.pipeline.change_ticket import change_ticket
from gateway.pipeline.context import context_of
from gateway.pipeline.facts import role_on
from gateway.pipeline.fill_outbox import fill_outbox
from gateway.pipeline.held_mail import MailLedger, look_at_held
from gateway.pipeline.link_acts import LINK_ACTS, Field, Given, LinkAct, LinkFacts, entry_to_undo
from gateway.pipeline.offer_links import add_action, hash_of
from gateway.pipeline.orders import Orders
from gateway.ports import Bell, Clock, Renderer, Signer, UnitOfWork

# Something to fill in for asking whether an act could be done at all.
_ANYTHING = "…"


class Step(StrEnum):
    """Where a link's page stands."""

    ASK = "ask"
    """It can be done, and nothing has been."""
    DONE = "done"
    USED = "used"
    """It was done before."""
    EXPIRED = "expired"
    UNAVAILABLE = "unavailable"
    """It cannot be done now, or not by this person; `problem` says why."""


@dataclass(frozen=True, slots=True)
class View:
    """What a link's page shows.

    Attributes:
        act: a name of `LINK_ACTS`.
        context: as of a mail's template, with what `templates/README.md` adds for pages.
        shown: what must not have changed when the page is confirmed.
        problem: why it was not or cannot be done, in the reader's language.
        given: what stands in the form.
    """

    step: Step
    act: str
    language: str
    context: Mapping[str, Any]
    shown: str = ""
    problem: str = ""
    given: Given = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Case:
    """A link with all that is known of it."""

    token: ActionToken
    issued: IssuedAction
    ticket: Ticket
    actor: Contact
    role: Role
    act: LinkAct
    language: str
    escalation: Escalation | None


@dataclass(frozen=True, slots=True)
class LinkActing:
    """Looks at links and acts by them; the outside as `Acting` has it.

    Attributes:
        open_looking: the rows for a look, with no lock and no writing.
    """

    open_uow: Callable[[Desk], AbstractContextManager[UnitOfWork]]
    open_looking: Callable[[Desk], AbstractContextManager[UnitOfWork]]
    current: Callable[[], tuple[Desk, Signer]]
    policy: Policy
    tables: ReadingTables
    ledger: MailLedger
    renderer: Renderer
    clock: Clock
    bell: Bell

    def is_ours(self, link: str) -> bool:
        """Whether we signed it; asks no database."""
        try:
            return self.current()[1].read_action(link) is not None
        except ForgedToken:
            return False

    def look(self, link: str) -> View | None:
        """What the link's page shows; None for a link that is none of ours."""
        desk, signer = self.current()
        now = self.clock.now()
        with self.open_looking(desk) as uow:
            case = _case(link, uow, signer, self.policy)
            return None if case is None else self._view(case, uow, {}, now=now)

    def act(self, link: str, filled: Mapping[str, str], was_shown: Callable[[str], str]) -> View | None:
        """Do it, once, if it is what the page showed.

        Args:
            filled: the form's fields, as strangers may send them.
            was_shown: what is wrong with the page for something shown, or empty.
        """
        desk, signer = self.current()
        now = self.clock.now()
        with self.open_uow(desk) as uow:
            case = _case(link, uow, signer, self.policy)
            if case is None:
                return None
            given = _given(case.act, filled)
            view = self._view(case, uow, given, now=now)
            if view.step is not Step.ASK:
                return view
            if problem := was_shown(view.shown):
                return replace(view, problem=problem)
            try:
                undo = self._do(case, uow, given, signer, now=now)
            except ActRefused as refused:
                return replace(view, problem=refused.in_language(case.language))
            event = _event(
                uow.ticket(case.ticket.number) or case.ticket, uow.escalations.of(case.ticket.number)
            )
            context = self._context(event, case, uow, given, now=now) | {"undo": undo}
        self.bell.ring("inbound" if case.act.held else "outbox")
        return View(Step.DONE, case.token.act, case.language, context, given=given)

    def _do(self, case: _Case, uow: UnitOfWork, given: Given, signer: Signer, *, now: datetime) -> str:
        """Carry it out and use the link up; a link that takes it back, or empty.

        Raises:
            ActRefused: nothing has been written.
        """
        acts = case.act.order(self._facts(case, uow, given, now=now), given)
        events = change_ticket(acts, uow, self.policy, now=now)
        fill_outbox(events, uow, self.policy, self.renderer, signer, now=now)
        if not uow.actions.use(case.issued.hash, now=now):
            raise ActRefused("somebody has just used this link", "ce lien vient d’être utilisé")
        if not case.act.can_undo:
            return ""
        within = self.policy.escalation.undo_within
        taking_back = ActionToken(
            "undo",
            case.ticket.number,
            case.token.contact,
            case.token.notification,
            0,
            int((now + within).timestamp()),
        )
        return add_action(taking_back, uow, signer, now=now)

    def _view(self, case: _Case, uow: UnitOfWork, given: Given, *, now: datetime) -> View:
        event = _event(case.ticket, case.escalation)
        context = self._context(event, case, uow, given, now=now)
        view = View(Step.ASK, case.token.act, case.language, context)
        if case.issued.used_at is not None:
            return replace(view, step=Step.USED)
        if case.token.expires_at <= now.timestamp():
            return replace(view, step=Step.EXPIRED)
        role, deed = row_of(case.role, case.act.deed, case.actor.roles)
        if ruling(role, deed, Level.E4, staff_token_suffices=False) is not Ruling.ALLOW:
            return replace(view, step=Step.UNAVAILABLE, problem=_NOT_YOURS.in_language(case.language))
        anything = {each.name: _ANYTHING for each in case.act.fields}
        facts = self._facts(case, uow, anything, now=now)
        try:
            case.act.order(facts, anything)
        except ActRefused as refused:
            return replace(view, step=Step.UNAVAILABLE, problem=refused.in_language(case.language))
        return replace(view, shown=case.act.shown(facts), given=given or _asked(case, facts))

    def _facts(self, case: _Case, uow: UnitOfWork, given: Given, *, now: datetime) -> LinkFacts:
        recent = uow.recent_entries(case.ticket.number) if case.token.act == "undo" else ()
        alerts = alerts_of(case.ticket, uow) if case.token.act == "follow" else ()
        said = said_directly(case.actor, _as_text(case.act.fields, given, case.language), "web")
        asked_by = case.issued.asked_by_mail
        return LinkFacts(
            Orders(case.ticket, case.actor, said, uow.desk, self.policy, now, recent=recent, alerts=alerts),
            case.escalation,
            case.token.about,
            uow.customers_mail(case.ticket.number, asked_by) if asked_by else None,
            asked_by is not None,
            self._read,
        )

    def _read(self, text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        intent = read_intent(Zones(text, "", ""), self.tables.intent)
        return intent.grounds, intent.refusals

    def _context(
        self, event: Event, case: _Case, uow: UnitOfWork, given: Given, *, now: datetime
    ) -> dict[str, Any]:
        context = context_of(event, (event,), case.actor.mailbox, case.language, uow.desk, self.policy)
        facts = self._facts(case, uow, given, now=now)
        entry = entry_to_undo(facts) if case.token.act == "undo" else None
        held = (
            look_at_held(case.token.about, self.ledger, self.tables, self.current()[1])
            if case.act.held
            else None
        )
        return {
            **context,
            "mail": asdict(held) if held else None,
            "alerts": tied_values(facts.orders.alerts, case.language),
            "asked": facts.asked.text if facts.asked else "",
            "by_mail": facts.by_mail,
            "entry": _entry(entry, case.language, self.policy) if entry else None,
            "undo_minutes": round(self.policy.escalation.undo_within.total_seconds() / 60),
            "undo": "",
            "used_at": case.issued.used_at,
            "expires_at": datetime.fromtimestamp(case.token.expires_at, UTC),
        }


_NOT_YOURS = ActRefused(
    "this is not for you to do any more; reply to the mail if you think it should be",
    "ceci ne vous revient plus ; répondez au message si vous pensez le contraire",
)


def _case(link: str, uow: UnitOfWork, signer: Signer, policy: Policy) -> _Case | None:
    try:
        token = signer.read_action(link)
    except ForgedToken:
        return None
    act = LINK_ACTS.get(token.act) if token else None
    if token is None or act is None:
        return None
    # The ticket first: it is locked, and whoever uses the same link at the same time waits here.
    ticket = uow.ticket(token.ticket)
    issued = uow.actions.find(token, hash_of(link))
    if ticket is None or issued is None:
        return None
    actor = _actor(token, ticket, uow)
    if actor is None:
        return None
    is_team = token.contact == 0
    role = Role.AGENT if is_team else role_on(actor, ticket, uow)
    is_requester = ticket.requester is not None and ticket.requester.id == actor.id
    own = "" if is_requester else actor.language
    language = (
        own or (policy.default_language if actor.is_staff else ticket.language) or policy.default_language
    )
    return _Case(token, issued, ticket, actor, role, act, language, uow.escalations.of(ticket.number))


def _actor(token: ActionToken, ticket: Ticket, uow: UnitOfWork) -> Contact | None:
    """Whom the link was made for, with the roles of today; a team acts by its address."""
    if token.contact:
        contact = uow.contact(token.contact)
        return None if contact is None else uow.desk.staff.get(contact.key, contact)
    team = uow.desk.teams.get(ticket.team)
    if team is None or not team.address:
        return None
    lead = uow.desk.staff.get(author_key(team.lead))
    return Contact(
        id=0,
        key=author_key(team.address),
        address=team.address,
        name=team.name,
        language=lead.language if lead else "",
        organisation_id=None,
        roles=frozenset({"agent"}),
        team=team.name,
        offers=(),
        listed=True,
    )


def _event(ticket: Ticket, escalation: Escalation | None) -> Event:
    """Something that has the ticket's and the request's facts in its context."""
    return EscalationRequested(ticket, None, escalation, None) if escalation else Event(ticket, None)


def _entry(entry: TimelineEntry, language: str, policy: Policy) -> dict[str, str]:
    """A change with its values as people call them."""
    terms: Mapping[str, Term] = {"priority": policy.priorities, "type": policy.types}.get(entry.kind, {})
    labels = {name: term.label(language) for name, term in terms.items()}
    if entry.kind == "state":
        labels = {
            name: state.labels.get(language) or state.labels["en"]
            for name, state in policy.workflow.states.items()
        }
    before, after = (labels.get(each, each) for each in (entry.from_value, entry.to_value))
    return {"kind": entry.kind, "from": before, "to": after}


def _given(act: LinkAct, filled: Mapping[str, str]) -> Given:
    """The fields of the act alone, harmless and not too long."""
    given = {}
    for each in act.fields:
        text = filled.get(each.name, "")[: 4 * each.limit]
        given[each.name] = (
            clean_text(text).strip()[: each.limit] if each.lines else clean_line(text, limit=each.limit)
        )
    return given


_FIELD_NAMES: Mapping[str, tuple[str, str]] = {
    "impact": ("What is blocked", "Ce qui est bloqué"),
    "since": ("Since", "Depuis"),
    "how_many": ("People concerned", "Personnes touchées"),
}


def _as_text(fields: tuple[Field, ...], given: Given, language: str) -> str:
    """What was filled in as one text: a comment reads as if it had been written in a mail."""
    parts = []
    for each in fields:
        words = given.get(each.name, "").strip()
        if not words or each.name == "estimate":
            continue
        names = _FIELD_NAMES.get(each.name)
        label = f"{names[1]} : " if names and language == "fr" else f"{names[0]}: " if names else ""
        parts.append(label + words)
    return "\n\n".join(parts)


def _asked(case: _Case, facts: LinkFacts) -> Given:
    """What the mail that is to be confirmed has said already."""
    return {each.name: facts.asked_text[: each.limit] for each in case.act.fields if each.name == "reason"}
