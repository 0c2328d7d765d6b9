"""A SaaS administration tool's desk: the account team validates what is claimed, and mail is Low until then."""

from __future__ import annotations

from tests.acceptance.test_stories.conftest import Opening
from tests.acceptance.test_stories.desks import People, desk_file

PRESET = "customer-care"


def test_a_claim_that_is_not_justified_becomes_medium(play: Opening) -> None:
    desk = play(PRESET, desk_file())
    people = People(desk)
    chloe, ana, manager = people.chloe, people.ana, people.max

    row = chloe.writes(
        "Bonjour,\n\nURGENT : la console d'administration n'affiche plus nos groupes.\n\nChloé Petit",
        subject="URGENT console",
    )
    number = row["ticket"]
    assert desk.told() == [
        "confirmation to chloe@acme.test in fr",
        "new-ticket to team@example.test in fr",
        "priority-claimed to lea@example.test in fr",
        "priority-claimed to max@example.test in en",
    ]
    said = chloe.reads()
    assert "Criticité : Basse (le contournement est aisé" in said
    assert "Vous la présentez comme Critique." in said
    assert "téléphonez au +33 1 70 00 00 24" in said
    assert "en précisant ce que nous n'avons pas trouvé dans votre message" in said
    ticket = desk.ticket(number)
    assert (ticket["priority"], ticket["claimed_priority"]) == ("low", "urgent")

    # An agent may not validate it; the account manager looks, and finds it is not that bad.
    ana.replies("#assign me\n#priority urgent they say so", on="new-ticket")
    assert "urgent is set by support_lead or account_manager only" in ana.reads("commands-answered")
    assert desk.ticket(number)["priority"] == "low"
    desk.told()
    desk.passes(hours=1)
    manager.replies("#priority medium groups can be read in the export meanwhile", on="priority-claimed")
    assert desk.told() == [
        "claim-answered to chloe@acme.test in fr",
        "commands-answered to max@example.test in en",
    ]
    said = chloe.reads()
    assert "Vous avez présenté la demande #1 comme Critique." in said
    assert "sa criticité est désormais Moyenne" in said
    assert "Motif : groups can be read in the export meanwhile" in said
    assert "téléphonez au +33 1 70 00 00 24" in said
    entry = [each for each in desk.ticket(number)["timeline"] if each["kind"] == "priority"][-1]
    assert (entry["actor"], entry["from"], entry["to"], entry["evidence"]) == (
        "max@example.test",
        "low",
        "medium",
        "E4",
    )

    # An agent may lower it, and the customer is told; the queue is worked by priority, then in order.
    second = people.grace.writes("Hello, how do I add a group?", subject="A question")["ticket"]
    third = people.grace.writes("Hello, the export of invoices is slow.", subject="Slow export")["ticket"]
    queue = [view.ticket.number for view in desk.gateway.tickets.queue()]
    assert queue == [number, second, third]
    desk.told()
    ana.replies("#priority low the groups are visible again", on="commands-answered")
    assert desk.told() == [
        "commands-answered to ana@example.test in en",
        "priority-changed to chloe@acme.test in fr",
    ]
    assert "passe de Moyenne à Basse" in chloe.reads()
    assert "Motif : the groups are visible again" in chloe.reads()

    ana.replies(
        "#status resolved\n\nLes groupes sont de retour, un cache était plein.", on="commands-answered"
    )
    assert "un cache était plein" in chloe.reads("resolved")
    chloe.replies("#fermer", on="resolved")
    assert "closed-by-customer to ana@example.test in en" in desk.told()
    assert desk.ticket(number)["state"] == "closed"


def test_a_later_claim_is_acknowledged_and_validated(play: Opening) -> None:
    desk = play(PRESET, desk_file())
    people = People(desk)
    grace, ana, manager = people.grace, people.ana, people.max

    number = grace.writes("Hello,\n\nOur users' licences show no end date.\n\nGrace", subject="Licences")[
        "ticket"
    ]
    ana.replies(
        "#assign me\n#status waiting_customer\n\nWhich browser do you use, and since when?", on="new-ticket"
    )
    assert "Which browser do you use" in grace.reads()
    desk.passes(days=3)
    assert "reminder to grace@boreal.test in en" in desk.told()
    grace.replies(
        "Firefox. And this is urgent now: renewals are blocked, and we lose customers.", on="reminder"
    )
    assert desk.told() == [
        "claim-received to grace@boreal.test in en",
        "customer-comment to ana@example.test in en",
        "priority-claimed to lea@example.test in fr",
        "priority-claimed to max@example.test in en",
    ]
    said = grace.reads()
    assert "you present request #1 as Urgent. For now it stays Low." in said
    assert "telephone +33 1 70 00 00 24" in said
    assert desk.ticket(number)["state"] == "in_progress"

    manager.replies("#priority urgent renewals are lost by the hour", on="priority-claimed")
    assert "claim-answered to grace@boreal.test in en" in desk.told()
    assert desk.ticket(number)["priority"] == "urgent"
    ana.replies("#status resolved\n\nThe dates are back.", on="customer-comment")
    ana.replies("#close resolution=fixed\n\nClosing, as agreed by telephone.", on="customer-comment")
    assert "(Fixed)" in grace.reads("closed")
    desk.told()
    grace.replies("One date is still missing.", on="closed")
    assert "reopened to team@example.test in fr" in desk.told()
    assert desk.ticket(number)["state"] == "in_progress"
