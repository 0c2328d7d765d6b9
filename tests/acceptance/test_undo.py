"""A mistaken act is taken back by its author: the ticket is what it was, and whoever was told is told."""

from __future__ import annotations

from typing import Any

from tests.acceptance.customer import Customer
from tests.running import RunningGateway, body_of

AS_LEA = ("--as", "lea@example.test")
AS_ANA = ("--as", "ana@example.test")


def _told(gateway: RunningGateway, number: int, template: str) -> list[str]:
    gateway.settled()
    return [row["to"] for row in gateway.notifications(template=template) if row["ticket"] == number]


def _act(gateway: RunningGateway, command: str, number: int, *words: str, code: int = 0) -> str:
    return gateway.command("tickets", command, str(number), *words, code=code)


def _clocks(ticket: dict[str, Any]) -> list[dict[str, Any]]:
    return [ticket["response"], ticket["resolution_clock"]]


def test_a_mistaken_question_is_as_if_it_had_not_been_asked(chloe: Customer) -> None:
    number, gateway = chloe.opens_a_ticket(), chloe.gateway
    _act(gateway, "transition", number, "in_progress", *AS_ANA)
    before = gateway.ticket(number)
    _act(gateway, "transition", number, "waiting_customer", *AS_ANA, "--text", "Quelle version ?")
    assert gateway.ticket(number)["response"]["stopped_at"] is not None

    words = _act(gateway, "undo", number, *AS_ANA)

    ticket = gateway.ticket(number)
    assert words == "Undone: state waiting_customer -> in_progress\n"
    assert (ticket["state"], _clocks(ticket)) == ("in_progress", _clocks(before))
    done, undone = ticket["timeline"][-2:]
    assert (done["from"], done["to"]) == (undone["to"], undone["from"])
    assert undone["undoes"] == done["id"]
    assert _told(gateway, number, "change-undone") == [chloe.address]
    assert "vient d'être annulé" in body_of(chloe.mails()[-1])
    assert gateway.json_lines("timers", "list") == [
        each
        for each in gateway.json_lines("timers", "list")
        if each["timer"] != "reminder" or each["ticket"] != number
    ]


def test_a_closing_is_undone_with_its_resolution(chloe: Customer) -> None:
    number, gateway = chloe.opens_a_ticket(), chloe.gateway
    _act(gateway, "transition", number, "closed", *AS_ANA, "--text", "Voilà.", "--resolution", "duplicate")

    _act(gateway, "undo", number, *AS_ANA)

    ticket = gateway.ticket(number)
    assert (ticket["state"], ticket["resolution"]) == ("submitted", None)
    assert ticket["response"]["stopped_at"] is None


def test_each_undo_takes_one_change_back_the_newest_first(chloe: Customer) -> None:
    number, gateway = chloe.opens_a_ticket(), chloe.gateway
    _act(gateway, "priority", number, "high", *AS_LEA, "--text", "la paie est bloquée")
    _act(gateway, "priority", number, "medium", *AS_LEA, "--text", "un contournement existe")
    _act(gateway, "assign", number, "ana@example.test", *AS_LEA)
    _act(gateway, "type", number, "consulting", *AS_LEA)
    assert _told(gateway, number, "priority-changed") == [chloe.address]

    found = [_act(gateway, "undo", number, *AS_LEA).strip() for _ in range(4)]

    assert found == [
        "Undone: type consulting -> assistance",
        "Undone: assignee ana@example.test -> -",
        "Undone: priority medium -> high",
        "Undone: priority high -> low",
    ]
    ticket = gateway.ticket(number)
    assert (ticket["priority"], ticket["type"], ticket["assignee"]) == ("low", "assistance", None)
    assert _told(gateway, number, "change-undone") == [chloe.address], "of the lowering alone they were told"
    reasons = [each["reason"] for each in ticket["timeline"] if each["undoes"] and each["kind"] == "priority"]
    assert reasons == ["undone: un contournement existe", "undone: la paie est bloquée"]
    assert "no change" in _act(gateway, "undo", number, *AS_LEA, code=1)


def test_what_is_anothers_or_was_overtaken_is_not_undone(chloe: Customer) -> None:
    number, gateway = chloe.opens_a_ticket(), chloe.gateway
    _act(gateway, "priority", number, "high", *AS_ANA, "--text", "la paie")

    assert "only its author can undo it" in _act(gateway, "undo", number, *AS_LEA, code=1)
    _act(gateway, "priority", number, "urgent", *AS_LEA, "--text", "le chiffre d'affaires")
    assert "something newer has happened" in _act(gateway, "undo", number, *AS_ANA, code=1)
    assert "not on the roster" in _act(gateway, "undo", number, "--as", chloe.address, code=1)
    assert gateway.ticket(number)["priority"] == "urgent"


def test_by_mail_the_answer_says_how_and_undo_does_it(chloe: Customer) -> None:
    number, gateway = chloe.opens_a_ticket(), chloe.gateway
    _act(gateway, "assign", number, "ana@example.test", *AS_LEA)
    chloe.writes("Un détail de plus.", to=chloe.reply_address())
    ana = Customer(gateway, "Ana Costa", "ana@example.test")
    told = [mail for mail in ana.mails() if f"[#{number}]" in str(mail["Subject"])][-1]

    def writes(text: str, name: str) -> str:
        ana.writes(text, to=told["Reply-To"], message_id=f"{name}.{number}@example.test")
        return " ".join(body_of(ana.mails()[-1]).split())

    answer = writes("#priority high la paie est bloquée\n#type consulting", "first")
    assert answer.count("(#undo undoes it, for 30 minutes)") == 2, answer
    refused = writes("#undo\n#close", "both")
    assert "#undo – no: #undo stands alone" in refused

    answer = writes("#annuler", "second")

    ticket = gateway.ticket(number)
    assert (ticket["type"], ticket["priority"]) == ("assistance", "high")
    assert "#undo – done" in answer
    assert ticket["timeline"][-1]["mail"] is not None


def test_a_decision_that_was_told_and_taken_back_is_told_again(chloe: Customer) -> None:
    number, gateway = chloe.opens_a_ticket(), chloe.gateway
    _act(gateway, "escalate", number, "--as", chloe.address, "--text", "La paie de 300 personnes.")
    gateway.command("escalations", "approve", str(number), *AS_LEA, "--estimate", "demain midi")

    _act(gateway, "undo", number, *AS_LEA)

    assert gateway.ticket(number)["escalation"]["state"] == "requested"
    assert _told(gateway, number, "change-undone") == [chloe.address]
    assert "attend de nouveau une décision" in body_of(chloe.mails()[-1])
