"""Mail that waits for the desk: whoever has to decide is reminded until they have."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.acceptance.customer import Customer
from tests.running import body_of

AS_ANA = ("--as", "ana@example.test")
STILL_HELD = "still-held"


@pytest.mark.timeout(600)
def test_the_desk_is_reminded_of_held_mail_and_nothing_is_closed_meanwhile(chloe: Customer) -> None:
    gateway, number = chloe.gateway, chloe.opens_a_ticket()
    first = chloe.mails()[-1]["Message-ID"]
    held = Customer(gateway, "Bob", "bob@elsewhere.test").writes("La version 12.", In_Reply_To=first)
    assert held["outcome"] == "held"
    # The ticket comes to wait for its customer only after the mail was held.
    text = "Quelle version utilisez-vous ?"
    gateway.command("tickets", "transition", str(number), "waiting_customer", *AS_ANA, "--text", text)
    since = datetime.fromisoformat(gateway.ticket(number)["timeline"][-1]["at"])

    def told() -> int:
        rows = gateway.notifications(to="team@example.test", template=STILL_HELD)
        return sum(row["ticket"] == number for row in rows)

    def told_after(days: float) -> int:
        gateway.command("timers", "run", "--now", (since + timedelta(days=days, seconds=1)).isoformat())
        gateway.settled()
        return told()

    assert told_after(1.9) == 0
    assert told_after(2.1) == told_after(2.2) == 1
    assert told_after(4.2) == 2
    mails = [mail for mail in gateway.sent_to("team@example.test") if f"[#{number}]" in str(mail["Subject"])]
    reminder = " ".join(body_of(mails[-1]).split())
    assert f"gateway mail release {held['id']}" in reminder
    assert "attend toujours votre décision" in reminder
    for days in (6.5, 13, 20):
        told_after(days)
    assert gateway.ticket(number)["state"] == "waiting_customer"

    before = told()
    gateway.command("mail", "drop", str(held["id"]))
    assert told_after(30) == before
    assert gateway.ticket(number)["state"] == "closed"
