"""A Flex contract pays for a change request: once, with the time that the desk gives, and its customer is told."""

from __future__ import annotations

import itertools

import pytest

from tests.acceptance.customer import Customer
from tests.running import RunningGateway, body_of

AS_ANA = ("--as", "ana@example.test")
_NAMES = itertools.count(1)


@pytest.fixture
def dora(gateway: RunningGateway) -> Customer:
    """A customer whose organisation has twenty hours on its Flex contract."""
    return Customer(gateway, "Dora Blanc", f"dora.{next(_NAMES)}@flexible.test")


def _asks_for_a_change(dora: Customer) -> int:
    number = dora.opens_a_ticket("Bonjour,\n\nPouvez-vous ajouter une colonne à l'export des paies ?\n\nDora")
    dora.gateway.command("tickets", "type", str(number), "change_request", *AS_ANA)
    return number


def _close(gateway: RunningGateway, number: int, *more: str, code: int = 0) -> str:
    closing = ("closed", *AS_ANA, "--resolution", "fixed", "--text", "La colonne est en place.")
    return gateway.command("tickets", "transition", str(number), *closing, *more, code=code)


def _said(dora: Customer) -> str:
    return " ".join(body_of(dora.mails()[-1]).split())


def test_closing_a_change_request_takes_the_time_from_the_balance(dora: Customer) -> None:
    gateway, number = dora.gateway, _asks_for_a_change(dora)

    refused = _close(gateway, number, code=1)
    assert "closing needs the time spent, such as time=1h30" in refused
    assert "n'est pas un temps" not in refused
    _close(gateway, number, "--time", "1h30")

    ticket = gateway.ticket(number)
    assert (ticket["state"], ticket["flex_minutes"]) == ("closed", 90)
    charged = [entry for entry in ticket["timeline"] if entry["kind"] == "flex_charged"]
    assert [(entry["actor"], entry["to"]) for entry in charged] == [("ana@example.test", "1 h 30")]
    assert "décompté de 1 h 30 pour cette demande. Il vous reste" in _said(dora)


def test_a_ticket_is_charged_once_however_often_it_is_closed(dora: Customer) -> None:
    gateway, number = dora.gateway, _asks_for_a_change(dora)
    _close(gateway, number, "--time", "2h")
    dora.writes("Il manque encore l'en-tête.", to=dora.reply_address())
    assert gateway.ticket(number)["state"] == "in_progress"

    assert "only once" in _close(gateway, number, "--time", "2h", code=1)
    _close(gateway, number)

    assert gateway.ticket(number)["flex_minutes"] == 120
    assert "décompté" not in _said(dora)


def test_what_the_customer_closes_is_charged_when_the_desk_says_the_time(dora: Customer) -> None:
    gateway, number = dora.gateway, _asks_for_a_change(dora)
    ana = Customer(gateway, "Ana Costa", "ana@example.test")
    gateway.command("tickets", "assign", str(number), "ana@example.test", "--as", "lea@example.test")

    dora.writes("#fermer\n\nC'est bon, merci.", to=dora.reply_address())
    assert gateway.ticket(number)["state"] == "closed"
    owed = [mail for mail in ana.mails() if f"[#{number}]" in str(mail["Subject"])][-1]
    assert "#charge 1h30" in body_of(owed)
    ana.writes("#charge 45 min", to=str(owed["Reply-To"]), message_id=f"ana.{number}@example.test")

    assert gateway.ticket(number)["flex_minutes"] == 45
    assert "décompté de 45 min" in _said(dora)
    again = gateway.command("tickets", "charge", str(number), "1h", *AS_ANA, code=1)
    assert "only once" in again


def test_assistance_is_not_charged(dora: Customer) -> None:
    number = dora.opens_a_ticket()

    assert "only the closing of a change request" in _close(dora.gateway, number, "--time", "1h", code=1)
    _close(dora.gateway, number)

    assert dora.gateway.ticket(number)["flex_minutes"] == 0


def test_a_need_for_consulting_closes_and_says_whom_to_ask(dora: Customer) -> None:
    number = dora.opens_a_ticket()

    dora.gateway.command(
        *("tickets", "transition", str(number), "closed", *AS_ANA, "--resolution", "consulting"),
        *("--text", "Un paramétrage complet de vos conventions est à prévoir."),
    )

    assert dora.gateway.ticket(number)["resolution"] == "consulting"
    assert "relève du conseil" in _said(dora)
    assert "Max Weber – max@example.test" in _said(dora)
