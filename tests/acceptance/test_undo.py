"""A mistaken act is taken back by its author: the ticket is what it was, and whoever was told is told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from gateway.domain.acts import Act
from gateway.domain.timers import Timer
from gateway.errors import ActRefused
from gateway.pipeline.orders import Orders
from gateway.pipeline.taking_back import undo_last
from tests.acceptance.customer import Customer
from tests.running import RunningGateway, body_of

LEA, ANA = "lea@example.test", "ana@example.test"
Order = Callable[[Orders], Sequence[Act]]


def _told(gateway: RunningGateway, number: int, template: str) -> list[str]:
    gateway.settled()
    return [row["to"] for row in gateway.notifications(template=template) if row["ticket"] == number]


def _act(gateway: RunningGateway, number: int, who: str, order: Order, text: str = "") -> None:
    """What a command does, without a process for each."""
    gateway.gateway().acting().act(number, who, text, order)


def _undo(gateway: RunningGateway, number: int, who: str) -> str:
    """What was undone, or why nothing was."""
    try:
        _act(gateway, number, who, undo_last)
    except ActRefused as refused:
        return str(refused)
    entry = gateway.ticket(number)["timeline"][-1]
    return f"{entry['kind']} {entry['from']} -> {entry['to']}"


def _clocks(ticket: dict[str, Any]) -> list[dict[str, Any]]:
    return [ticket["response"], ticket["resolution_clock"]]


def test_a_mistaken_question_is_as_if_it_had_not_been_asked(chloe: Customer) -> None:
    number, gateway = chloe.opens_a_ticket(), chloe.gateway
    _act(gateway, number, ANA, lambda orders: orders.transition("in_progress", {}))
    before = gateway.ticket(number)
    _act(gateway, number, ANA, lambda orders: orders.transition("waiting_customer", {}), "Quelle version ?")
    assert gateway.ticket(number)["response"]["stopped_at"] is not None
    assert _reminders(gateway, number) == 1

    words = gateway.command("tickets", "undo", str(number), "--as", ANA)

    ticket = gateway.ticket(number)
    assert words == "Undone: state waiting_customer -> in_progress\n"
    assert (ticket["state"], _clocks(ticket)) == ("in_progress", _clocks(before))
    assert _reminders(gateway, number) == 0
    done, undone = ticket["timeline"][-2:]
    assert (done["from"], done["to"]) == (undone["to"], undone["from"])
    assert undone["undoes"] == done["id"]
    assert _told(gateway, number, "change-undone") == [chloe.address]
    assert "vient d'être annulé" in body_of(chloe.mails()[-1])


def _reminders(gateway: RunningGateway, number: int) -> int:
    ahead = datetime(2100, 1, 1, tzinfo=UTC)
    due = gateway.gateway().timers.until(ahead, limit=100_000)
    return len([timer for ticket, timer in due if ticket == number and timer.kind is Timer.REMINDER])


def test_a_closing_is_undone_with_its_resolution(chloe: Customer) -> None:
    number, gateway = chloe.opens_a_ticket(), chloe.gateway
    _act(
        gateway,
        number,
        ANA,
        lambda orders: orders.transition("closed", {"resolution": "duplicate"}),
        "Voilà.",
    )

    _undo(gateway, number, ANA)

    ticket = gateway.ticket(number)
    assert (ticket["state"], ticket["resolution"]) == ("submitted", None)
    assert ticket["response"]["stopped_at"] is None


def test_each_undo_takes_one_change_back_the_newest_first(chloe: Customer) -> None:
    number, gateway = chloe.opens_a_ticket(), chloe.gateway
    _act(gateway, number, LEA, lambda orders: orders.priority("high", "la paie est bloquée"))
    _act(gateway, number, LEA, lambda orders: orders.priority("medium", "un contournement existe"))
    _act(gateway, number, LEA, lambda orders: orders.assign(ANA))
    _act(gateway, number, LEA, lambda orders: orders.change_type("consulting"))
    assert _told(gateway, number, "priority-changed") == [chloe.address]

    assert [_undo(gateway, number, LEA) for _ in range(4)] == [
        "type consulting -> assistance",
        "assignee ana@example.test -> ",
        "priority medium -> high",
        "priority high -> low",
    ]
    ticket = gateway.ticket(number)
    assert (ticket["priority"], ticket["type"], ticket["assignee"]) == ("low", "assistance", None)
    assert _told(gateway, number, "change-undone") == [chloe.address], "of the lowering alone they were told"
    reasons = [each["reason"] for each in ticket["timeline"] if each["undoes"] and each["kind"] == "priority"]
    assert reasons == ["undone: un contournement existe", "undone: la paie est bloquée"]
    assert "no change" in _undo(gateway, number, LEA)


def test_what_is_anothers_or_was_overtaken_is_not_undone(chloe: Customer) -> None:
    number, gateway = chloe.opens_a_ticket(), chloe.gateway
    _act(gateway, number, ANA, lambda orders: orders.priority("high", "la paie"))

    assert "only its author can undo it" in _undo(gateway, number, LEA)
    _act(gateway, number, LEA, lambda orders: orders.priority("urgent", "le chiffre d'affaires"))
    assert "something newer has happened" in _undo(gateway, number, ANA)
    assert "not on the roster" in _undo(gateway, number, chloe.address)
    assert gateway.ticket(number)["priority"] == "urgent"


def test_by_mail_the_answer_says_how_and_undo_does_it(chloe: Customer) -> None:
    number, gateway = chloe.opens_a_ticket(), chloe.gateway
    _act(gateway, number, LEA, lambda orders: orders.assign(ANA))
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
    _act(gateway, number, chloe.address, lambda orders: orders.escalate("La paie de 300 personnes."))
    _act(gateway, number, LEA, lambda orders: orders.approve("demain midi"))

    _undo(gateway, number, LEA)

    assert gateway.ticket(number)["escalation"]["state"] == "requested"
    assert _told(gateway, number, "change-undone") == [chloe.address]
    assert "attend de nouveau une décision" in body_of(chloe.mails()[-1])
