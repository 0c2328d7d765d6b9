"""Every level of evidence, for every role and act, through step 7 with real mail.

The table stands here as the desk would read it aloud; nothing of `domain.permissions` is asked. What a
decision comes to is told by its outcome and its acts alone.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache

import pytest

from gateway.domain.acts import (
    Act,
    AddComment,
    AskToConfirm,
    AssignTicket,
    ChangePriority,
    ChangeState,
    DecideEscalation,
    HoldMail,
    Nudge,
    OpenTicket,
    RefuseMail,
    RequestEscalation,
    Said,
)
from gateway.domain.classification import Classified
from gateway.domain.decision import Decision, Outcome
from gateway.domain.desk import Contact, Desk, DeskAddress, Organisation, Team
from gateway.domain.evidence import Evidence, Level
from gateway.domain.permissions import Role
from gateway.domain.policy import Policy
from gateway.domain.reading.tables import ReadingTables
from gateway.domain.sla import Clock, Effect, Goal
from gateway.domain.thread import Authority, Candidate, Match
from gateway.domain.ticket import Ticket
from gateway.pipeline.apply_rules import Facts, apply_rules
from gateway.pipeline.classify import classify
from gateway.pipeline.parse import parse
from gateway.rulebook.folder import rules_folder
from gateway.rulebook.policy import load_policy
from gateway.rulebook.reading import load_reading_tables
from tests.unit.reading.wire import wire

NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
CLOCK = Clock(NOW, Effect.RUN, NOW, timedelta(), Goal(None, None))

# What a mail says, for each act.
TEXTS = {
    "open": "Bonjour,\n\nLe module Paie affiche une erreur 500.\n",
    "comment": "Voici la capture d'écran demandée.\n",
    "by number": "Voici la capture d'écran demandée.\n",
    "reopen": "Le problème est revenu ce matin.\n",
    "nudge": "Avez-vous des nouvelles de ma demande ?\n",
    "escalate": "Merci d'escalader ce ticket, la paie de 300 personnes est bloquée.\n",
    "flag": "#escalate The customer's launch is blocked.\n",
    "note": "#note They renew in January.\n",
    "public reply": "Nous avons trouvé la cause.\n",
    "close": "#close\n",
    "state": "#status in_progress\n",
    "priority": "#priority high The line stands still.\n",
    "assign": "#assign ana@example.test\n",
    "approve": "#approve tomorrow noon\n",
    "refuse": "#refuse Two people are touched.\n",
}

# What becomes of it on E4, E3, E2, E1, E0: done, marked (done and shown as unverified), confirm (asked back),
# held, refused (the known address is told), quarantined, never (not for this role).
DONE_AS_REQUESTER = "done done done marked quarantined"
TABLE = {
    ("anyone", "open"): "done done done marked held",
    ("requester", "comment"): DONE_AS_REQUESTER,
    ("requester", "reopen"): DONE_AS_REQUESTER,
    ("requester", "by number"): "done done done held quarantined",
    ("requester", "close"): "done done done confirm quarantined",
    ("requester", "nudge"): "done done done confirm quarantined",
    ("requester", "escalate"): "done done done confirm quarantined",
    ("colleague", "comment"): "done done held held quarantined",
    ("colleague", "escalate"): "done confirm held held quarantined",
    ("stranger", "comment"): "held held held held quarantined",
    ("stranger", "reopen"): "held held held held quarantined",
    ("stranger", "nudge"): "held held held held quarantined",
    ("stranger", "escalate"): "held held held held quarantined",
    ("account_manager", "flag"): "done confirm confirm refused quarantined",
    ("account_manager", "nudge"): "done confirm confirm refused quarantined",
    ("account_manager", "priority"): "done confirm confirm refused quarantined",
    ("account_manager", "note"): "done done done refused quarantined",
    ("agent", "public reply"): "done held held refused quarantined",
    ("agent", "note"): "done held held refused quarantined",
    ("agent", "state"): "done held held refused quarantined",
    ("agent", "priority"): "done held held refused quarantined",
    ("agent", "assign"): "done held held refused quarantined",
    ("lead", "approve"): "done confirm held refused quarantined",
    ("lead", "refuse"): "done confirm held refused quarantined",
}
# Asked by somebody whose it is not, on any evidence: no such effect.
NEVER = [
    (who, does)
    for who, what in {
        "requester": "note state priority assign approve refuse",
        "colleague": "note state priority assign approve refuse close",
        "stranger": "note state priority assign approve refuse close flag",
        "account_manager": "state assign approve refuse close",
        "agent": "approve refuse",
    }.items()
    for does in what.split()
]
LEVELS = (Level.E4, Level.E3, Level.E2, Level.E1, Level.E0)
STAFF = ("account_manager", "agent", "lead")

CELLS = [
    pytest.param(who, does, level, expected, id=f"{who} {does} {level.name}")
    for (who, does), row in TABLE.items()
    for level, expected in zip(LEVELS, row.split(), strict=True)
]


def contact(number: int, address: str, *roles: str, organisation: int | None = None) -> Contact:
    return Contact(
        number, address, address, address, "fr", organisation, frozenset(roles), "support", (), listed=True
    )


CHLOE = contact(1, "chloe@acme.test", organisation=1)
PEOPLE = {
    "anyone": CHLOE,
    "requester": CHLOE,
    "colleague": contact(2, "paul@acme.test", organisation=1),
    "stranger": contact(3, "eve@evil.test"),
    "account_manager": contact(4, "max@example.test", "account_manager"),
    "agent": contact(5, "ana@example.test", "agent"),
    "lead": contact(6, "lea@example.test", "agent", "support_lead"),
}
ROLES = {who: Role.AGENT if who == "lead" else Role(who) for who in PEOPLE}
DESK = Desk(
    domain="example.test",
    phone="",
    version=1,
    addresses={
        "support@example.test": DeskAddress("support@example.test", "support@example.test", "support", "")
    },
    teams={"support": Team("support", "team@example.test", "lea@example.test")},
    staff={each.key: each for each in PEOPLE.values() if each.roles},
    organisations={1: Organisation(1, "Acme", ("acme.test",), ("max@example.test",), "", "24x7", "", 0)},
    by_domain={"acme.test": 1},
)


def ticket(state: str, escalation: str) -> Ticket:
    return Ticket(
        number=42,
        subject="Paie",
        state=state,
        resolution="answered" if state == "closed" else "",
        priority="low",
        claimed_priority="",
        type="assistance",
        language="fr",
        organisation_id=1,
        requester=CHLOE,
        desk_address="support@example.test",
        team="support",
        assignee=None,
        root_message_id="1@acme.test",
        last_message_id="1@acme.test",
        created_at=NOW,
        updated_at=NOW,
        closed_at=NOW if state in {"resolved", "closed"} else None,
        nudges=1,
        nudged_at=None,
        escalation=escalation,
        promised_since=None,
        response=CLOCK,
        resolution_clock=CLOCK,
        waiting=None,
        flex_minutes=0,
    )


@cache
def policy() -> Policy:
    return load_policy(rules_folder(""), templates=None)


@cache
def tables() -> ReadingTables:
    return load_reading_tables(rules_folder(""))


@cache
def read(does: str, author: str) -> Classified:
    raw = wire(TEXTS[does], From=author, Subject="Re: [#42] Paie")
    return classify(parse(raw), tables(), null_sender=False)


def decided(who: str, does: str, level: Level, *, staff_token_suffices: bool = False) -> Decision:
    author = PEOPLE[who]
    classified = read(does, author.address)
    state = "resolved" if does == "reopen" else "submitted"
    on = None if does == "open" else ticket(state, "requested" if does in {"approve", "refuse"} else "")
    by = Authority.SUBJECT if does == "by number" else Authority.REFERENCES
    facts = Facts(
        inbound_id=7,
        first_id=7,
        first_ticket=None,
        ours=False,
        returned=None,
        match=Match(None if on is None else Candidate(42, by, None, "the mail answers the ticket"), ()),
        ticket=on,
        role=Role.ANYONE if on is None else ROLES[who],
        author=author,
        evidence=Evidence(level, author.key if level else None, ("for the table",)),
        said=said(classified, author, level),
        desk=DESK,
        desk_address="support@example.test",
        named=(),
        released=False,
    )
    return apply_rules(classified, facts, policy(), staff_token_suffices=staff_token_suffices, now=NOW)


def said(classified: Classified, author: Contact, level: Level) -> Said:
    return Said(
        author=author,
        author_shown=author.address,
        text=classified.zones.reply,
        attachments=(),
        source="smtp",
        evidence=level.name,
        verified=level >= Level.E2,
        inbound_id=7,
        message_id=classified.mail.message_id,
    )


def carries_out(does: str, act: Act) -> bool:
    """Whether the act is what the mail would do."""
    match does, act:
        case ("open", OpenTicket()) | ("nudge", Nudge()) | ("escalate" | "flag", RequestEscalation()):
            return True
        case ("comment" | "by number", AddComment(visibility="public", by_desk=False)):
            return True
        case ("public reply", AddComment(visibility="public", by_desk=True)):
            return True
        case ("note", AddComment(visibility="internal")):
            return True
        case ("close", ChangeState(to="closed")):
            return True
        case ("reopen", ChangeState(reopening=True)) | ("state", ChangeState()):
            return True
        case ("priority", ChangePriority()) | ("assign", AssignTicket()):
            return True
        case ("approve", DecideEscalation(approved=True)) | ("refuse", DecideEscalation(approved=False)):
            return True
    return False


def effect(does: str, decision: Decision) -> str:
    """What the decision comes to, in the table's words."""
    acts = decision.acts
    done = [act for act in acts if carries_out(does, act)]
    if any(isinstance(act, AskToConfirm) for act in acts):
        assert not done
        return "confirm"
    if decision.outcome is Outcome.QUARANTINED:
        assert all(isinstance(act, HoldMail) for act in acts)
        return "quarantined"
    if decision.outcome is Outcome.HELD:
        assert all(isinstance(act, HoldMail) for act in acts)
        return "held"
    if decision.outcome is Outcome.REFUSED:
        assert all(isinstance(act, RefuseMail) for act in acts)
        return "refused"
    if not done:
        return "never"
    spoken = [act.said for act in acts if isinstance(act, (OpenTicket, AddComment)) and act.said is not None]
    return "done" if all(each.verified for each in spoken) else "marked"


@pytest.mark.parametrize(("who", "does", "level", "expected"), CELLS)
def test_what_a_mail_may_do_on_its_evidence(who: str, does: str, level: Level, expected: str) -> None:
    assert effect(does, decided(who, does, level)) == expected


@pytest.mark.parametrize(("who", "does", "level", "expected"), CELLS)
def test_a_token_proves_the_desks_own_people_where_the_desk_says_so(
    who: str, does: str, level: Level, expected: str
) -> None:
    if who in STAFF and level is Level.E2:
        expected = "done"

    assert effect(does, decided(who, does, level, staff_token_suffices=True)) == expected


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(("who", "does"), NEVER)
@pytest.mark.parametrize("token", [False, True])
def test_what_is_not_theirs_is_done_for_nobody(who: str, does: str, level: Level, *, token: bool) -> None:
    decision = decided(who, does, level, staff_token_suffices=token)

    assert not any(carries_out(does, act) for act in decision.acts)


@pytest.mark.parametrize("does", [does for does in TEXTS if does not in {"open", "comment", "by number"}])
@pytest.mark.parametrize("who", PEOPLE)
def test_whoever_pretends_is_told_of_to_the_desk_only_in_the_name_of_the_desk(who: str, does: str) -> None:
    """E0 on a ticket: nothing is done in anybody's name; a roster name is an alert."""
    if who == "anyone":
        return
    acts = decided(who, does, Level.E0).acts

    assert [type(act) for act in acts] == ([HoldMail] if who in STAFF else [])


def test_the_table_has_a_row_for_every_role_and_act() -> None:
    asked = {(who, does) for who, does in TABLE} | set(NEVER)

    assert {who for who, _ in asked} == set(PEOPLE)
    assert {does for _, does in asked} == set(TEXTS)
