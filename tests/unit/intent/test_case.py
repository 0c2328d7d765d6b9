"""Marking a reading as wrong: what the case comes to, and what it does not repeat."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.intent.case import ReadMail, case_of, masked
from gateway.errors import ActRefused
from tests.unit.intent.conftest import ReadText

KNOWN = ("nudge", "escalation", "urgent", "high", "sso-down", "security-flaw")
BOTH = "Le SSO est en panne. Pouvez-vous escalader ce ticket ?"


@pytest.mark.parametrize(
    ("text", "rule", "should", "was_read", "means"),
    [
        ("Pouvez-vous escalader ce ticket ?", "", [], ["escalation"], []),
        ("Avez-vous des nouvelles ?", "", ["escalade"], ["nudge"], ["escalation"]),
        ("Tout va bien, merci.", "", ["nudge"], [], ["nudge"]),
        ("Le portail rame.", "", ["sso-down"], [], ["sso-down"]),
        (BOTH, "sso-down", [], ["escalation", "sso-down"], ["escalation"]),
        (BOTH, "", ["none"], ["escalation", "sso-down"], ["sso-down"]),
        (BOTH, "sso-down", ["rien"], ["escalation", "sso-down"], []),
        ("Ce n'est pas urgent.", "urgent", [], [], ["urgent"]),
    ],
)
def test_what_is_wrong_makes_the_case(
    read_text: ReadText, text: str, rule: str, should: list[str], was_read: list[str], means: list[str]
) -> None:
    case = case_of(ReadMail(7, text, read_text(text), ()), rule=rule, should=should, known=KNOWN)

    assert (list(case.was_read), list(case.means), case.text) == (was_read, means, text)


@pytest.mark.parametrize(
    ("text", "rule", "should", "words"),
    [
        (BOTH, "", [], 'sso-down ("SSO est en panne")'),
        ("Merci.", "", [], "nothing was read in it"),
        (BOTH, "ftp-refused", [], "no rule 'ftp-refused' met anything in mail 7"),
        (BOTH, "", ["escalation"], "that is how mail 7 is read"),
        (BOTH, "", ["everything"], "'everything' is nothing that a mail can mean"),
        ("  ", "", ["nudge"], "has no text"),
    ],
)
def test_what_is_not_clear_is_refused_with_what_was_read(
    read_text: ReadText, text: str, rule: str, should: list[str], words: str
) -> None:
    with pytest.raises(ActRefused) as refused:
        case_of(ReadMail(7, text, read_text(text), ()), rule=rule, should=should, known=KNOWN)

    assert words in str(refused.value)
    assert refused.value.in_language("fr") != str(refused.value)


def test_a_case_names_nobody_and_keeps_what_is_read() -> None:
    text = (
        "Bonjour Léa, ici Chloé Petit (chloe.petit+paie@acme.test, +33 6 12 34 56 78), contrat 2024-118-774. "
        "300 personnes bloquées depuis 48 h, voir https://acme.test/ticket?id=9&who=chloe. INC-2210, Petit-déjeuner."
    )

    shown = masked(text, ("Chloé Petit", "Lea Martin", "Léa", "Al"))

    assert shown == (
        "Bonjour X, ici X X (someone@example.test, +00 0 00 00 00 00), contrat 0000-000-000. "
        "300 personnes bloquées depuis 48 h, voir https://example.test INC-2210, X-déjeuner."
    )
    assert masked(shown, ("Chloé Petit",)) == shown


@given(st.text(max_size=500), st.lists(st.text(max_size=20), max_size=3))
def test_masking_never_fails(text: str, names: list[str]) -> None:
    masked(text, names)


def test_masking_is_linear() -> None:
    for part in ("1 ", "a@", "www.", "é-", "+1"):
        begun = time.process_time()
        masked(part * 40_000, ("Chloé",))
        assert time.process_time() - begun < 2, part
