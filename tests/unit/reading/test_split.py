"""Zones: what holds for every text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.mail import Mark
from gateway.domain.reading.own_text import set_aside_own
from gateway.domain.reading.split import split
from gateway.domain.reading.tables import ReadingTables
from gateway.domain.zones import Zones

LINES = st.sampled_from(
    [
        "",
        "Bonjour,",
        "> ancien",
        ">> plus ancien",
        "Le 3 mars 2026 à 10:12, Léa <lea@desk.test> a écrit :",
        "On Tue, Mar 3, 2026 at 10:12 AM Lea <lea@desk.test> wrote:",
        "De : Léa <lea@desk.test>",
        "Envoyé : mardi 3 mars 2026 10:12",
        "À : Chloé",
        "Objet : Panne",
        "-----Message d'origine-----",
        "---------- Forwarded message ---------",
        "________________________________",
        "-- ",
        "Cordialement,",
        "Envoyé de mon iPhone",
        "Ça ne marche pas.",
        "  indenté",
        "a écrit :",
        ":",
    ]
)
BODIES = st.lists(LINES | st.text(max_size=40), max_size=25).map("\n".join)


def _words(text: str) -> list[str]:
    return sorted(text.split())


@given(text=BODIES, forwarding=st.booleans())
def test_nothing_is_lost_and_nothing_is_there_twice(
    tables: ReadingTables, text: str, forwarding: bool
) -> None:
    zones = split(text, (), tables, author="Chloé Petit", forwarding=forwarding).zones

    assert _words(f"{zones.reply}\n{zones.signature}\n{zones.quoted}") == _words(text)


@given(text=BODIES)
def test_the_same_text_is_split_the_same_way(tables: ReadingTables, text: str) -> None:
    assert (
        split(text, (), tables, author="", forwarding=False).zones
        == split(text, (), tables, author="", forwarding=False).zones
    )


@given(text=BODIES)
def test_a_mail_that_says_something_never_comes_out_empty(tables: ReadingTables, text: str) -> None:
    found = split(text, (), tables, author="", forwarding=False)

    if text.strip() and not (found.history and found.history.is_forward(forwarding=False)):
        assert found.zones.reply.strip()


def test_what_the_html_says_is_a_quote_is_one(tables: ReadingTables) -> None:
    text = "Oui.\n\nข้อความเดิม\nVotre demande"

    zones = split(text, (Mark("quote", 2, 4),), tables, author="", forwarding=False).zones

    assert zones.reply == "Oui."
    assert zones.quoted == "ข้อความเดิม\nVotre demande"


@pytest.mark.parametrize(
    "text",
    [
        "Le serveur a redémarré à 10:12.\nLe message affiché est :\nErreur 12",
        "Le 12 mars, la session a eu lieu. Le 13, plus rien :\nplus d'accès, plus de rapport.",
        "On Tuesday we tried again, as you wrote: no change.",
        "From: Paris\nTo: Lyon\nthe parcel was lost",
        "Voici les étapes :\n1. ouvrir la page\n2. cliquer\n-- rien ne se passe --\n3. abandonner",
        "Objet : panne du module Paie\nDate : ce matin\n\nPlus rien ne répond.",
        "Cordialement n'est pas le mot : je suis furieuse.\nMerci de me rappeler.",
    ],
)
def test_a_person_s_sentences_are_left_alone(tables: ReadingTables, text: str) -> None:
    assert split(text, (), tables, author="", forwarding=False).zones == Zones(text, "", "")


def test_our_own_words_are_set_aside_however_they_are_wrapped() -> None:
    sent = "Bonjour Chloé,\n\nVotre demande porte désormais le numéro 42. Nous vous répondons sous quatre heures ouvrées.\n"
    zones = Zones(
        "Toujours rien.\n\nBonjour Chloé,\nVotre demande porte désormais le numéro\n42. Nous vous répondons sous quatre heures ouvrées.",
        "",
        "",
    )

    assert set_aside_own(zones, sent).reply == "Toujours rien."


def test_an_answer_that_is_all_ours_is_left_as_it_is() -> None:
    zones = Zones("Votre demande porte désormais le numéro 42.", "", "")

    assert set_aside_own(zones, "Votre demande porte désormais le numéro 42.") == zones
