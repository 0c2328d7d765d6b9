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


def _proven(chloe: Customer) -> tuple[int, str]:
    """A ticket, and the reply address that proves its requester."""
    return chloe.opens_a_ticket(), chloe.reply_address()


def _lea(gateway: RunningGateway) -> Customer:
    return Customer(gateway, "Lea Martin", "lea@example.test")


def _lea_answers(gateway: RunningGateway, number: int, text: str) -> dict[str, object]:
    """The lead replies to the request's mail."""
    lea = _lea(gateway)
    requests = [mail for mail in lea.mails() if f"[#{number}]" in str(mail["Subject"])]
    asked = [mail for mail in requests if "escalade" in body_of(mail)]
    return lea.writes(text, to=asked[-1]["Reply-To"], message_id=f"lea.{number}.{len(requests)}@example.test")


def test_the_whole_story_by_mail(chloe: Customer) -> None:
    gateway = chloe.gateway
    number, desk = _proven(chloe)

    chloe.writes("Bonjour, avez-vous des nouvelles de ma demande ?", to=desk)
    assert gateway.ticket(number)["nudges"] == 1
    assert _told(gateway, number, "nudged") == ["team@example.test"]

    chloe.writes("Sans réponse, je vous demande d'escalader ce ticket.", to=desk)
    escalation = gateway.ticket(number)["escalation"]
    assert escalation["state"] == "requested"
    assert {"since", "how_many"} <= set(escalation["missing"])
    assert "depuis quand" in body_of(chloe.mails()[-1])

    row = _lea_answers(gateway, number, "#approuver demain midi\n\nDeux personnes y travaillent.")
    assert row["outcome"] == "comment", row
    assert gateway.ticket(number)["escalation"]["estimate"] == "demain midi"
    assert _told(gateway, number, "escalation-approved") == [chloe.address]
    assert _told(gateway, number, "commands-answered") == ["lea@example.test"]
    assert "demain midi" in body_of(chloe.mails()[-1])


def test_a_lead_refuses_by_mail_and_the_customer_hears_why(chloe: Customer) -> None:
    number, desk = _proven(chloe)
    chloe.writes("Merci d'escalader ce ticket : 300 personnes sont bloquées depuis hier.", to=desk)

    _lea_answers(chloe.gateway, number, "#refuser un contournement vous a été donné hier")

    assert chloe.gateway.ticket(number)["escalation"]["state"] == "refused"
    assert "un contournement vous a été donné hier" in body_of(chloe.mails()[-1])


def test_words_in_a_mail_that_nothing_proves_are_asked_back(chloe: Customer) -> None:
    number, _ = _proven(chloe)
    first = chloe.mails()[0]

    chloe.writes("Merci d'escalader ce ticket.", References=first["Message-ID"])

    gateway = chloe.gateway
    assert gateway.ticket(number)["escalation"]["state"] == "none"
    assert _told(gateway, number, "please-confirm") == [chloe.address]
    chloe.writes("#escalade 300 personnes bloquées depuis hier", to=chloe.reply_address())
    assert gateway.ticket(number)["escalation"]["state"] == "requested"


def test_tone_is_a_claim_that_the_account_manager_validates(chloe: Customer) -> None:
    row = chloe.writes("Bonjour,\n\nURGENT ! Le module Paie est bloqué.\n\nChloé", subject="URGENT")

    gateway, number = chloe.gateway, row["ticket"]
    ticket = gateway.ticket(number)
    assert (ticket["priority"], ticket["claimed_priority"]) == ("low", "urgent")
    assert ticket["escalation"]["state"] == "none"
    assert _told(gateway, number, "priority-claimed") == ["max@example.test"]


def test_a_mail_in_the_leads_name_decides_nothing(chloe: Customer) -> None:
    number, desk = _proven(chloe)
    gateway = chloe.gateway
    chloe.writes("Merci d'escalader ce ticket.", to=desk)
    forger = Customer(gateway, "Lea Martin", "lea@example.test")

    row = forger.writes(
        "#approuver tout de suite", subject=f"[#{number}]", message_id=f"forged.{number}@example.test"
    )

    assert row["outcome"] == "refused"
    assert gateway.ticket(number)["escalation"]["state"] == "requested"
    assert _told(gateway, number, "mail-refused") == ["lea@example.test"]

    again = forger.writes(
        "#refuser jamais", subject=f"[#{number}]", message_id=f"again.{number}@example.test"
    )
    assert again["outcome"] == "refused"
    assert len(_told(gateway, number, "mail-refused")) == 1, "at most once an hour"


def test_an_agent_works_by_mail(chloe: Customer) -> None:
    number, _ = _proven(chloe)
    gateway = chloe.gateway
    gateway.command("tickets", "assign", str(number), "ana@example.test", *AS_LEA)
    chloe.writes("Un détail de plus.", to=chloe.reply_address())
    ana = Customer(gateway, "Ana Costa", "ana@example.test")
    told = [mail for mail in ana.mails() if f"[#{number}]" in str(mail["Subject"])][-1]

    ana.writes(
        "#priority high la paie est bloquée\n#status en attente du client\n\nQuelle version avez-vous ?",
        to=told["Reply-To"],
        message_id=f"ana.{number}@example.test",
    )

    ticket = gateway.ticket(number)
    assert (ticket["priority"], ticket["state"]) == ("high", "waiting_customer")
    assert "Quelle version" in body_of(chloe.mails()[-1])
    answer = body_of(ana.mails()[-1])
    assert "#priority high" in answer
    assert "#status" in answer
