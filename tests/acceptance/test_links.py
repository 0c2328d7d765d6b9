"""Links in mails: a page says what will be done, its button does it once, and nothing else does anything."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from datetime import datetime, timedelta
from email.message import Message
from urllib.parse import quote

import pytest
import sqlalchemy as sa

from gateway.directory import SystemClock
from gateway.domain.escalation import LinkDelay
from gateway.pipeline.act_by_link import Step
from gateway.pipeline.offer_links import add_action
from tests.acceptance.browser import Browser, links_in
from tests.acceptance.customer import Customer
from tests.running import RunningGateway, body_of

APPROVE, REFUSE = "Approuver l’escalade", "Refuser l’escalade"
ESCALATE = "Escalader ma demande"
REASON = "La paie de 300 personnes part demain."


class At:
    """A clock that is so much ahead."""

    def __init__(self, ahead: timedelta) -> None:
        self._ahead = ahead

    def now(self) -> datetime:
        """Later than now."""
        return SystemClock().now() + self._ahead


def link_of(url: str) -> str:
    """The token of an address."""
    return url.rpartition("/a/")[2]


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


def test_a_mistaken_decision_is_taken_back_from_its_page(chloe: Customer) -> None:
    gateway = chloe.gateway
    number, links = asked_for(chloe)
    lea = Browser()

    done = lea.confirms(links[APPROVE], estimate="4 h")
    (undo,) = re.findall(r'href="(http://[^"]+/a/[a-z2-7]+)"', done.html)
    page = lea.get(undo)
    assert "l’approbation de l’escalade" in page.text
    assert gateway.ticket(number)["escalation"]["state"] == "approved"
    assert lea.post(undo, page).status == 200

    assert gateway.ticket(number)["escalation"]["state"] == "requested"
    assert gateway.ticket(number)["timeline"][-1]["kind"] == "escalation_undone"
    assert lea.confirms(undo).status == 409


def test_what_nothing_proves_is_confirmed_by_link(chloe: Customer) -> None:
    gateway = chloe.gateway
    number = chloe.opens_a_ticket()
    first = chloe.mails()[0]
    chloe.writes(
        "Le SSO est en panne pour tout le monde depuis hier, merci d'escalader ce ticket.",
        References=first["Message-ID"],
    )
    assert gateway.ticket(number)["escalation"]["state"] == "none"
    links = links_in(mail_to(gateway, chloe.address, "please-confirm", number))

    browser = Browser()
    page = browser.get(links["Oui, cette demande est de moi"])
    assert "merci d'escalader ce ticket" in page.text
    assert gateway.ticket(number)["escalation"]["state"] == "none"
    done = browser.post(
        links["Oui, cette demande est de moi"], page, reason="Le SSO est en panne.", since="hier"
    )

    assert done.status == 200, done.text
    escalation = gateway.ticket(number)["escalation"]
    assert (escalation["state"], escalation["by"]) == ("requested", chloe.address)
    assert "sso-down" in escalation["grounds"]
    assert escalation["missing"] == ["how_many"]
    said = [each for each in gateway.ticket(number)["comments"] if each["source"] == "web"]
    assert [each["text"] for each in said] == ["Le SSO est en panne.\n\nDepuis : hier\n"]
    assert gateway.ticket(number)["timeline"][-1]["evidence"] == "E4"


def test_a_customer_escalates_by_the_link_of_the_confirmation(chloe: Customer) -> None:
    gateway = chloe.gateway
    number = chloe.opens_a_ticket()
    url = links_in(mail_to(gateway, chloe.address, "confirmation", number))[ESCALATE]
    browser = Browser()

    page = browser.get(url)
    assert "Pourquoi est-ce urgent ?" in page.text
    told = {"reason": "La paie part demain.", "impact": "La paie", "since": "ce matin", "how_many": "300"}
    assert browser.post(url, page, **told).status == 200

    escalation = gateway.ticket(number)["escalation"]
    assert (escalation["state"], escalation["missing"]) == ("requested", [])
    asked = body_of(mail_to(gateway, "lea@example.test", "escalation-requested", number))
    assert "Personnes touchées : 300" in asked.replace("\u00a0", " ")
    # It stands in no further mail while it is open, and an earlier link of it is used up.
    gateway.command("tickets", "transition", str(number), "in_progress", "--as", "ana@example.test")
    assert ESCALATE not in links_in(mail_to(gateway, chloe.address, "in-progress", number))
    assert browser.confirms(url, **told).status == 409


def test_the_link_to_escalate_says_from_when_on_it_works(chloe: Customer) -> None:
    number = chloe.opens_a_ticket()
    url = links_in(mail_to(chloe.gateway, chloe.address, "confirmation", number))[ESCALATE]
    acting = chloe.gateway.gateway().link_acting()
    later = (LinkDelay(frozenset({"urgent"}), timedelta()), LinkDelay(frozenset(), timedelta(hours=24)))
    patient = replace(acting.policy, escalation=replace(acting.policy.escalation, link_after=later))

    view = replace(acting, policy=patient).look(link_of(url))

    assert view is not None
    assert view.step is Step.UNAVAILABLE
    assert "le lien sera actif à partir du" in view.problem
    tomorrow = replace(acting, policy=patient, clock=At(timedelta(hours=25))).look(link_of(url))
    assert tomorrow is not None
    assert tomorrow.step is Step.ASK


def test_solved_or_not_is_said_by_link(chloe: Customer) -> None:
    gateway = chloe.gateway
    number = chloe.opens_a_ticket()
    as_ana = ("--as", "ana@example.test", "--text", "Corrigé.")
    gateway.command("tickets", "transition", str(number), "in_progress", *as_ana)
    gateway.command("tickets", "transition", str(number), "resolved", *as_ana)
    links = links_in(mail_to(gateway, chloe.address, "resolved", number))
    browser = Browser()

    assert browser.confirms(links["Ce n’est pas résolu : rouvrir la demande"], text="").status == 422
    again = browser.confirms(links["Ce n’est pas résolu : rouvrir la demande"], text="Toujours <b>rien</b>.")
    assert again.status == 200, again.text
    ticket = gateway.ticket(number)
    assert ticket["state"] == "in_progress"
    assert (ticket["comments"][-1]["source"], ticket["comments"][-1]["text"]) == (
        "web",
        "Toujours <b>rien</b>.\n",
    )
    assert mail_to(gateway, "team@example.test", "reopened", number)

    gateway.command("tickets", "transition", str(number), "resolved", *as_ana)
    links = links_in(mail_to(gateway, chloe.address, "resolved", number))
    assert browser.confirms(links["C’est résolu : fermer la demande"]).status == 200
    assert gateway.ticket(number)["state"] == "closed"


@pytest.mark.parametrize("answer", ["Admettre ce mail", "Écarter ce mail"])
def test_the_desk_decides_on_held_mail_by_link(chloe: Customer, answer: str) -> None:
    gateway = chloe.gateway
    number = chloe.opens_a_ticket()
    bob = Customer(gateway, "Bob", f"bob.{number}@other.test")
    held = bob.writes("Mettez-moi en copie <img src=x>.", to=chloe.reply_address())
    assert held["outcome"] == "held"
    links = links_in(mail_to(gateway, "team@example.test", "held", number))
    browser = Browser()

    page = browser.get(links[answer])
    assert bob.address in page.text
    assert "Mettez-moi en copie <img src=x>." in page.text
    assert not page.tags & {"img", "script"}
    assert browser.post(links[answer], page).status == 200

    row = next(row for row in gateway.settled() if row["id"] == held["id"])
    assert row["outcome"] == ("comment" if answer == "Admettre ce mail" else "dropped")
    (entry,) = [each for each in gateway.ticket(number)["timeline"] if each["to"] == str(held["id"])][1:]
    assert "team@example.test" in entry["actor"] + entry["reason"]
    other = next(url for label, url in links.items() if label != answer)
    assert browser.confirms(other).status in {409, 422}
    assert next(row for row in gateway.settled() if row["id"] == held["id"]) == row


def test_commands_are_taken_back_by_the_link_of_their_answer(chloe: Customer) -> None:
    gateway = chloe.gateway
    number = chloe.opens_a_ticket()
    lea = Customer(gateway, "Lea Martin", "lea@example.test")
    gateway.command("tickets", "escalate", str(number), "--as", chloe.address, "--text", REASON)
    asked = mail_to(gateway, "lea@example.test", "escalation-requested", number)
    lea.writes(
        "#criticite haute la paie part demain", to=asked["Reply-To"], message_id=f"p.{number}@example.test"
    )
    lea.writes(
        "#priorite haute la paie part demain", to=asked["Reply-To"], message_id=f"q.{number}@example.test"
    )
    assert gateway.ticket(number)["priority"] == "high"

    url = links_in(mail_to(gateway, "lea@example.test", "commands-answered", number))[
        "Annuler la modification"
    ]
    browser = Browser()
    page = browser.get(url)
    assert "la criticité Avant Basse Maintenant Haute" in page.text
    assert browser.post(url, page).status == 200
    assert gateway.ticket(number)["priority"] == "low"


def test_hostile_text_is_text_on_every_page(gateway: RunningGateway) -> None:
    marks = "<script>alert(1)</script><svg onload=alert(1)>{{7*7}}{% include 'x' %}"
    mallory = Customer(gateway, f'"{marks}"', f"mallory.{time.monotonic_ns()}@acme.test")
    number = mallory.writes(f"Bonjour {marks}", subject=f"Panne {marks}")["ticket"]
    gateway.command("tickets", "escalate", str(number), "--as", mallory.address, "--text", f"Urgent {marks}")
    lead = links_in(mail_to(gateway, "lea@example.test", "escalation-requested", number))
    own = links_in(mail_to(gateway, mallory.address, "confirmation", number))
    browser = Browser()

    pages = [browser.get(url) for url in (lead[APPROVE], lead[REFUSE])]
    pages.append(browser.post(lead[REFUSE], reason=marks))
    pages.append(browser.post(lead[APPROVE], pages[0], estimate=f"\"'>{marks}"))
    pages.append(browser.get(own[next(iter(own))]))

    assert [page.status for page in pages[:4]] == [200, 200, 422, 200]
    for page in pages:
        assert not page.tags & {"script", "svg", "img", "iframe", "link", "object"}, page.html
        assert "49" not in page.text
    assert "{{7*7}}{% include 'x' %}" in pages[0].text
    assert gateway.ticket(number)["escalation"]["estimate"].startswith("\"'><script>")


def test_expired_foreign_and_forged_links_do_nothing(chloe: Customer) -> None:
    number, links = asked_for(chloe)
    stores = chloe.gateway.gateway()
    acting = stores.link_acting()
    link = link_of(links[APPROVE])
    desk, signer = stores.directory.current()
    token = signer.read_action(link)
    assert token is not None

    late = replace(acting, clock=At(timedelta(days=8)))
    for view in (late.look(link), late.act(link, {"estimate": "4 h"}, lambda _: "")):
        assert view is not None
        assert view.step is Step.EXPIRED
        shown = stores.pages.render(view.act, "fr", {**view.context, "step": "expired"})
        assert "#approuver" in shown

    # Signed by us, and never issued; and of a person who may not do it.
    assert acting.look(signer.sign_action(replace(token, ticket=number + 1))) is None
    omar = desk.staff["omar@example.test"]
    with stores.open_uow(desk) as uow:
        foreign = add_action(replace(token, contact=omar.id), uow, signer, now=stores.clock.now())
    view = acting.act(foreign, {"estimate": "4 h"}, lambda _: "")
    assert view is not None
    assert view.step is Step.UNAVAILABLE
    # A reply address is a token too, and none of these.
    reply = str(mail_to(chloe.gateway, "lea@example.test", "escalation-requested", number)["Reply-To"])
    browser = Browser()
    for wrong in (reply.partition("+")[2].partition("@")[0], link[:-1], link[::-1], link.upper()):
        assert browser.get(f"{chloe.gateway.web}/a/{wrong}").status == 404
        assert browser.post(f"{chloe.gateway.web}/a/{wrong}", estimate="4 h").status == 404
    assert chloe.gateway.ticket(number)["escalation"]["state"] == "requested"


def test_a_quoted_link_goes_to_nobody_else(chloe: Customer) -> None:
    gateway = chloe.gateway
    number, links = asked_for(chloe)
    lea = Customer(gateway, "Lea Martin", "lea@example.test")
    asked = mail_to(gateway, "lea@example.test", "escalation-requested", number)
    scanned = f"https://links.scanner.test/?url={quote(links[APPROVE], safe='')}&data=05"

    lea.writes(
        f"Nous regardons, voir {links[REFUSE]} et\n{scanned}",
        to=asked["Reply-To"],
        message_id=f"quoted.{number}@example.test",
    )

    told = mail_to(gateway, chloe.address, "desk-comment", number).as_string().replace("=\n", "")
    text = gateway.ticket(number)["comments"][-1]["text"]
    assert "/a/… et" in text
    for link in map(link_of, links.values()):
        assert link not in text
        assert link not in told
    assert Browser().get(links[APPROVE]).status == 200


def test_no_log_and_no_row_holds_a_link(chloe: Customer) -> None:
    _, links = asked_for(chloe)
    Browser().confirms(links[APPROVE], estimate="4 h")

    stores = chloe.gateway.gateway()
    with stores.database.read() as connection:
        rows = [str(row) for row in connection.execute(sa.text("SELECT * FROM action_tokens"))]
        rows += [str(row) for row in connection.execute(sa.text("SELECT written FROM outbox"))]
    log = chloe.gateway.log.read_text()
    for link in map(link_of, links.values()):
        assert not [row for row in rows if link in row]
        assert link not in log
    assert "link.confirmed" in log
