"""The workflow: nothing outside the table passes, and a refusal names what would."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.desk import Contact
from gateway.domain.workflow import CUSTOMER, DESK, MOVERS, TIMER, ReplyEffect, Workflow, movers
from gateway.errors import ActRefused
from gateway.rulebook.folder import rules_folder
from gateway.rulebook.policy import load_policy

WORKFLOW: Workflow = load_policy(rules_folder("")).workflow
STATES = st.sampled_from(sorted(WORKFLOW.states))
NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
EVERYTHING = {
    "comment": "Le correctif est en place.",
    "resolution": "fixed",
    "at": "2026-11-24 18:00",
    "who": "Ana Costa",
    "third_party": "Hébergeur",
}

# As the desk's own table has it (state, French, what must be said); written here once more, by hand.
REQUIRED = {
    "submitted": set[str](),
    "in_progress": set[str](),
    "waiting_customer": {"comment"},
    "waiting_third_party": {"comment", "third_party"},
    "scheduled": {"comment", "at", "who"},
    "resolved": {"comment"},
    "closed": {"comment", "resolution"},
}
WORKED_ON = ["in_progress", "waiting_customer", "waiting_third_party", "scheduled", "resolved", "closed"]
ALLOWED = (
    {("submitted", to) for to in WORKED_ON}
    | {(state, to) for state in WORKED_ON[:4] for to in WORKED_ON if to != state}
    | {("resolved", "in_progress"), ("resolved", "closed"), ("closed", "in_progress")}
)


def _passes(state: str, to: str, fields: dict[str, str]) -> bool:
    try:
        WORKFLOW.check_transition(state, to, by=[DESK], given=fields)
    except ActRefused:
        return False
    return True


@given(STATES, st.one_of(STATES, st.text(max_size=12)), st.sets(st.sampled_from(sorted(EVERYTHING))))
def test_exactly_what_the_table_says_passes(state: str, to: str, names: set[str]) -> None:
    fields = {name: EVERYTHING[name] for name in names}

    assert _passes(state, to, fields) == ((state, to) in ALLOWED and REQUIRED[to] <= names)


# What others than the desk may do: the customer replies, closes and reopens, the timer closes what waits.
OTHERS = {
    CUSTOMER: {(state, "closed") for state in ("submitted", *WORKED_ON[:5])}
    | {(state, "in_progress") for state in ("waiting_customer", "resolved", "closed")},
    TIMER: {("waiting_customer", "closed")},
}


@given(STATES, STATES, st.sampled_from(MOVERS))
def test_a_transition_is_for_whom_the_table_names(state: str, to: str, mover: str) -> None:
    expected = OTHERS.get(mover, ALLOWED if mover == DESK else set())

    assert WORKFLOW.allows(state, to, [mover]) == ((state, to) in expected)


def test_whoever_acts_for_the_customer_is_no_desk_whatever_their_roles() -> None:
    lea = Contact(
        1, "l@x.test", "l@x.test", "", "", None, frozenset({"agent", "support_lead"}), "", (), listed=True
    )

    assert movers(lea, for_customer=False) == {"desk", "agent", "support_lead"}
    assert movers(lea, for_customer=True) == {"customer"}
    assert movers(None, for_customer=False) == {"timer"}


def test_a_refusal_says_whose_transition_it_is() -> None:
    with pytest.raises(ActRefused) as refused:
        WORKFLOW.check_transition("in_progress", "resolved", by=[CUSTOMER], given=EVERYTHING)

    assert str(refused.value) == "a ticket that is in_progress is brought to resolved by desk only"
    assert "« Résolu » : l'équipe, et personne d'autre" in refused.value.in_language("fr")


@given(STATES, STATES, st.text(max_size=12).filter(lambda word: word and word not in WORKFLOW.resolutions))
def test_a_resolution_that_does_not_exist_never_passes(state: str, to: str, resolution: str) -> None:
    assert not _passes(state, to, EVERYTHING | {"resolution": resolution})


@given(STATES, STATES)
def test_what_is_given_empty_is_not_given(state: str, to: str) -> None:
    assert _passes(state, to, dict.fromkeys(EVERYTHING, "")) == ((state, to) in ALLOWED and not REQUIRED[to])


@pytest.mark.parametrize(
    ("state", "to", "fields", "words"),
    [
        (
            "closed",
            "resolved",
            EVERYTHING,
            "a ticket that is closed cannot become resolved; it can become in_progress",
        ),
        ("submitted", "done", EVERYTHING, "there is no state 'done'; the states are submitted, in_progress"),
        ("in_progress", "resolved", {}, "resolved needs a comment that says the answer"),
        ("in_progress", "scheduled", {"comment": "x", "at": "y"}, "scheduled needs --who"),
        ("in_progress", "waiting_third_party", {"comment": "x"}, "needs --third-party"),
        ("resolved", "closed", {"comment": "x"}, "closed needs --resolution"),
        (
            "resolved",
            "closed",
            {"comment": "x", "resolution": "done"},
            "there is no resolution 'done'; the resolutions are answered, fixed, duplicate, no_answer, consulting",
        ),
    ],
)
def test_a_refusal_names_what_is_allowed(state: str, to: str, fields: dict[str, str], words: str) -> None:
    with pytest.raises(ActRefused) as refused:
        WORKFLOW.check_transition(state, to, by=[DESK], given=fields)

    assert words in str(refused.value)


@pytest.mark.parametrize("state", ["submitted", "in_progress", "waiting_third_party", "scheduled"])
def test_a_customers_reply_leaves_work_where_it_is(state: str) -> None:
    assert WORKFLOW.on_customer_reply(state, None, now=NOW) == ReplyEffect(
        state, reopens=False, follow_up=False
    )


def test_the_answer_to_a_question_puts_the_ticket_in_progress() -> None:
    effect = WORKFLOW.on_customer_reply("waiting_customer", None, now=NOW)

    assert effect == ReplyEffect("in_progress", reopens=False, follow_up=False)


@given(st.timedeltas(min_value=timedelta(), max_value=timedelta(days=3650)))
def test_a_resolved_ticket_is_reopened_however_late(since: timedelta) -> None:
    effect = WORKFLOW.on_customer_reply("resolved", NOW - since, now=NOW)

    assert effect == ReplyEffect("in_progress", reopens=True, follow_up=False)


@given(st.timedeltas(min_value=timedelta(), max_value=timedelta(days=60)))
def test_a_closed_ticket_is_reopened_within_the_window_and_followed_up_after_it(since: timedelta) -> None:
    effect = WORKFLOW.on_customer_reply("closed", NOW - since, now=NOW)

    if since <= timedelta(days=30):
        assert effect == ReplyEffect("in_progress", reopens=True, follow_up=False)
    else:
        assert effect == ReplyEffect("closed", reopens=False, follow_up=True)
