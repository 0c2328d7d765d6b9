"""Step 7: from facts to a decision. Pure: nothing is read here and nothing is changed."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime

from gateway.domain.acts import (
    OPENED,
    Act,
    AddComment,
    AddParticipants,
    ChangeState,
    HoldMail,
    OpenTicket,
    RecordAutomatic,
    RecordReturn,
    RefuseMail,
    Said,
)
from gateway.domain.articles import Heading
from gateway.domain.classification import Classified, Kind
from gateway.domain.decision import Decision, Outcome
from gateway.domain.desk import Contact, Desk
from gateway.domain.escalation import EscalationPolicy
from gateway.domain.evidence import Evidence, Level
from gateway.domain.first_answer import RECAP_ALONE, FirstAnswer
from gateway.domain.held import EndHolding
from gateway.domain.intent.case import ReadMail
from gateway.domain.intent.result import Asked, Intent, suggestions
from gateway.domain.permissions import Deed, Role, Ruling, ruling
from gateway.domain.policy import Policy
from gateway.domain.service_alert import LinkAlert, LinkState, MatchedAlert, TicketAlert
from gateway.domain.thread import Authority, Match
from gateway.domain.ticket import Ticket, TimelineEntry
from gateway.domain.token import Token
from gateway.domain.workflow import CUSTOMER
from gateway.pipeline.alert_context import named_alerts
from gateway.pipeline.apply_asks import (
    Asking,
    asked_back,
    asks_of_new_ticket,
    asks_on_ticket,
    chosen_priority,
)
from gateway.pipeline.suggest import suggest

# "Re: ", "RE : ", "TR: ", "Fwd: ", "AW: ", "[#42]": a subject may gather any number of them.
_PREFIX = re.compile(
    r"(?:re|r|ref|tr|rv|fw|fwd|aw|wg|sv|vs|antw|odp)(?:\[\d{1,3}\])?\s?:|\[#\d{1,12}\]", re.IGNORECASE
)
_LONGEST_SUBJECT = 200
LET_IN = "let in by the desk"
# What is not a reply from a person and may still be a request: somebody wrote it, to a list that we read.
OPENING_KINDS = frozenset({Kind.PERSON, Kind.LIST})


@dataclass(frozen=True, slots=True)
class Facts:
    """All that the rules look at.

    Attributes:
        first_id: ledger id of the first mail with this content; another one's for a duplicate.
        first_ticket: where that one went.
        ours: whether the mail was written by this gateway.
        returned: the notification that came back, where a bounce address or Message-ID names one.
        ticket: the match's ticket.
        role: what the author is to that ticket.
        named: other people among the mail's recipients, whom a proven mail may add.
        articles: of the knowledge base, found for a mail that may open a ticket.
        released: whether somebody of the desk has let this held mail in.
        recent, marked, alerts: see `Orders`; only where a command asks for them.
        matched: the open service alerts that a mail which may open a ticket is about.
    """

    inbound_id: int
    first_id: int
    first_ticket: int | None
    ours: bool
    returned: Token | None
    match: Match
    ticket: Ticket | None
    role: Role
    author: Contact | None
    evidence: Evidence
    said: Said
    desk: Desk
    desk_address: str
    named: tuple[Contact, ...]
    released: bool
    articles: tuple[Heading, ...] = ()
    recent: tuple[TimelineEntry, ...] = ()
    marked: ReadMail | None = None
    alerts: tuple[TicketAlert, ...] = ()
    matched: tuple[MatchedAlert, ...] = ()


def plain_subject(subject: str) -> str:
    """A subject without the answer prefixes and ticket numbers at its front, at most 200 characters."""
    rest = subject[: 5 * _LONGEST_SUBJECT].strip()
    while found := _PREFIX.match(rest):
        rest = rest[found.end() :].lstrip()
    return rest[:_LONGEST_SUBJECT].rstrip()


def apply_rules(
    classified: Classified, facts: Facts, policy: Policy, *, staff_token_suffices: bool, now: datetime
) -> Decision:
    """The one decision on a mail; one that was held on a ticket before waits no more."""
    decision = _decide(classified, facts, policy, staff_token_suffices=staff_token_suffices, now=now)
    held_before = facts.ticket is not None and facts.inbound_id in {
        each.inbound_id for each in facts.ticket.held
    }
    if facts.ticket is None or not held_before or decision.outcome is Outcome.HELD:
        return decision
    ended = EndHolding(facts.ticket.number, facts.inbound_id)
    return replace(decision, acts=(*decision.acts, ended))


def _decide(
    classified: Classified, facts: Facts, policy: Policy, *, staff_token_suffices: bool, now: datetime
) -> Decision:
    if facts.first_id != facts.inbound_id:
        return Decision(
            Outcome.DUPLICATE, (), facts.first_ticket, f"the same mail as {facts.first_id}, which came first"
        )
    if facts.ours:
        return Decision(Outcome.DROPPED, (), None, "our own mail came back")
    if classified.kind is Kind.BOUNCE:
        return _bounce(classified, facts)
    if classified.kind not in OPENING_KINDS or (facts.ticket is not None and classified.kind is Kind.LIST):
        return _automatic(classified, facts)
    facts = _with_suggestions(facts, classified.intent, policy.escalation)
    facts = replace(facts, said=replace(facts.said, attachments=policy.files.judged(facts.said.attachments)))
    if facts.ticket is None:
        return _without_ticket(classified, facts, policy, staff_token_suffices=staff_token_suffices, now=now)
    return _on_ticket(
        classified, facts, facts.ticket, policy, staff_token_suffices=staff_token_suffices, now=now
    )


def _with_suggestions(facts: Facts, intent: Intent, policy: EscalationPolicy) -> Facts:
    """With what was read in a customer's text that nothing will come of, for the desk to see."""
    if facts.author is not None and facts.author.is_staff:
        return facts
    asks = intent.asked is Asked.ESCALATION or bool(policy.opening.intersection(intent.grounds))
    too_early = facts.ticket is not None and policy.must_nudge(facts.ticket, intent.grounds)
    suggested = suggestions(intent, with_grounds=not asks or too_early)
    return replace(facts, said=replace(facts.said, suggested=suggested))


def _bounce(classified: Classified, facts: Facts) -> Decision:
    token = facts.returned
    if token is None:
        return Decision(Outcome.BOUNCE, (), None, "a bounce of no notification that we sent")
    failed = (
        [each for each in classified.bounce.recipients if each.action == "failed"]
        if classified.bounce
        else []
    )
    delayed = bool(classified.bounce and classified.bounce.recipients and not failed)
    first = failed[0] if failed else None
    words = first.diagnostic or first.reason if first else ""
    act = RecordReturn(
        ticket=token.ticket,
        notification=token.notification,
        contact=token.contact,
        permanent=first.permanent if first else False,
        reason=words or ("delivery is delayed" if delayed else "returned without a reason"),
        evidence=facts.evidence.level.name,
    )
    return Decision(
        Outcome.BOUNCE,
        () if delayed else (act,),
        token.ticket,
        f"notification {token.notification} came back",
    )


def _automatic(classified: Classified, facts: Facts) -> Decision:
    reason = f"automatic mail ({classified.kind}): {'; '.join(classified.kind_evidence)}"
    if facts.ticket is None:
        return Decision(Outcome.AUTO_REPLY, (), None, reason)
    act = RecordAutomatic(
        ticket=facts.ticket.number,
        kind=str(classified.kind),
        author_shown=facts.said.author_shown,
        message_id=facts.said.message_id,
        evidence=facts.evidence.level.name,
        away_until=classified.auto_reply.until if classified.auto_reply else None,
    )
    return Decision(Outcome.AUTO_REPLY, (act,), facts.ticket.number, reason)


def _without_ticket(
    classified: Classified, facts: Facts, policy: Policy, *, staff_token_suffices: bool, now: datetime
) -> Decision:
    level = facts.evidence.level
    ruled, why = f"anyone may open a ticket on {level.name}", "nothing ties it to a ticket"
    if facts.released:
        ruled, why = LET_IN, "released by the desk"
    elif ruling(Role.ANYONE, Deed.OPEN, level, staff_token_suffices=False) is Ruling.HOLD:
        reason = "; ".join(facts.evidence.reasons)
        return Decision(Outcome.HELD, (), None, reason, f"anyone, open, {level.name}: hold")
    opening = _open(classified, facts, policy, None)
    asked: tuple[Act, ...] = ()
    if facts.author is not None and classified.answerable:
        asking = _asking(
            classified, facts, facts.author, Role.REQUESTER, policy, staff=staff_token_suffices, now=now
        )
        priority, words = chosen_priority(asking)
        opening = replace(opening, priority=priority, chosen_with=words)
        asked = asks_of_new_ticket(asking, confirmed=opening.confirm)
    return Decision(Outcome.TICKET, (opening, *_tied(facts), *asked), None, why, ruled)


def _open(classified: Classified, facts: Facts, policy: Policy, follow_up_of: int | None) -> OpenTicket:
    author = facts.author
    known = author.language if author is not None and author.listed else ""
    followed = facts.ticket.language if follow_up_of is not None and facts.ticket is not None else ""
    language = classified.language or followed or known or policy.default_language
    confirm = classified.answerable
    unproven = facts.evidence.level < Level.E2
    return OpenTicket(
        subject=plain_subject(classified.mail.subject),
        language=language,
        desk_address=facts.desk_address,
        said=facts.said,
        follow_up_of=follow_up_of,
        confirm=confirm,
        first_answer=_first_answer(classified, facts, language, policy) if confirm else RECAP_ALONE,
        unproven=unproven,
        stranger=unproven and not (author is not None and author.is_customer),
    )


def _tied(facts: Facts) -> tuple[Act, ...]:
    """The ticket shows the alerts that it seems to be about; whether it follows them is its people's wish."""
    level = facts.evidence.level.name
    return tuple(
        LinkAlert(OPENED, each.alert.number, LinkState.MATCHED, None, ", ".join(each.words), level)
        for each in facts.matched
    )


def _first_answer(classified: Classified, facts: Facts, language: str, policy: Policy) -> FirstAnswer:
    told = {each.detail for each in classified.details}
    return FirstAnswer(
        missing=policy.checklist.missing(policy.default_type, told),
        alerts=named_alerts(facts.matched, language),
        articles=suggest(classified, facts.articles, language, policy.suggestions),
    )


def _on_ticket(
    classified: Classified,
    facts: Facts,
    ticket: Ticket,
    policy: Policy,
    *,
    staff_token_suffices: bool,
    now: datetime,
) -> Decision:
    chosen = facts.match.chosen
    by_number = chosen is not None and chosen.authority is Authority.SUBJECT
    deed = Deed.NUMBER if by_number else Deed.COMMENT
    level = facts.evidence.level
    found = ruling(facts.role, deed, level, staff_token_suffices=staff_token_suffices)
    ruled = f"{facts.role}, {deed}, {level.name}: {found}"
    why = chosen.reason if chosen else ""
    if facts.released:
        found, ruled, why = Ruling.ALLOW, LET_IN, "released by the desk"
    author = facts.author
    asking = author and _asking(
        classified, facts, author, facts.role, policy, staff=staff_token_suffices, now=now
    )
    if found is Ruling.HOLD and asking and (question := asked_back(ticket, asking)):
        reason = "a decision that is not proven well enough; the lead is asked whether it is theirs"
        return Decision(Outcome.REFUSED, (question,), ticket.number, reason, ruled)
    if found not in {Ruling.ALLOW, Ruling.MARK}:
        return _not_let_in(found, facts, ticket, ruled, by_number=by_number)
    decision = _comment(classified, facts, ticket, policy, why=why, ruled=ruled, now=now)
    if decision.outcome is not Outcome.COMMENT or not asking:
        return decision
    return replace(decision, acts=asks_on_ticket(ticket, decision.acts, asking))


def _not_let_in(found: Ruling, facts: Facts, ticket: Ticket, ruled: str, *, by_number: bool) -> Decision:
    is_staff = facts.author is not None and facts.author.is_staff
    if found is Ruling.QUARANTINE:
        reason = "; ".join(facts.evidence.reasons)
        # Whoever pretends to be of the desk is told of to the desk.
        alert = (HoldMail(ticket.number, facts.said, reason, waits=False),) if is_staff else ()
        return Decision(Outcome.QUARANTINED, alert, ticket.number, reason, ruled)
    reason = _why_held(facts, by_number=by_number)
    if found is Ruling.REFUSE and facts.author is not None:
        refusal = RefuseMail(ticket.number, facts.author, facts.said, reason)
        return Decision(Outcome.REFUSED, (refusal,), ticket.number, reason, ruled)
    return Decision(
        Outcome.HELD, (HoldMail(ticket.number, facts.said, reason),), ticket.number, reason, ruled
    )


def _asking(
    classified: Classified,
    facts: Facts,
    author: Contact,
    role: Role,
    policy: Policy,
    *,
    staff: bool,
    now: datetime,
) -> Asking:
    level = Level.E4 if facts.released else facts.evidence.level
    return Asking(
        classified.intent,
        facts.said,
        author,
        role,
        level,
        facts.desk,
        policy,
        staff,
        now,
        recent=facts.recent,
        marked=facts.marked,
        alerts=facts.alerts,
    )


_BY_NUMBER = "only the number in the subject ties it to the ticket, and nothing proves who wrote it"
_BY_NOBODY = "nothing proves who wrote it"
_WHY_HELD = {
    Role.STRANGER: "written by somebody who does not take part in the ticket",
    Role.COLLEAGUE: "written by a colleague of the requester, and nothing proves it",
    Role.AGENT: "written in the name of somebody of the desk, and nothing proves it",
    Role.ACCOUNT_MANAGER: "written in the name of an account manager, and nothing proves it",
}
HELD_REASONS = (_BY_NUMBER, _BY_NOBODY, *_WHY_HELD.values())
"""All that a mail may be held for; `domain.held` has each in French."""


def _why_held(facts: Facts, *, by_number: bool) -> str:
    return _BY_NUMBER if by_number else _WHY_HELD.get(facts.role, _BY_NOBODY)


def _comment(
    classified: Classified,
    facts: Facts,
    ticket: Ticket,
    policy: Policy,
    *,
    why: str,
    ruled: str,
    now: datetime,
) -> Decision:
    if facts.role is Role.AGENT:
        by_desk = AddComment(ticket.number, facts.said, "public", by_desk=True)
        return Decision(Outcome.COMMENT, (by_desk,), ticket.number, why, ruled)
    effect = policy.workflow.on_customer_reply(ticket.state, ticket.closed_at, now=now)
    if effect.follow_up:
        reason = f"#{ticket.number} has been closed for too long to be reopened"
        opened = _open(classified, facts, policy, follow_up_of=ticket.number)
        return Decision(Outcome.TICKET, (opened,), None, reason, ruled)
    acts: list[Act] = [AddComment(ticket.number, facts.said, "public", by_desk=False)]
    if effect.to != ticket.state:
        acts.append(
            ChangeState(
                ticket=ticket.number,
                to=effect.to,
                actor=facts.author,
                by=frozenset({CUSTOMER}),
                said=facts.said if effect.reopens else None,
                details=(),
                reopening=effect.reopens,
                reason="the customer replied",
                evidence=facts.evidence.level.name,
            )
        )
    if facts.named and facts.evidence.level >= Level.E2:
        acts.append(
            AddParticipants(
                ticket.number,
                facts.named[: policy.limits.participants],
                facts.author,
                facts.evidence.level.name,
            )
        )
    return Decision(Outcome.COMMENT, tuple(acts), ticket.number, why, ruled)
