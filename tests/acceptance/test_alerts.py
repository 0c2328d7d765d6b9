"""A service alert: requests that are about it are answered with it, and whoever follows it hears of each update."""

from __future__ import annotations

import itertools
import json

import pytest

from tests.acceptance.customer import Customer
from tests.running import RunningGateway, body_of

AS_ANA = ("--as", "ana@example.test")
_NUMBERS = itertools.count(1)


class Alert:
    """An open alert whose words nobody else's mails hold."""

    def __init__(self, gateway: RunningGateway, word: str, *more: str) -> None:
        self.gateway = gateway
        self.word = word
        self.number: int = json.loads(
            gateway.command(
                *(
                    "alerts",
                    "open",
                    *AS_ANA,
                    "--title-fr",
                    f"Lenteurs {word}",
                    "--title-en",
                    f"{word} is slow",
                ),
                *("--text-fr", "Nous cherchons la cause.", "--text-en", "We are looking for the cause."),
                *("--words-fr", word, "--json", *more),
            )
        )["number"]

    def say(self, command: str, french: str, english: str = "") -> str:
        """Update or resolve it."""
        texts = ("--text-fr", french, *(("--text-en", english) if english else ()))
        return self.gateway.command("alerts", command, str(self.number), *AS_ANA, *texts)

    def shown_tickets(self) -> dict[int, str]:
        """The tickets that are about it, and how."""
        found = self.gateway.gateway().service_alerts.tickets(self.number)
        return {each.ticket: str(each.link) for each in found}


@pytest.fixture
def alert(gateway: RunningGateway) -> Alert:
    """An alert that the workers know of."""
    made = Alert(gateway, f"zefirox{next(_NUMBERS)}x")
    probe = Customer(gateway, "Paul Test", f"paul.{made.number}@probe.test")
    # They look once a second whether the desk has changed.
    gateway.wait_for(lambda: probe.writes(made.word, subject="?") and made.shown_tickets(), "the alert")
    return made


def _writes_about(chloe: Customer, alert: Alert) -> int:
    row = chloe.writes(f"Bonjour,\n\nL'écran {alert.word} est très lent depuis ce matin.\n\nChloé")
    number: int = row["ticket"]
    return number


def _templates(gateway: RunningGateway, to: str) -> list[str]:
    gateway.settled()
    return [row["template"] for row in gateway.notifications(to=to)]


@pytest.mark.timeout(240)
def test_a_request_is_answered_with_the_alert_and_follows_it_by_a_reply(
    chloe: Customer, alert: Alert
) -> None:
    gateway, number = chloe.gateway, _writes_about(chloe, alert)
    confirmation = body_of(chloe.mails()[-1])
    assert f"Alerte {alert.number} – Lenteurs {alert.word}" in confirmation
    assert "Nous cherchons la cause." in confirmation
    assert f"#suivre {alert.number}" in confirmation
    assert alert.shown_tickets()[number] == "matched"

    chloe.writes(f"#suivre {alert.number}\n", to=chloe.reply_address())
    answered = body_of(chloe.mails()[-1])
    assert f"#follow {alert.number} – fait" in answered
    assert "Nous cherchons la cause." in answered
    alert.say("update", "Le serveur est remplacé à midi.", "The server is replaced at noon.")
    alert.say("resolve", "Tout est rétabli.", "All works again.")

    assert _templates(gateway, chloe.address)[-3:] == ["commands-answered", "alert-updated", "alert-resolved"]
    update, resolution = chloe.mails()[-2:]
    assert "Le serveur est remplacé à midi." in body_of(update)
    assert str(update["Subject"]).startswith(f"[#{number}] ")
    assert "n’est pas fermée" in body_of(resolution)
    ticket = gateway.ticket(number)
    assert ticket["state"] == "submitted"
    kinds = [entry["kind"] for entry in ticket["timeline"] if entry["kind"].startswith("alert")]
    assert kinds == [
        *("alert_matched", "alert_followed", "alert_updated", "alert_resolved"),
    ]
    # A reply to an update goes onto the ticket.
    row = chloe.writes("Tout marche, merci.", to=chloe.reply_address())
    assert (row["outcome"], row["ticket"]) == ("comment", number)
