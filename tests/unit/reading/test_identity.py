"""Who wrote a mail: one plain From, or nobody."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.address import parse_addr_spec
from gateway.pipeline.parse import parse
from tests.unit.reading.wire import wire


@pytest.mark.parametrize(
    "value",
    [
        "chloe@acme.test",
        "<chloe@acme.test>",
        "Chloe Petit <chloe@acme.test>",
        '"Petit, Chloe" <chloe@acme.test>',
        "=?utf-8?Q?Chlo=C3=A9?= <chloe@acme.test>",
        '"admin@desk.test" <chloe@acme.test>',
        "chloe@acme.test <chloe@acme.test>",
        "Petit, Chloe <chloe@acme.test>",
        'Chloe "la chef" Petit <chloe@acme.test>',
    ],
)
def test_one_plain_address_is_who_it_is(value: str) -> None:
    mail = parse(wire(From=value))

    assert mail.identity == "chloe@acme.test"
    assert mail.conflicts == ()


@pytest.mark.parametrize(
    "value",
    [
        "admin@desk.test <x@evil.test>",
        "<admin@desk.test>, <x@evil.test>",
        "admin@desk.test, x@evil.test",
        '"agent"@desk.test',
        "agent@desk.test.",
        "agent@desk.test (c)",
        "alice@example.org)bob@evil.example",
        "=?iso-8859-1?q?x=40xyz.collab=3e=00?=foo@legit.test",
        "<admin@desk.test> <x@evil.test>",
        "<@evil.test:admin@desk.test>",
        "Staff: admin@desk.test;",
        '"x" <admin@desk.test> garbage',
        "admin@desk.test@evil.test",
        "admin\u2028@desk.test",
        "",
        "(" * 500,
        "Jean Dupont",
    ],
)
def test_any_other_from_is_nobody(value: str) -> None:
    mail = parse(wire(From=value))

    assert mail.identity is None
    assert mail.conflicts


def test_no_from_is_nobody_and_sender_is_only_shown() -> None:
    mail = parse(wire(From=None, Sender="agent@desk.test"))

    assert mail.identity is None
    assert "no From" in mail.conflicts
    assert mail.author.address == "agent@desk.test"


def test_two_from_fields_are_nobody() -> None:
    raw = wire().replace(b"To: support", b"From: agent@desk.test\r\nTo: support")

    assert parse(raw).identity is None


@pytest.mark.parametrize(
    ("inserted", "reason"),
    [
        (b"X-A: y\rFrom: <admin@desk.test>\r\n", "bare CR"),
        (b"X-A: y\nX-B: z\r\n", "bare LF"),
        (b"X-A: y\x00\r\n", "control character"),
        (b"X-A: y\x0b\r\n", "control character"),
        (b"X-A: y\xc2\x85From: <admin@desk.test>\r\n", "control character"),
        (b"From : <admin@desk.test>\r\n", "white space between From"),
    ],
)
def test_bytes_that_two_readers_see_differently_are_a_conflict(inserted: bytes, reason: str) -> None:
    mail = parse(inserted + wire())

    assert any(reason in conflict for conflict in mail.conflicts)


def test_a_bare_cr_does_not_smuggle_an_author_in() -> None:
    mail = parse(b"X-A: y\rFrom: <admin@desk.test>\r\n" + wire())

    assert mail.author.address == "chloe@acme.test"


def test_a_mail_of_line_feeds_only_is_no_conflict() -> None:
    assert parse(wire().replace(b"\r\n", b"\n")).conflicts == ()


def test_headers_of_our_own_are_not_heard() -> None:
    mail = parse(wire(X_Gw_Role="agent", X_Priority="1"))

    assert "x-gw-role" not in mail.headers
    assert mail.header("x-priority") == "1"


@given(st.text(max_size=60))
def test_identity_is_one_strict_address_or_none(value: str) -> None:
    identity = parse(wire(From=" ".join(value.split()) or "x")).identity

    assert identity is None or parse_addr_spec(identity) == identity
