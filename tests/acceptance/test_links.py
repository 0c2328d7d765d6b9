"""Links in mails: a page says what will be done, its button does it once, and nothing else does anything."""

from __future__ import annotations

from email.message import Message

import pytest

from tests.acceptance.browser import Browser, links_in
from tests.acceptance.customer import Customer
from tests.running import RunningGateway, body_of

APPROVE, REFUSE = "Approuver l’escalade", "Refuser l’escalade"
REASON = "La paie de 300 personnes part demain."


def mail_to(gateway: RunningGateway, address: str, template: str, ticket: int) -> Message:
    """The newest mail of a template about a ticket."""
    gateway.settled()
    rows = [row for row in gateway.notifications(to=address, template=template) if row["ticket"] == ticket]
    assert rows, (address, template, gateway.notifications())
    mails = {str(mail["Message-ID"]).strip("<>"): mail for mail in gateway.sent_to(address)}
    return mails[rows[-1]["message_id"]]


def asked_for(chloe: Customer, reason: str = REASON) -> tuple[int, dict[str, str]]:
    """A ticket whose escalation is asked for, and the links that its lead gets."""
    number = chloe.opens_a_ticket()
    chloe.gateway.command("tickets", "escalate", str(number), "--as", chloe.address, "--text", reason)
    return number, links_in(mail_to(chloe.gateway, "lea@example.test", "escalation-requested", number))


def test_a_lead_approves_by_link(chloe: Customer) -> None:
    gateway = chloe.gateway
    number, links = asked_for(chloe)
    lea = Browser()

    page = lea.get(links[APPROVE])
    assert page.status == 200
    assert "Léa" in page.text or "Lea Martin" in page.text
    assert REASON in page.text
    done = lea.post(links[APPROVE], page, estimate="demain midi", words="Deux personnes y travaillent.")

    assert done.status == 200, done.text
    assert "demain midi" in done.text
    escalation = gateway.ticket(number)["escalation"]
    assert (escalation["state"], escalation["estimate"]) == ("approved", "demain midi")
    assert escalation["decided_by"] == "lea@example.test"
    entry = gateway.ticket(number)["timeline"][-1]
    assert (entry["kind"], entry["actor"], entry["evidence"]) == (
        "escalation_approved",
        "lea@example.test",
        "E4",
    )
    assert "demain midi" in body_of(mail_to(gateway, chloe.address, "escalation-approved", number))


def test_a_lead_refuses_by_link_and_has_to_say_why(chloe: Customer) -> None:
    gateway = chloe.gateway
    number, links = asked_for(chloe)
    lea = Browser()

    silent = lea.confirms(links[REFUSE], reason="  ")
    assert silent.status == 422
    assert "un refus demande un motif" in silent.text
    assert gateway.ticket(number)["escalation"]["state"] == "requested"

    assert lea.post(links[REFUSE], silent, reason="Un contournement existe.").status == 200
    assert gateway.ticket(number)["escalation"]["state"] == "refused"
    assert "Un contournement existe." in body_of(
        mail_to(gateway, chloe.address, "escalation-refused", number)
    )
    after = Browser().confirms(links[APPROVE], estimate="1 h")
    assert after.status == 409
    assert "refusée par Lea Martin" in after.text


def test_looking_never_acts_and_the_link_works_exactly_once(chloe: Customer) -> None:
    number, links = asked_for(chloe)
    url = links[APPROVE]
    scanner, lea = Browser(), Browser()

    assert scanner.get(url, method="HEAD").status == 200
    pages = [scanner.get(url) for _ in range(5)]
    assert {page.status for page in pages} == {200}
    assert lea.get(url, User_Agent="SafeLinks").status == 200
    assert chloe.gateway.ticket(number)["escalation"]["state"] == "requested"

    assert lea.confirms(url, estimate="4 h").status == 200
    again = lea.confirms(url, estimate="8 h")
    assert again.status == 409
    assert "Déjà fait" in again.text
    assert "l’escalade a été approuvée" in again.text
    late = scanner.post(url, pages[0], estimate="8 h")
    assert late.status == 409
    escalation = chloe.gateway.ticket(number)["escalation"]
    assert (escalation["state"], escalation["estimate"]) == ("approved", "4 h")
    assert [e["kind"] for e in chloe.gateway.ticket(number)["timeline"]].count("escalation_approved") == 1


@pytest.mark.parametrize("how", ["no cookie", "another browser's cookie", "no page", "another link's page"])
def test_a_confirmation_needs_the_page_of_the_same_browser(chloe: Customer, how: str) -> None:
    number, links = asked_for(chloe)
    url = links[APPROVE]
    lea, other = Browser(), Browser()
    page, elsewhere = lea.get(url), other.get(url)

    answer = {
        "no cookie": lambda: Browser().post(url, page, estimate="4 h"),
        "another browser's cookie": lambda: lea.post(url, elsewhere, estimate="4 h"),
        "no page": lambda: lea.post(url, estimate="4 h"),
        "another link's page": lambda: lea.post(url, lea.get(links[REFUSE]), estimate="4 h"),
    }[how]()

    assert answer.status in {403, 422}
    assert "Rien n’a été fait" in answer.text
    # What was typed is not lost, and the page that comes back can be confirmed.
    assert 'value="4 h"' in answer.html
    assert chloe.gateway.ticket(number)["escalation"]["state"] == "requested"
