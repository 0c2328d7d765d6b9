"""Addresses: which ones identify somebody, and which two are one."""

from __future__ import annotations

import pytest

from gateway.domain.address import author_key, parse_addr_spec


@pytest.mark.parametrize(
    "address", ["chloe@acme.test", "o'brien+tag@a-b.example", "Chloé@acme.test", "x@bücher.example"]
)
def test_a_plain_address_identifies(address: str) -> None:
    assert parse_addr_spec(address) == address


@pytest.mark.parametrize(
    "address",
    [
        '"agent"@desk.test',
        "agent@desk.test.",
        "agent@desk.test (c)",
        "agent@@desk.test",
        "agent@desk",
        "a..b@desk.test",
        ".a@desk.test",
        "a@[192.0.2.1]",
        "a@-desk.test",
        "a b@desk.test",
        "=?utf-8?q?agent?=@desk.test",
        "agent@desk.test\x00",
        "agent\u200b@desk.test",
        "аgent@",
        "",
        f"{'a' * 65}@desk.test",
        f"a@{'b' * 64}.test",
    ],
)
def test_anything_else_identifies_nobody(address: str) -> None:
    assert parse_addr_spec(address) is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Lea@Desk.TEST", "lea@desk.test"),
        ("x@bücher.example", "x@xn--bcher-kva.example"),
        ("x@BÜCHER.example", "x@bücher.example"),
    ],
)
def test_two_ways_to_write_one_address(one: str, other: str) -> None:
    assert author_key(one) == author_key(other)


@pytest.mark.parametrize(
    "other",
    [
        '"agent"@desk.test',
        "agent+x@desk.test",
        "agent@desk.test.",
        "аgent@desk.test",
        "agent@dеsk.test",
        "agent@faß.test",
    ],
)
def test_what_only_looks_like_an_agent_is_somebody_else(other: str) -> None:
    assert author_key(other) != author_key("agent@desk.test")
    assert author_key("x@fass.test") != author_key("x@faß.test")
