"""An industrial software editor's desk: a nudge comes first, and a critical incident is telephoned."""

from __future__ import annotations

from tests.acceptance.test_stories.conftest import Opening
from tests.acceptance.test_stories.desks import People, desk_file

PRESET = "industrial-erp"
LINK = "Escalader ma demande http"
PHONE = "téléphonez au +33 1 70 00 00 24"


def test_a_nudge_then_an_escalation_that_is_refused_and_asked_for_again(play: Opening) -> None:
    desk = play(PRESET, desk_file())
    people = People(desk)
    chloe, ana, lea = people.chloe, people.ana, people.lea

    # An escalation in the very first mail is put off: nobody has been asked anything yet.
    row = chloe.writes(
        "Bonjour,\n\nLes ordres de fabrication de l'atelier 3 ne se lancent plus, nous les saisissons un par"
        " un. Merci d'escalader cette demande.\n\nChloé Petit",
        subject="Ordres de fabrication",
    )
    number = row["ticket"]
    assert desk.told() == ["confirmation to chloe@acme.test in fr", "new-ticket to team@example.test in fr"]
    assert "elle se demande après une relance restée sans réponse satisfaisante" in chloe.reads()
    assert PHONE in chloe.reads()
    assert desk.ticket(number)["escalation"]["state"] == "none"

    desk.passes(hours=1)
    ana.replies("#assign me\n#status in_progress", on="new-ticket")
    desk.told()

    # The same words later are the nudge, which is passed on, and answered.
    desk.passes(hours=2)
    chloe.replies("Je vous demande d'escalader ce ticket, la production prend du retard.")
    assert desk.told() == [
        "escalation-put-off to chloe@acme.test in fr",
        "nudged to ana@example.test in en",
    ]
    assert "nous avons transmis votre message comme relance" in chloe.reads()
    assert desk.ticket(number)["nudges"] == 1
    ana.replies("We are reading the logs of workshop 3.", on="nudged")
    assert desk.told() == ["desk-comment to chloe@acme.test in fr"]
    assert LINK not in chloe.reads(), "three hours after its creation a ticket of Low has no link yet"

    # That is no satisfactory answer.
    desk.passes(hours=3)
    desk.told()
    chloe.replies(
        "#escalade l'atelier 3 est à l'arrêt depuis ce matin et 60 personnes attendent", on="desk-comment"
    )
    assert desk.told() == [
        "customer-comment to ana@example.test in en",
        "escalation-acknowledged to chloe@acme.test in fr",
        "escalation-requested to lea@example.test in fr",
        "escalation-requested to omar@example.test in fr",
    ]
    escalation = desk.ticket(number)["escalation"]
    assert escalation["reason"] == "l'atelier 3 est à l'arrêt depuis ce matin et 60 personnes attendent"
    assert escalation["refusals"] == ["being-worked-on"]

    lea.replies("#refuser nous y travaillons, la cause est trouvée", on="escalation-requested")
    assert "escalation-refused to chloe@acme.test in fr" in desk.told()
    assert "nous y travaillons, la cause est trouvée" in chloe.reads()
    assert PHONE in chloe.reads()

    # Three days after its creation the link is there: the desk's mails show it.
    desk.passes(hours=72)
    ana.replies("The launch service leaks connections; we restart it every night.", on="nudged")
    assert LINK in chloe.reads("desk-comment")

    # Silence for a week and more; the next request finds nobody to decide, and climbs.
    desk.passes(days=8)
    desk.told()
    chloe.replies(
        "Toujours rien : merci d'escalader, les 60 personnes de l'atelier 3 attendent depuis lundi."
    )
    assert "escalation-acknowledged to chloe@acme.test in fr" in desk.told()
    assert "ne garantit pas une correction plus rapide" in chloe.reads()
    escalation = desk.ticket(number)["escalation"]
    assert "no-update-for-a-week" in escalation["grounds"]
    assert escalation["refusals"] == []
    desk.passes(hours=8)
    assert "escalation-requested to max@example.test in en" in desk.told()
    lea.replies("#approuver mardi soir", on="escalation-requested")
    assert "escalation-approved to chloe@acme.test in fr" in desk.told()
    assert "Délai estimé : mardi soir." in chloe.reads("escalation-approved")

    ana.replies("#status resolved\n\nLe service de lancement est relancé.", on="nudged")
    desk.told()
    chloe.replies("#fermer\n\nTout est reparti, merci.", on="resolved")
    assert "closed-by-customer to ana@example.test in en" in desk.told()
    assert desk.ticket(number)["state"] == "closed"
    decided = [
        entry["kind"] for entry in desk.ticket(number)["timeline"] if entry["kind"].startswith("escal")
    ]
    assert decided == [
        "escalation_put_off",
        "escalation_put_off",
        "escalation_requested",
        "escalation_refused",
        "escalation_requested",
        "escalation_climbed",
        "escalation_approved",
    ]


def test_a_nudge_is_acknowledged_and_named_grounds_need_none(play: Opening) -> None:
    desk = play(PRESET, desk_file())
    people = People(desk)
    grace, lea = people.grace, people.lea

    number = grace.writes(
        "Hello,\n\nThe stock report lists some articles twice since the last update.\n\nGrace",
        subject="Stock report",
    )["ticket"]
    desk.passes(days=1)
    desk.told()
    grace.replies("Hello, is there any news about this?")
    assert desk.told() == [
        "nudge-acknowledged to grace@boreal.test in en",
        "nudged to team@example.test in fr",
    ]
    said = grace.reads()
    assert "was passed on at once" in said
    assert "reply to this message with #escalate on the first line" in said
    assert "For a critical incident in production, please telephone +33 1 70 00 00 24." in said
    assert "Escalate my request" not in said, "a day is too early for a ticket of Low"
    desk.passes(days=2)
    desk.told()
    grace.replies("Any update?")
    assert "nudge-acknowledged to grace@boreal.test in en" in desk.told()
    assert "Escalate my request http" in grace.reads()
    grace.replies("#close", on="confirmation")
    assert desk.told() == [
        "closed-by-customer to team@example.test in fr",
        "commands-answered to grace@boreal.test in en",
    ]
    assert desk.ticket(number)["state"] == "closed"

    # The solution is out of service for everybody: telephone, and no nudge has to come first.
    number = grace.writes(
        "URGENT\n\nThe whole site is down for all of our users since 9 o'clock. Please escalate this to your manager.",
        subject="Site down",
    )["ticket"]
    assert desk.told() == [
        "confirmation to grace@boreal.test in en",
        "escalation-requested to lea@example.test in fr",
        "escalation-requested to omar@example.test in fr",
        "new-ticket to team@example.test in fr",
        "priority-claimed to max@example.test in en",
    ]
    assert "please telephone +33 1 70 00 00 24" in grace.reads()
    assert "You present it as Urgent." in grace.reads()
    ticket = desk.ticket(number)
    assert ticket["escalation"]["grounds"] == ["site-wide-outage"]
    assert (ticket["priority"], ticket["claimed_priority"]) == ("low", "urgent")
    people.max.replies(
        "#priority urgent all users are out, I have them on the telephone", on="priority-claimed"
    )
    assert "claim-answered to grace@boreal.test in en" in desk.told()
    assert "Urgent" in grace.reads("claim-answered")
    assert "telephone +33 1 70 00 00 24" in grace.reads("claim-answered")
    # Raised, the time that counted for Low has breached what Urgent promises within two hours at most.
    desk.passes(hours=2)
    told = desk.told()
    assert "escalation-requested to max@example.test in en" in told, (
        "silence on Urgent climbs after two hours"
    )
    assert "sla-breached to lea@example.test in fr" in told
    lea.replies("#approuver 14 h\n\nUne équipe d'astreinte y travaille.", on="escalation-requested")
    assert "14 h" in grace.reads("escalation-approved")
