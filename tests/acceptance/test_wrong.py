"""What was read wrongly is marked in one step, and kept as a case that the rules are tried with."""

from __future__ import annotations

from tests.acceptance.customer import Customer
from tests.running import body_of


def test_a_ground_without_a_request_is_suggested_and_marked_wrong_by_mail(chloe: Customer) -> None:
    gateway = chloe.gateway
    text = "Bonjour,\n\nLe SSO est en panne dans la démo que Chloe a vue (chloe@acme.test).\n\nChloé"
    number = chloe.opens_a_ticket(text)

    ticket = gateway.ticket(number)
    comment = ticket["comments"][0]
    assert ticket["escalation"]["state"] == "none"
    assert comment["suggested"] == [{"means": "sso-down", "words": "SSO est en panne"}]
    lea = Customer(gateway, "Lea Martin", "lea@example.test")
    told = [mail for mail in gateway.sent_to("team@example.test") if f"[#{number}]" in str(mail["Subject"])][
        -1
    ]
    assert "l'authentification (SSO) est en panne (« SSO est en panne »)" in " ".join(body_of(told).split())

    row = lea.writes(
        "#erreur",
        to=told["Reply-To"],
        message_id=f"wrong.{number}@example.test",
        In_Reply_To=told["Message-ID"],
    )

    assert row["outcome"] == "comment", row
    assert "#wrong – fait" in " ".join(body_of(lea.mails()[-1]).split())
    (case,) = (each for each in gateway.gateway().cases.all() if each.case.inbound_id == comment["mail"])
    assert (case.actor, case.case.was_read, case.case.means) == ("lea@example.test", ("sso-down",), ())
    assert "que X a vue (someone@example.test)" in case.case.text
    entry = gateway.ticket(number)["timeline"][-1]
    assert (entry["kind"], entry["from"], entry["to"]) == ("marked_wrong", "sso-down", "nothing")

    again = gateway.command("mail", "wrong", str(comment["mail"]), "--should", "security-flaw")
    assert "means security-flaw, sso-down; it is read as sso-down" in again
    (changed,) = (each for each in gateway.gateway().cases.all() if each.case.inbound_id == comment["mail"])
    assert (changed.id, changed.case.means) == (case.id, ("security-flaw", "sso-down"))
