"""A confirmation needs the page: this link, as it was shown, in this browser, not long ago."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.authentication.tokens import TokenSigner
from gateway.web.forms import NO_COOKIE, STALE, new_cookie, page_problem, read_form, seal_page

SIGNER = TokenSigner({0: b"k" * 32}, signing=0)
NOW = datetime(2026, 11, 26, 9, 30, tzinfo=UTC)
COOKIE = new_cookie()
PAGE = seal_page(SIGNER, "link", "7", COOKIE, now=NOW)


def problem(
    page: str, *, link: str = "link", shown: str = "7", cookie: str = COOKIE, minutes: float = 0
) -> str:
    now = NOW + timedelta(minutes=minutes)
    return page_problem(SIGNER, {"page": page}, link, shown, cookie, now=now)


def test_the_page_is_good_for_a_quarter_of_an_hour() -> None:
    assert problem(PAGE) == ""
    assert problem(PAGE, minutes=15) == ""
    assert problem(PAGE, minutes=15.1) == STALE
    assert problem(PAGE, minutes=-1) == STALE


def test_it_is_this_link_as_it_was_shown_in_this_browser() -> None:
    assert problem(PAGE, link="another") == STALE
    assert problem(PAGE, shown="8") == STALE
    assert problem(PAGE, cookie=new_cookie()) == STALE
    assert problem(PAGE, cookie="") == NO_COOKIE
    assert problem("") == STALE


@given(st.text(max_size=300))
def test_nothing_else_is_a_page(page: str) -> None:
    assert page == PAGE or problem(page) == STALE


@given(st.integers(0, len(PAGE) - 1), st.integers(0, 7))
def test_no_bit_of_a_page_can_be_another(place: int, bit: int) -> None:
    flipped = bytearray(PAGE.encode())
    flipped[place] ^= 1 << bit
    assert problem(flipped.decode("latin-1")) == STALE


@pytest.mark.parametrize(
    ("body", "form"),
    [
        (b"estimate=4+h&words=d%C3%A9lai", {"estimate": "4 h", "words": "délai"}),
        (b"estimate=%ff%fe&page=", {"estimate": "\ufffd\ufffd", "page": ""}),
        (b"", {}),
        (b"&".join([b"a=1"] * 50), None),
        (b"\xff=1", None),
    ],
)
def test_a_form_is_read_as_browsers_send_it(body: bytes, form: dict[str, str] | None) -> None:
    assert read_form(body, "application/x-www-form-urlencoded; charset=utf-8") == form
    assert read_form(body, "text/plain") is None
