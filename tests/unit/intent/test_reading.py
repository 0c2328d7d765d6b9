"""What is read of a text beside the request: places, commands, typos, what is missing; in linear time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.intent.folding import fold_in_place
from gateway.domain.intent.read import read_intent
from gateway.domain.intent.result import Command
from gateway.domain.reading.tables import ReadingTables
from gateway.domain.zones import Zones
from tests.costs import small_and_large_s
from tests.unit.intent.conftest import ReadMail, ReadText
from tests.unit.reading.wire import wire

UNITS = [
    "escalate ", "pouvez-vous escalader ce ticket ", "urgent! ", "a, ", '"', "1 000 ", "cent ", "escalde ",
    "tout le site est en panne ", "e\u0301", "中", "if ", "not ", "#a\n", "a@b.", "http://", "> x\n", "\n",
]  # fmt: skip


@pytest.mark.parametrize("unit", UNITS)
def test_four_times_the_text_costs_at_most_six_times_the_time(unit: str, tables: ReadingTables) -> None:
    def read(size: int) -> None:
        zones = Zones(unit * (size // len(unit)), "", "")
        read_intent(zones, tables.intent, command_text=zones.reply)

    small_s, _ = small_and_large_s(lambda: read(250_000), lambda: read(1_000_000))
    assert small_s < 1.5


@given(st.text())
def test_folding_keeps_every_place(text: str) -> None:
    assert len(fold_in_place(text)) == len(text)


@given(
    st.lists(st.sampled_from([*UNITS, "Merci d'escalader. ", "é", "\n\n", "des nouvelles ? "]), max_size=40)
)
def test_hits_stand_where_they_say(tables: ReadingTables, pieces: list[str]) -> None:
    text = "".join(pieces)

    intent = read_intent(Zones(text, "", ""), tables.intent)

    for hit in (*intent.evidence, *(one.hit for one in intent.set_aside)):
        assert text[hit.start : hit.end] == hit.text != ""


def test_evidence_names_rule_zone_and_place(read_text: ReadText) -> None:
    (hit,) = read_text("Bonjour,\n\nPouvez-vous escalader ?").evidence

    assert (hit.rule, hit.zone, hit.text) == ("escalation.request.fr", "reply", "Pouvez-vous escalader")
    assert (hit.start, hit.end) == (10, 31)


@pytest.mark.parametrize("word", ["esclader", "escallader", "escalaedr", "ESCALADER", "escalàder"])
def test_one_slip_of_a_long_word_is_met(word: str, read_text: ReadText) -> None:
    assert read_text(f"Pouvez-vous {word} ?").asked == "escalation"


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("Merci d'escalader.", ("reason", "impact", "since", "how_many")),
        ("Merci d'escalader : 40 personnes sont bloquées depuis hier.", ()),
        ("Please escalate, production has stopped.", ("since", "how_many")),
    ],
)
def test_what_a_request_does_not_say_is_named(
    text: str, missing: tuple[str, ...], read_text: ReadText
) -> None:
    assert read_text(text).missing == missing


def test_commands_are_read_at_the_very_top(read_mail: ReadMail) -> None:
    intent = read_mail(
        wire("\n#Escalade SSO en panne\n#priorité haute urgent\n#frobnicate\n\nBonjour\n#close\n")
    )

    assert intent.commands == (
        Command("escalate", "SSO en panne"),
        Command("priority", "haute urgent"),
        Command("frobnicate", ""),
    )
    assert (intent.asked, intent.grounds) == ("escalation", ("sso-down",))
    assert intent.evidence[-1].text or intent.evidence[0].text


@pytest.mark.parametrize(
    "mail",
    [
        wire("Bonjour\n#close\n"),
        wire("> #close\n"),
        wire("# Titre\n#close\n"),
        wire("#42 toujours en panne\n"),
        wire("<p>#close</p>", "text/html; charset=utf-8"),
    ],
)
def test_no_command_is_read_elsewhere(mail: bytes, read_mail: ReadMail) -> None:
    assert read_mail(mail).commands == ()


def test_a_new_subject_counts_and_a_kept_one_is_set_aside(read_mail: ReadMail) -> None:
    assert read_mail(wire("Bonjour", Subject="URGENT panne")).claimed_priority == "urgent"

    kept = read_mail(wire("Bonjour", Subject="Re: URGENT panne"))

    assert kept.claimed_priority is None
    assert [(one.operator, one.hit.zone) for one in kept.set_aside] == [("kept_subject", "subject")]
