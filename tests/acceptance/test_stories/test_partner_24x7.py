"""An integrator's desk: every state, a response SLA at any hour, escalation whenever it is asked for."""

from __future__ import annotations

from tests.acceptance.test_stories.conftest import Opening
from tests.acceptance.test_stories.desks import People, desk_file

PRESET = "partner-24x7"


def test_a_request_from_its_first_mail_to_its_closing(play: Opening) -> None:
    desk = play(PRESET, desk_file(coverage="24x7"))
    people = People(desk)
    chloe, ana, lea = people.chloe, people.ana, people.lea

    # Monday, nine o'clock in Paris.
    row = chloe.writes(
        "Bonjour,\n\nDepuis la mise à jour de cette nuit, les bons de livraison ne s'impriment plus à"
        " l'entrepôt. Nous les recopions à la main.\n\nCordialement,\nChloé Petit",
        subject="Bons de livraison : plus d'impression",
    )
    number = row["ticket"]
    assert (row["outcome"], row["evidence"]) == ("ticket", "E3")
    assert desk.told() == [
        "confirmation to chloe@acme.test in fr",
        "new-ticket to team@example.test in fr",
    ]
    assert f"Elle porte le numéro #{number}." in chloe.reads()
    assert "Criticité : Basse" in chloe.reads()
    assert "les bons de livraison ne s'impriment plus" in chloe.reads()
    assert "En cas d'incident critique en production, téléphonez au +33 1 70 00 00 24." in chloe.reads()
    ticket = desk.ticket(number)
    assert (ticket["state"], ticket["priority"], ticket["organisation"]) == ("submitted", "low", "Acme")
    assert ticket["response"]["due_at"] == "2026-11-30T16:00:00Z"

    # An hour later an agent takes it in charge, by answering the team's mail.
    desk.passes(hours=1)
    ana.replies("#assign me\n#status in progress", on="new-ticket")
    assert desk.told() == [
        "commands-answered to ana@example.test in en",
        "in-progress to chloe@acme.test in fr",
    ]
    assert "prise en charge" in chloe.reads()
    assert "#assign me" in ana.reads()
    assert desk.ticket(number)["assignee"] == "ana@example.test"

    # A colleague of Chloé's finds the number and is let in, for his company's mail is signed.
    paul = people.paul
    row = paul.writes("Même chose à l'atelier de Nantes.", subject=f"Impression [#{number}]")
    assert (row["outcome"], row["ticket"]) == ("comment", number)
    assert desk.told() == ["customer-comment to ana@example.test in en"]

    # Being worked on is no answer: the response clock warns after three quarters of its eight hours.
    desk.passes(hours=5)
    assert desk.told() == ["sla-warned to ana@example.test in en"]
    desk.passes(minutes=30)
    ana.replies(
        "#status waiting_customer\n\nQuel modèle d'imprimante avez-vous à l'entrepôt ?", on="sla-warned"
    )
    assert desk.told() == [
        "commands-answered to ana@example.test in en",
        "waiting-customer to chloe@acme.test in fr",
    ]
    assert "Quel modèle d'imprimante avez-vous à l'entrepôt ?" in chloe.reads()
    ticket = desk.ticket(number)
    assert ticket["response"] == {
        "due_at": "2026-11-30T16:00:00Z",
        "stopped_at": "2026-11-30T14:30:00Z",
        "paused": False,
        "breached": False,
    }
    assert ticket["resolution_clock"]["paused"]

    # Chloé is on leave: two reminders, then it is closed by itself.
    desk.passes(days=3)
    assert desk.told() == ["reminder to chloe@acme.test in fr"]
    desk.passes(days=3)
    assert desk.told() == ["reminder to chloe@acme.test in fr"]
    assert "attend toujours votre réponse" in chloe.reads()
    assert "12/12/2026" in chloe.reads()
    desk.passes(days=6)
    assert desk.told() == ["closed to chloe@acme.test in fr"]
    assert "(Sans réponse du client)" in chloe.reads()
    assert desk.ticket(number)["resolution"] == "no_answer"

    # Back, she answers the last mail, which brings it back.
    desk.passes(days=2)
    chloe.replies("Bonjour, je rentre de congés. Ce sont des Zebra ZD421.")
    assert desk.told() == [
        "customer-comment to ana@example.test in en",
        "reopened to team@example.test in fr",
    ]
    ticket = desk.ticket(number)
    assert (ticket["state"], ticket["resolution"]) == ("in_progress", None)
    assert ticket["response"]["stopped_at"] == "2026-11-30T14:30:00Z"

    # A day later she asks for news, and then for more.
    desk.passes(hours=24)
    desk.told()
    chloe.replies("Bonjour,\n\nAvez-vous des nouvelles de ma demande ?\n\nChloé")
    assert desk.told() == ["nudged to ana@example.test in en"]
    desk.passes(hours=2)
    chloe.replies("Toujours rien. Je souhaite escalader cette demande auprès de votre responsable.")
    assert desk.told() == [
        "customer-comment to ana@example.test in en",
        "escalation-acknowledged to chloe@acme.test in fr",
        "escalation-requested to lea@example.test in fr",
        "escalation-requested to omar@example.test in fr",
    ]
    said = chloe.reads()
    assert "elle ne garantit pas une correction plus rapide" in said
    assert "Pour la décision, il nous manque :" in said
    assert "depuis quand - combien de personnes sont touchées" in said
    assert "téléphonez au +33 1 70 00 00 24" in said
    chloe.replies(
        "Depuis deux semaines, 40 préparateurs recopient les bons à la main, et les camions partent en retard."
    )
    assert desk.told() == ["customer-comment to ana@example.test in en"]

    # The lead decides; everybody hears of it, and it stands first in the queue.
    lea.replies(
        "#approuver vendredi midi\n\nUn spécialiste des étiquettes s'y met.", on="escalation-requested"
    )
    assert desk.told() == [
        "commands-answered to lea@example.test in fr",
        "escalation-approved to chloe@acme.test in fr",
    ]
    assert "Délai estimé : vendredi midi." in chloe.reads()
    assert "Un spécialiste des étiquettes s'y met." in chloe.reads()
    assert "au moins toutes les 24 heures" in chloe.reads()
    escalation = desk.ticket(number)["escalation"]
    assert (escalation["state"], escalation["asked"]) == ("approved", 1)

    # The promised news are asked of the agent, who gives them.
    desk.passes(hours=24)
    assert "update-owed to ana@example.test in en" in desk.told()
    ana.replies(
        "Le pilote est reproduit chez nous, nous attendons un correctif de l'éditeur.", on="update-owed"
    )
    assert desk.told() == ["desk-comment to chloe@acme.test in fr"]

    # The rest of the table of states: a third party, an operation, the answer.
    ana.replies(
        '#status waiting_third_party who="Zebra"\n\nNous avons demandé un correctif du pilote à Zebra.',
        on="update-owed",
    )
    assert "Zebra" in chloe.reads("waiting-third-party")
    assert desk.ticket(number)["resolution_clock"]["paused"]
    ana.replies(
        '#status scheduled at=2026-12-17T20:00 who="Ana Costa"\n\nMise à jour du pilote ce soir.',
        on="update-owed",
    )
    assert "Ana Costa" in chloe.reads("scheduled")
    ana.replies("#status resolved\n\nLe pilote est à jour, une page de test est sortie.", on="update-owed")
    assert "une page de test est sortie" in chloe.reads("resolved")
    desk.told()

    # Chloé closes it herself, and the agent hears of it.
    chloe.replies("#fermer", on="resolved")
    assert desk.told() == [
        "closed-by-customer to ana@example.test in en",
        "commands-answered to chloe@acme.test in fr",
    ]
    ticket = desk.ticket(number)
    assert (ticket["state"], ticket["resolution"]) == ("closed", "answered")
    states = [entry["to"] for entry in ticket["timeline"] if entry["kind"] == "state"]
    assert states == [
        "in_progress",
        "waiting_customer",
        "closed",
        "in_progress",
        "waiting_third_party",
        "scheduled",
        "resolved",
        "closed",
    ]

    # What comes long after belongs to a new request, which names the old one.
    desk.passes(days=31)
    row = chloe.replies("Cela recommence sur une autre imprimante.", on="resolved")
    assert row["ticket"] != number
    assert {"kind": "follows_up", "number": number} in desk.ticket(row["ticket"])["links"]


def test_a_refused_escalation_and_a_need_for_consulting(play: Opening) -> None:
    desk = play(PRESET, desk_file(coverage="24x7"))
    people = People(desk)
    grace, ana, lea = people.grace, people.ana, people.lea

    # No nudge has to come first.
    row = grace.writes(
        "Hello,\n\nOnly two of our users cannot change the colour of their dashboard. Could you please escalate"
        " this ticket to your manager?\n\nRegards,\nGrace",
        subject="Dashboard colours",
    )
    number = row["ticket"]
    assert desk.told() == [
        "confirmation to grace@boreal.test in en",
        "escalation-requested to lea@example.test in fr",
        "escalation-requested to omar@example.test in fr",
        "new-ticket to team@example.test in fr",
    ]
    said = grace.reads()
    assert "does not guarantee a faster fix" in said
    assert "For the decision we still need to know: - since when" in said
    assert "Ce qui plaide contre : - seuls quelques utilisateurs sont touchés" in lea.reads(
        "escalation-requested"
    )
    lea.replies(
        "#refuser two users are touched, and the dashboard works in its usual colours",
        on="escalation-requested",
    )
    assert "escalation-refused to grace@boreal.test in en" in desk.told()
    assert "two users are touched, and the dashboard works in its usual colours" in grace.reads()
    assert desk.ticket(number)["escalation"]["decided_by"] == "lea@example.test"

    ana.replies(
        "#close resolution=consulting\n\nA theme of your own is a piece of work that we can offer you.",
        on="new-ticket",
    )
    assert "closed to grace@boreal.test in en" in desk.told()
    said = grace.reads("closed")
    assert "(Consulting)" in said
    assert "A theme of your own is a piece of work" in said
    assert "calls for consulting, which support does not include" in said
    assert "Max Weber – max@example.test" in said
