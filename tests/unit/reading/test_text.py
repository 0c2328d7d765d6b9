"""Strangers' text made harmless."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.text import clean_line, clean_text

# Any code point, lone surrogates and controls included.
ANY_TEXT = st.text(
    st.characters(codec=None) | st.sampled_from("\x00\r\n\t\x0b\x85\u2028\u202e\ufeff\ud800 a")
)


@given(ANY_TEXT)
def test_clean_text_is_idempotent_and_leaves_nothing_that_acts(text: str) -> None:
    clean = clean_text(text)

    assert clean_text(clean) == clean
    clean.encode("utf-8")
    assert len(clean.splitlines()) <= clean.count("\n") + 1
    assert all(char in "\n\t" or unicodedata.category(char) not in {"Cc", "Cs"} for char in clean)
    assert not set("\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u2069\ufeff") & set(clean)


@given(ANY_TEXT)
def test_clean_line_is_one_line_and_idempotent(text: str) -> None:
    line = clean_line(text)

    assert clean_line(line) == line
    assert len(line.splitlines()) <= 1
    assert "\t" not in line
    assert len(line) <= 2000


def test_a_right_to_left_override_does_not_disguise_a_file() -> None:
    assert clean_line("facture\u202efdp.exe") == "facturefdp.exe"


def test_a_zero_width_space_does_not_disguise_an_agent() -> None:
    assert clean_line("agent\u200b@desk.test") == "agent@desk.test"


def test_direction_marks_stay_in_a_body() -> None:
    assert clean_text("שלום\u200f!") == "שלום\u200f!"


def test_every_line_end_becomes_one() -> None:
    assert clean_text("a\r\nb\rc\x0bd\u2028e\x85f") == "a\nb\nc\nd\ne\nf"


def test_ordinary_text_is_returned_as_it_is() -> None:
    text = "Élève n° 12 — « très » bien…\n"

    assert clean_text(text) is text
