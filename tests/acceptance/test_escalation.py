"""An escalation: asked for, decided by a lead, told to everybody concerned."""

from __future__ import annotations

import json

from tests.acceptance.customer import Customer
from tests.running import RunningGateway, body_of

AS_LEA = ("--as", "lea@example.test")


def _asked_for(chloe: Customer, reason: str = "La paie de 300 personnes part demain.") -> int:
    number = chloe.opens_a_ticket()
    chloe.gateway.command("tickets", "escalate", str(number), "--as", chloe.address, "--text", reason)
    return number


def _told(gateway: RunningGateway, number: int, template: str) -> list[str]:
    gateway.settled()
    return [row["to"] for row in gateway.notifications(template=template) if row["ticket"] == number]


def test_a_request_tells_lead_and_offer_owner_and_is_acknowledged(chloe: Customer) -> None:
    number = _asked_for(chloe)

    assert _told(chloe.gateway, number, "escalation-requested") == ["lea@example.test", "omar@example.test"]
    assert _told(chloe.gateway, number, "escalation-acknowledged") == [chloe.address]
    acknowledged = body_of(chloe.mails()[-1]).replace("\u00a0", " ")
    assert "ne garantit pas une correction plus rapide" in " ".join(acknowledged.split())
    assert "+33 1 00 00 00 00" in acknowledged
    escalation = chloe.gateway.ticket(number)["escalation"]
    assert (escalation["state"], escalation["by"]) == ("requested", chloe.address)
    waiting = [
        json.loads(line) for line in chloe.gateway.command("escalations", "list", "--json").splitlines()
    ]
    assert number in [each["number"] for each in waiting]


def test_a_repeated_request_strengthens_and_tells_nobody_again(chloe: Customer) -> None:
    number = _asked_for(chloe)

    chloe.gateway.command(
        "tickets", "escalate", str(number), "--as", chloe.address, "--text", "Toujours rien."
    )

    assert chloe.gateway.ticket(number)["escalation"]["asked"] == 2
    assert len(_told(chloe.gateway, number, "escalation-requested")) == 2
    assert len(_told(chloe.gateway, number, "escalation-acknowledged")) == 1


def test_an_approval_gives_an_estimate_and_puts_the_ticket_first(chloe: Customer) -> None:
    ahead, number = chloe.opens_a_ticket(), _asked_for(chloe)

    chloe.gateway.command("escalations", "approve", str(number), *AS_LEA, "--estimate", "demain midi")

    assert _told(chloe.gateway, number, "escalation-approved") == [chloe.address]
    assert "demain midi" in body_of(chloe.mails()[-1])
    lines = chloe.gateway.command("tickets", "list", "--json").splitlines()
    queue = [json.loads(line)["number"] for line in lines]
    assert queue.index(number) < queue.index(ahead)
    kinds = [entry["kind"] for entry in chloe.gateway.ticket(number)["timeline"]]
    assert kinds[-2:] == ["escalation_requested", "escalation_approved"]


def test_a_refusal_tells_its_reason_and_can_be_taken_back(chloe: Customer) -> None:
    number = _asked_for(chloe)
    gateway = chloe.gateway

    gateway.command("escalations", "refuse", str(number), *AS_LEA, "--reason", "Un contournement existe.")
    assert "Un contournement existe." in body_of(chloe.mails()[-1])
    gateway.command("escalations", "undo", str(number), *AS_LEA)

    assert gateway.ticket(number)["escalation"]["state"] == "requested"
    assert gateway.ticket(number)["timeline"][-1]["kind"] == "escalation_undone"


def test_only_a_lead_decides(chloe: Customer) -> None:
    number = _asked_for(chloe)

    for who in ("ana@example.test", "omar@example.test", chloe.address):
        words = chloe.gateway.command(
            "escalations", "approve", str(number), "--as", who, "--estimate", "1 h", code=1
        )
        assert "no support lead" in words
    assert chloe.gateway.ticket(number)["escalation"]["state"] == "requested"
