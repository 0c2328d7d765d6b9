"""Mail that waits for the desk: whoever has to decide is reminded until they have."""

from __future__ import annotations

from datetime import datetime, timedelta

from tests.acceptance.customer import Customer
from tests.running import body_of

AS_ANA = ("--as", "ana@example.test")
STILL_HELD = "still-held"


def test_the_desk_is_reminded_of_held_mail_and_nothing_is_closed_meanwhile(chloe: Customer) -> None:
    gateway, number = chloe.gateway, chloe.opens_a_ticket()
    first = chloe.mails()[-1]["Message-ID"]
    held = Customer(gateway, "Bob", "bob@elsewhere.test").writes("La version 12.", In_Reply_To=first)
    assert held["outcome"] == "held"
    # The ticket comes to wait for its customer only after the mail was held.
    text = "Quelle version utilisez-vous ?"
    gateway.command("tickets", "transition", str(number), "waiting_customer", *AS_ANA, "--text", text)
    since = datetime.fromisoformat(gateway.ticket(number)["timeline"][-1]["at"])

    def told_after(days: float) -> int:
        gateway.command("timers", "run", "--now", (since + timedelta(days=days, seconds=1)).isoformat())
        gateway.settled()
        return len(gateway.notifications(to="team@example.test", template=STILL_HELD))

    assert told_after(1.9) == 0
    assert told_after(2.1) == told_after(2.2) == 1
    assert told_after(4.2) == 2
    told = " ".join(body_of(gateway.sent_to("team@example.test")[-1]).split())
    assert f"gateway mail release {held['id']}" in told
    assert "attend toujours votre décision" in told
    for days in (6.5, 13, 16, 20):
        told_after(days)
    assert gateway.ticket(number)["state"] == "waiting_customer"

    before = len(gateway.notifications(template=STILL_HELD))
    gateway.command("mail", "drop", str(held["id"]))
    told_after(30)
    assert len(gateway.notifications(template=STILL_HELD)) == before
    assert gateway.ticket(number)["state"] == "closed"
