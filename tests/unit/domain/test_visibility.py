"""Who may see a ticket: their own, those they follow, their organisation's; and no look-alike ever."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.address import author_key
from gateway.domain.desk import Contact, Desk, Organisation
from gateway.domain.sla import Clock, Effect, Goal
from gateway.domain.ticket import Ticket
from gateway.domain.visibility import may_see

_ACME, _GLOBEX = 1, 2
_ORGANISATIONS = {
    number: Organisation(number, name, (domain,), managers, "", "business-hours", "", 0)
    for number, name, domain, managers in (
        (_ACME, "Acme", "acme.test", ("max@desk.test",)),
        (_GLOBEX, "Globex", "globex.test", ()),
    )
}
_DESK = Desk(1, "desk.test", "", {}, {}, {}, _ORGANISATIONS, {"acme.test": _ACME, "globex.test": _GLOBEX})


def _person(number: int, address: str, *roles: str) -> Contact:
    organisation = None if roles else _DESK.organisation_of(address)
    return Contact(number, address, address, "", "", organisation, frozenset(roles), "", (), listed=True)


_CHLOE = _person(1, "chloe@acme.test")
_DAN = _person(2, "dan@acme.test")
_EVE = _person(3, "eve@globex.test")
_MAX = _person(4, "max@desk.test", "account_manager")
_NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
_CLOCK = Clock(_NOW, Effect.RUN, _NOW, timedelta(0), Goal(None, None))
_TICKET = Ticket(
    number=1,
    subject="Panne",
    state="submitted",
    resolution="",
    priority="low",
    claimed_priority="",
    type="assistance",
    language="fr",
    organisation_id=_ACME,
    requester=_CHLOE,
    desk_address="support@desk.test",
    team="support",
    assignee=None,
    root_message_id="",
    last_message_id="",
    created_at=_NOW,
    updated_at=_NOW,
    closed_at=None,
    nudges=0,
    nudged_at=None,
    escalation="",
    promised_since=None,
    response=_CLOCK,
    resolution_clock=_CLOCK,
    waiting=None,
    flex_minutes=0,
)


def test_requesters_and_their_whole_organisation_see_a_ticket_and_others_do_not() -> None:
    assert may_see(_CHLOE, _TICKET, (), _DESK)
    assert may_see(_DAN, _TICKET, (), _DESK)
    assert not may_see(_EVE, _TICKET, (), _DESK)


def test_whoever_follows_a_ticket_sees_it_wherever_they_work() -> None:
    assert may_see(_EVE, _TICKET, (_EVE,), _DESK)
    assert not may_see(_EVE, _TICKET, (_DAN,), _DESK)


def test_account_managers_see_what_they_answer_for_and_the_desk_sees_all() -> None:
    elsewhere = replace(_TICKET, organisation_id=_GLOBEX, requester=_EVE)
    assert may_see(_MAX, _TICKET, (), _DESK)
    assert not may_see(_MAX, elsewhere, (), _DESK)
    for role in ("agent", "support_lead", "offer_owner"):
        assert may_see(_person(5, "ana@desk.test", role), elsewhere, (), _DESK)


def test_people_without_an_organisation_are_nobodys_colleagues() -> None:
    alone = _person(6, "lou@gmail.com")
    other = replace(_TICKET, organisation_id=None, requester=_person(7, "sam@gmail.com"))
    assert not may_see(alone, other, (), _DESK)


def test_newcomers_are_not_each_others_requesters() -> None:
    unknown = replace(_TICKET, organisation_id=None, requester=_person(0, "sam@gmail.com"))
    assert not may_see(_person(0, "lou@gmail.com"), unknown, (), _DESK)


_LABEL = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=12)
_LOOK_ALIKE = st.one_of(
    _LABEL.map(lambda label: f"{label}.acme.test"),
    _LABEL.map(lambda label: f"{label}acme.test"),
    _LABEL.map(lambda label: f"acme.test.{label}"),
    _LABEL.map(lambda label: f"acme.test{label}"),
    # A Cyrillic a, a dotless i and a full-width letter look as theirs do and are other domains.
    st.sampled_from(["аcme.test", "acme.teѕt", "xn--cme-6cd.test", "acme.test.", "acme..test", "acme,test"]),
    st.text(max_size=30).filter(lambda text: text.rpartition("@")[2].lower() != "acme.test"),
)


@given(_LOOK_ALIKE)
def test_no_look_alike_domain_makes_a_colleague(domain: str) -> None:
    assert not may_see(_person(0, author_key(f"dan@{domain}")), _TICKET, (), _DESK)
