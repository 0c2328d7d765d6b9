"""What falls due by itself: reminders, the closing, the clocks of the contract, promised news."""

from __future__ import annotations

from datetime import datetime, timedelta

from tests.acceptance.customer import Customer
from tests.running import RunningGateway, body_of

AS_ANA = ("--as", "ana@example.test")
AS_LEA = ("--as", "lea@example.test")


def _waiting(chloe: Customer) -> tuple[int, datetime]:
    """A ticket that waits for its customer, and since when."""
    number = chloe.opens_a_ticket()
    text = "Quelle version utilisez-vous ?"
    chloe.gateway.command("tickets", "transition", str(number), "waiting_customer", *AS_ANA, "--text", text)
    return number, datetime.fromisoformat(chloe.gateway.ticket(number)["timeline"][-1]["at"])


def _later(gateway: RunningGateway, since: datetime, **by: float) -> None:
    # A second more, for instants are printed without their fractions.
    at = since + timedelta(seconds=1) + timedelta(**by)
    gateway.command("timers", "run", "--now", at.isoformat())


def _templates(gateway: RunningGateway, number: int) -> list[str]:
    gateway.settled()
    return [row["template"] for row in gateway.notifications() if row["ticket"] == number]


def test_two_reminders_then_the_closing_which_a_reply_undoes(chloe: Customer) -> None:
    number, since = _waiting(chloe)
    gateway = chloe.gateway

    for days in (2.9, 3, 3.1, 6, 11.9):
        _later(gateway, since, days=days)
    assert _templates(gateway, number).count("reminder") == 2
    assert "attend toujours votre réponse" in " ".join(body_of(chloe.mails()[-1]).split())
    assert gateway.ticket(number)["state"] == "waiting_customer"

    _later(gateway, since, days=12)
    ticket = gateway.ticket(number)
    assert (ticket["state"], ticket["resolution"]) == ("closed", "no_answer")
    assert _templates(gateway, number).count("closed") == 1

    chloe.writes("Nous avons la version 12.", to=chloe.reply_address())
    assert gateway.ticket(number)["state"] == "in_progress"


def test_a_reply_ends_the_waiting(chloe: Customer) -> None:
    number, since = _waiting(chloe)

    chloe.writes("La version 12.", to=chloe.reply_address())
    for days in (3, 6, 12):
        _later(chloe.gateway, since, days=days)

    ticket = chloe.gateway.ticket(number)
    assert ticket["state"] == "in_progress"
    assert "reminder" not in _templates(chloe.gateway, number)


def test_the_clocks_of_a_24x7_contract_warn_breach_and_stop(chloe: Customer) -> None:
    number = chloe.opens_a_ticket()
    gateway = chloe.gateway
    ticket = gateway.ticket(number)
    opened = datetime.fromisoformat(ticket["created_at"])
    due = datetime.fromisoformat(ticket["response"]["due_at"])
    assert due - opened == timedelta(hours=8)

    _later(gateway, opened, hours=6)
    assert "sla-warned" in _templates(gateway, number)
    _later(gateway, opened, hours=8)
    ticket = gateway.ticket(number)
    assert ticket["response"]["breached"]
    assert not ticket["resolution_clock"]["breached"]
    told = [row["to"] for row in gateway.notifications(template="sla-breached") if row["ticket"] == number]
    assert told == ["team@example.test", "lea@example.test"]

    gateway.command("tickets", "transition", str(number), "resolved", *AS_ANA, "--text", "Corrigé.")
    ticket = gateway.ticket(number)
    assert ticket["response"]["stopped_at"]
    assert ticket["resolution_clock"]["stopped_at"]


def test_silence_climbs_the_matrix_and_promised_news_are_asked_for(chloe: Customer) -> None:
    number = chloe.opens_a_ticket()
    gateway = chloe.gateway
    gateway.command(
        "tickets", "escalate", str(number), "--as", chloe.address, "--text", "La paie part demain."
    )
    since = datetime.fromisoformat(gateway.ticket(number)["escalation"]["requested_at"])

    _later(gateway, since, hours=4)
    told = [
        row["to"] for row in gateway.notifications(template="escalation-requested") if row["ticket"] == number
    ]
    assert told[-3:] == ["lea@example.test", "omar@example.test", "max@example.test"]

    gateway.command("escalations", "approve", str(number), *AS_LEA, "--estimate", "demain")
    decided = datetime.fromisoformat(gateway.ticket(number)["escalation"]["decided_at"])
    _later(gateway, decided, hours=25)
    _later(gateway, decided, hours=26)
    assert _templates(gateway, number).count("update-owed") == 1


def test_what_falls_due_can_be_looked_at(chloe: Customer) -> None:
    number, _ = _waiting(chloe)

    found = [each for each in chloe.gateway.json_lines("timers", "list") if each["ticket"] == number]

    assert [(each["timer"], each["number"]) for each in found] == [("reminder", 1)]
