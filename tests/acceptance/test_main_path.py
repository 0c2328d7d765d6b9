"""A mail goes in, tickets and mails come out: the whole way, as a customer and an agent see it."""

from __future__ import annotations

import json

from tests.acceptance.customer import ENGLISH, Customer
from tests.running import RunningGateway, body_of

AS_ANA = ("--as", "ana@example.test")


def test_a_french_request_gets_a_ticket_and_a_french_confirmation(chloe: Customer) -> None:
    number = chloe.opens_a_ticket()

    ticket = chloe.gateway.ticket(number)
    assert (ticket["priority"], ticket["state"], ticket["language"]) == ("low", "submitted", "fr")
    assert ticket["organisation"] == "Acme"
    assert ticket["comments"][0]["text"].startswith("Bonjour,\n\nLe module Paie ne démarre plus")
    (confirmation,) = chloe.mails()
    assert f"[#{number}]" in confirmation["Subject"] or "=?" in confirmation["Subject"]
    assert confirmation["Auto-Submitted"] == "auto-replied"
    assert confirmation["Content-Language"] == "fr"
    assert confirmation["In-Reply-To"] == f"<1.{chloe.address}>"
    text = body_of(confirmation)
    assert "Basse" in text
    assert "Module Paie bloqué" in text
    assert "+33 1 00 00 00 00" in text.replace("\u00a0", " ")


def test_an_english_request_gets_an_english_confirmation(gateway: RunningGateway) -> None:
    grace = Customer(gateway, "Grace Miller", "grace@acme.test")

    number = grace.opens_a_ticket(ENGLISH)

    assert gateway.ticket(number)["language"] == "en"
    (confirmation,) = grace.mails()
    assert confirmation["Content-Language"] == "en"
    assert "Low" in body_of(confirmation)


def test_a_reply_to_the_reply_address_is_a_comment(chloe: Customer) -> None:
    number = chloe.opens_a_ticket()

    row = chloe.writes("Sur le poste 14.", to=chloe.reply_address())

    assert (row["outcome"], row["ticket"]) == ("comment", number)
    comment = chloe.gateway.ticket(number)["comments"][-1]
    assert (comment["text"].strip(), comment["evidence"], comment["verified"]) == (
        "Sur le poste 14.",
        "E2",
        True,
    )


def test_a_reply_with_nothing_but_references_is_a_comment(chloe: Customer) -> None:
    number = chloe.opens_a_ticket()

    row = chloe.writes("Sur le poste 14.", References=chloe.mails()[0]["Message-ID"])

    assert (row["outcome"], row["ticket"]) == ("comment", number)
    assert chloe.gateway.ticket(number)["comments"][-1]["verified"] is False


def test_somebody_else_with_the_reply_address_is_held_and_let_in_by_the_desk(chloe: Customer) -> None:
    gateway = chloe.gateway
    number = chloe.opens_a_ticket()
    bob = Customer(gateway, "Bob", f"bob.{number}@other.test")

    held = bob.writes("Donnez-moi le détail.", to=chloe.reply_address())

    assert (held["outcome"], held["ticket"]) == ("held", number)
    assert len(gateway.ticket(number)["comments"]) == 1
    assert not bob.mails()
    assert [row for row in gateway.notifications("team@example.test", "held") if row["ticket"] == number]
    assert "somebody else" in gateway.command("mail", "explain", str(held["id"]))

    gateway.command("mail", "release", str(held["id"]))
    gateway.settled()
    assert gateway.ticket(number)["comments"][-1]["author"] == bob.address
    assert not bob.mails()


def test_the_number_alone_lets_nobody_in(chloe: Customer) -> None:
    number = chloe.opens_a_ticket()
    eve = Customer(chloe.gateway, "Eve", f"eve.{number}@evil.test")

    assert (
        eve.writes("Quel est le mot de passe ?", subject=f"Re: [#{number}] Module Paie")["outcome"]
        == "ticket"
    )
    assert chloe.writes("Et moi ?", subject=f"Re: [#{number}] Module Paie")["outcome"] == "held"
    assert len(chloe.gateway.ticket(number)["comments"]) == 1


def test_the_same_mail_twice_is_one_comment(chloe: Customer) -> None:
    number = chloe.opens_a_ticket()
    address = chloe.reply_address()
    reply = chloe.mail("Sur le poste 14.", to=address)

    first = chloe.sends(reply, address)
    trace = b"Received: from mx.acme.test by relay.test; Mon, 23 Nov 2026 10:00:01 +0100\r\n"
    second = chloe.sends(trace + reply, address)

    assert (first["outcome"], second["outcome"]) == ("comment", "duplicate")
    assert len(chloe.gateway.ticket(number)["comments"]) == 2


def test_the_same_message_id_with_other_words_is_kept(chloe: Customer) -> None:
    chloe.opens_a_ticket()
    address = chloe.reply_address()

    rows = [chloe.writes(text, to=address, message_id=f"same.{chloe.address}") for text in ("Un.", "Deux.")]

    assert [row["outcome"] for row in rows] == ["comment", "comment"]


def test_an_agents_question_is_answered_and_the_ticket_goes_on(chloe: Customer) -> None:
    gateway, number = chloe.gateway, chloe.opens_a_ticket()
    gateway.command("tickets", "comment", str(number), *AS_ANA, "--text", "Nous regardons.")
    gateway.command(
        "tickets", "transition", str(number), "En attente du client", *AS_ANA, text="Quelle version ?"
    )

    confirmation, answer, question = chloe.mails()
    assert gateway.ticket(number)["state"] == "waiting_customer"
    assert "Nous regardons." in body_of(answer)
    assert "Auto-Submitted" not in answer
    assert "Quelle version" in body_of(question)
    assert confirmation["Message-ID"] != question["Message-ID"]

    chloe.writes("La version 5.", to=question["Reply-To"])

    assert gateway.ticket(number)["state"] == "in_progress"
    told = gateway.notifications("team@example.test", "customer-comment")
    assert [row for row in told if row["ticket"] == number]


def test_a_reply_to_a_resolved_ticket_reopens_it_and_the_team_is_told(chloe: Customer) -> None:
    gateway, number = chloe.gateway, chloe.opens_a_ticket()
    gateway.command("tickets", "transition", str(number), "resolved", *AS_ANA, "--text", "Corrigé.")

    chloe.writes("Non, toujours pas.", to=chloe.reply_address())

    assert gateway.ticket(number)["state"] == "in_progress"
    assert [row for row in gateway.notifications("team@example.test", "reopened") if row["ticket"] == number]


def test_a_returned_notification_finds_its_ticket_and_opens_nothing(chloe: Customer) -> None:
    gateway, number = chloe.gateway, chloe.opens_a_ticket()
    path = chloe.mails()[0]["Return-Path"].strip("<>")
    bounce = (
        f"From: Mail Delivery System <MAILER-DAEMON@mx.acme.test>\r\nTo: <{path}>\r\n"
        f"Subject: Undelivered Mail Returned to Sender\r\nMessage-ID: <dsn.{number}@mx.acme.test>\r\n"
        "Date: Mon, 23 Nov 2026 10:05:00 +0100\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nYour message could not be delivered.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.acme.test\r\n\r\n"
        f"Final-Recipient: rfc822; {chloe.address}\r\nAction: failed\r\nStatus: 5.1.1\r\n"
        "Diagnostic-Code: smtp; 550 5.1.1 User unknown\r\n--b--\r\n"
    ).encode()

    row = chloe.sends(bounce, path, sender="")

    assert (row["outcome"], row["ticket"]) == ("bounce", number)
    assert gateway.ticket(number)["timeline"][-1]["kind"] == "notification_returned"
    assert len(chloe.mails()) == 1


def test_an_absence_message_does_not_reopen_and_is_not_answered(chloe: Customer) -> None:
    gateway, number = chloe.gateway, chloe.opens_a_ticket()
    gateway.command("tickets", "transition", str(number), "waiting_customer", *AS_ANA, "--text", "Laquelle ?")
    before = len(chloe.mails())

    row = chloe.writes(
        "Je suis absente jusqu'au 30 novembre.",
        subject=f"Réponse automatique : [#{number}] Module Paie",
        to=chloe.reply_address(),
        Auto_Submitted="auto-replied",
    )

    assert row["outcome"] == "auto_reply"
    assert gateway.ticket(number)["state"] == "waiting_customer"
    assert len(chloe.mails()) == before


def test_unknown_and_forged_recipients_are_refused_at_once(gateway: RunningGateway) -> None:
    forged = "support+aaaqmafqfrmczzvemtagulf7nen5vjeq@example.test"
    for recipient in ("nobody@example.test", "support@elsewhere.test", forged):
        code, words = gateway.send(b"Subject: x\r\n\r\n", recipient)
        assert (code, words[:5]) == (550, b"5.1.1")


def test_a_mail_that_cannot_be_read_becomes_a_ticket_and_the_others_go_on(chloe: Customer) -> None:
    deep = b"From: x@acme.test\r\nSubject: deep\r\n" + b"".join(
        b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (n, n) for n in range(3000)
    )

    row = chloe.sends(deep)

    assert row["outcome"] == "ticket"
    assert chloe.opens_a_ticket() > row["ticket"]
    opened = chloe.gateway.ticket(row["ticket"])
    assert opened["comments"][0]["attachments"]


def test_what_an_act_may_not_do_is_refused_in_words(chloe: Customer) -> None:
    gateway, number = chloe.gateway, str(chloe.opens_a_ticket())

    words = gateway.command("tickets", "transition", number, "closed", *AS_ANA, "--text", "Fini.", code=1)
    assert "--resolution" in words
    assert "no state" in gateway.command("tickets", "transition", number, "done", *AS_ANA, code=1)
    assert "roster" in gateway.command(
        "tickets", "note", number, "--as", "max@nowhere.test", "--text", "x", code=1
    )
    assert "no ticket 999999" in gateway.command("tickets", "show", "999999", code=1)
    assert "reason" in gateway.command("tickets", "priority", number, "high", *AS_ANA, code=1)


def test_the_command_line_prints_what_the_contract_promises(chloe: Customer) -> None:
    gateway, number = chloe.gateway, chloe.opens_a_ticket()

    (shown,) = gateway.json_lines("tickets", "show", str(number))

    assert shown == json.loads(json.dumps(gateway.ticket(number)))
    listed = gateway.json_lines("tickets", "list", "--state", "submitted", "--organisation", "Acme")
    assert number in [row["number"] for row in listed]
    assert {"id", "outcome", "ticket", "evidence", "sha256"} <= set(gateway.json_lines("mail", "list")[0])
    assert {"id", "state", "template", "message_id"} <= set(gateway.json_lines("outbox", "list")[0])
    assert chloe.address in gateway.command("tickets", "show", str(number))
    gateway.command("check")


def test_our_own_words_sent_back_without_a_mark_are_not_the_customers(chloe: Customer) -> None:
    number = chloe.opens_a_ticket()
    confirmation = chloe.mails()[0]
    ours = body_of(confirmation)

    chloe.writes(
        f"C'est sur le poste 14.\n\n{ours}",
        to=confirmation["Reply-To"],
        **{"In-Reply-To": confirmation["Message-ID"]},
    )

    comment = chloe.gateway.ticket(number)["comments"][-1]
    assert comment["text"].strip() == "C'est sur le poste 14."
