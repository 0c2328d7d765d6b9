"""Who belongs to whom, and which addresses are ours."""

from __future__ import annotations

import pytest

from gateway.domain.desk import Contact, Desk, DeskAddress, Team
from gateway.domain.our_addresses import Subaddress, desk_address_among, is_ours, subaddress, with_token

LEA = Contact(
    1,
    "lea@example.test",
    "Lea@example.test",
    "Léa Martin",
    "fr",
    None,
    frozenset({"agent"}),
    "support",
    (),
    listed=True,
)
DESK = Desk(
    version=1,
    domain="example.test",
    phone="",
    addresses={
        "support@example.test": DeskAddress("support@example.test", "support@example.test", "support", ""),
        "paie@example.test": DeskAddress("paie@example.test", "Paie@example.test", "paie", ""),
    },
    teams={"support": Team("support", "team@example.test", "lea@example.test"), "paie": Team("paie", "", "")},
    staff={LEA.key: LEA},
    organisations={},
    by_domain={"acme.test": 7},
)


@pytest.mark.parametrize(
    ("address", "organisation"),
    [
        ("chloe@acme.test", 7),
        ("chloe@mail.acme.test", None),
        ("chloe@notacme.test", None),
        ("chloe@acme.test.evil.example", None),
        ("acme.test@gmail.com", None),
    ],
)
def test_a_domain_is_the_whole_domain(address: str, organisation: int | None) -> None:
    assert DESK.organisation_of(address) == organisation


def test_a_team_is_its_members() -> None:
    assert DESK.members("support") == (LEA,)
    assert DESK.members("paie") == ()
    assert LEA.is_staff
    assert (LEA.mailbox.name, LEA.mailbox.address) == ("Léa Martin", "Lea@example.test")


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("support+abc@example.test", Subaddress("support", "abc")),
        ("bounces+abc@example.test", Subaddress("bounces", "abc")),
        ("support+a+b@example.test", Subaddress("support", "a+b")),
        ("support@example.test", None),
        ("lea+abc@example.test", None),
        ("support+abc@acme.test", None),
    ],
)
def test_only_our_own_subaddresses_may_carry_a_token(address: str, found: Subaddress | None) -> None:
    assert subaddress(address, DESK) == found


def test_what_we_write_is_ours_and_a_persons_address_is_not() -> None:
    assert is_ours("support@example.test", DESK)
    assert is_ours(with_token("paie", "k7q", "example.test"), DESK)
    assert not is_ours("lea@example.test", DESK)


@pytest.mark.parametrize(
    ("recipients", "queue"),
    [
        (["paie@example.test"], "paie@example.test"),
        (["chloe@acme.test", "paie+k7q@example.test"], "paie@example.test"),
        (["chloe@acme.test"], "support@example.test"),
        ([], "support@example.test"),
    ],
)
def test_a_mail_fills_the_queue_that_it_was_written_to(recipients: list[str], queue: str) -> None:
    assert desk_address_among(recipients, DESK) == queue
