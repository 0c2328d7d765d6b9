"""An ERP editor's desk: the customer chooses the criticality, and a prepaid balance pays for changes."""

from __future__ import annotations

from tests.acceptance.test_stories.conftest import Opening
from tests.acceptance.test_stories.desks import People, desk_file
from tests.acceptance.test_stories.person import Person

PRESET = "erp-flex"


def test_a_criticality_chosen_by_the_customer_and_lowered_with_notice(play: Opening) -> None:
    desk = play(PRESET, desk_file(flex_hours=20))
    people = People(desk)
    chloe, ana = people.chloe, people.ana

    row = chloe.writes(
        "Bonjour,\n\nCriticité : haute\n\nLes factures du jour ne partent plus vers nos clients depuis 8 h, le bouton"
        " Envoyer reste grisé.\n\nChloé Petit",
        subject="Envoi des factures",
    )
    number = row["ticket"]
    assert desk.told() == ["confirmation to chloe@acme.test in fr", "new-ticket to team@example.test in fr"]
    assert "Criticité : Haute" in chloe.reads()
    assert "avec la criticité que vous avez choisie" in chloe.reads()
    ticket = desk.ticket(number)
    assert (ticket["priority"], ticket["claimed_priority"]) == ("high", None)
    # High is answered within four hours and solved within sixteen, of working time: nine to noon, and one to six.
    assert ticket["response"]["due_at"] == "2026-11-30T13:00:00Z"
    assert ticket["resolution_clock"]["due_at"] == "2026-12-01T17:00:00Z"
    assert ("priority", "chloe@acme.test", "high") in desk.timeline(number)

    # The desk lowers it, and says why.
    desk.passes(hours=1)
    ana.replies(
        "#assign me\n#status in_progress\n#priority medium un envoi groupé fonctionne en attendant",
        on="new-ticket",
    )
    assert desk.told() == [
        "commands-answered to ana@example.test in en",
        "in-progress to chloe@acme.test in fr",
        "priority-changed to chloe@acme.test in fr",
    ]
    said = chloe.reads("priority-changed")
    assert "passe de Haute à Moyenne" in said
    assert "Motif : un envoi groupé fonctionne en attendant" in said


def test_a_flex_change_request_is_charged_once(play: Opening) -> None:
    desk = play(PRESET, desk_file(flex_hours=20))
    people = People(desk)
    chloe, ana = people.chloe, people.ana

    number = chloe.writes(
        "Bonjour,\n\nPourriez-vous ajouter notre numéro de commande sur l'en-tête des factures ?\n\nChloé Petit",
        subject="En-tête des factures",
    )["ticket"]
    ana.replies(
        "#assign me\n#type change request\n#status waiting_customer\n\nSous le logo ou dans le tableau ?",
        on="new-ticket",
    )
    assert "waiting-customer to chloe@acme.test in fr" in desk.told()
    assert desk.ticket(number)["type"] == "change_request"

    # Ten days without an answer, and not twelve.
    desk.passes(days=3)
    desk.passes(days=3)
    assert desk.told() == ["reminder to chloe@acme.test in fr", "reminder to chloe@acme.test in fr"]
    desk.passes(days=3.9)
    assert desk.told() == []
    desk.passes(days=0.1)
    assert desk.told() == ["charge-owed to ana@example.test in en", "closed to chloe@acme.test in fr"]
    chloe.replies("Sous le logo, pardon pour le délai.")
    assert "reopened to team@example.test in fr" in desk.told()

    ana.replies("#close resolution=fixed\n\nC'est en place.", on="reopened")
    assert desk.ticket(number)["state"] == "in_progress", "the time is missing"
    assert "time=1h30" in ana.reads("commands-answered")
    ana.replies("#close resolution=fixed time=1h30\n\nC'est en place sous le logo.", on="reopened")
    said = chloe.reads("closed")
    assert "C'est en place sous le logo." in said
    assert "décompté de 1 h 30" in said
    assert "Il vous reste 18 h 30." in said
    ticket = desk.ticket(number)
    assert (ticket["state"], ticket["flex_minutes"]) == ("closed", 90)
    ana.replies("#charge 2h", on="reopened")
    assert "only once" in ana.reads("commands-answered")
    assert desk.ticket(number)["flex_minutes"] == 90


def test_the_customer_sets_a_criticality_by_command_and_consulting_says_where_to_ask(play: Opening) -> None:
    desk = play(PRESET, desk_file(flex_hours=20))
    people = People(desk)
    chloe, ana = people.chloe, people.ana

    number = chloe.writes(
        "#priorite critique la paie part ce soir\n#statut résolu\n\nLa paie de novembre ne se calcule pas.",
        subject="Calcul de la paie",
    )["ticket"]
    said = chloe.reads("confirmation")
    assert "#priority critique la paie part ce soir – fait" in said
    assert "#status résolu – non : ce message a ouvert la demande" in said
    assert desk.ticket(number)["priority"] == "urgent"
    desk.told()

    # An hour of working time without an answer breaks the commitment of Urgent.
    desk.passes(hours=1)
    told = desk.told()
    assert "sla-warned to team@example.test in fr" in told
    assert "sla-breached to team@example.test in fr" in told
    assert "sla-breached to lea@example.test in fr" in told

    ana.replies("#status resolved\n\nIl manquait une convention : elle est ajoutée.", on="new-ticket")
    chloe.replies("#rouvrir le calcul s'arrête encore\n#priorite haute", on="resolved")
    told = desk.told()
    assert "reopened to team@example.test in fr" in told
    ticket = desk.ticket(number)
    assert (ticket["state"], ticket["priority"]) == ("in_progress", "high")
    assert "le calcul s'arrête encore" in ticket["comments"][-1]["text"]

    ana.replies(
        "#close resolution=consulting\n\nReprendre toutes vos conventions est un projet à part entière.",
        on="reopened",
    )
    said = chloe.reads("closed")
    assert "que ni l'assistance ni votre forfait Flex ne couvrent" in said
    assert "Max Weber – max@example.test" in said


def test_a_criticality_in_somebodys_name_is_asked_back(play: Opening) -> None:
    desk = play(PRESET, desk_file(flex_hours=20))
    chloe = Person(desk, "Chloé Petit", "chloe@acme.test", signs=False)
    number = chloe.writes("Bonjour, l'export comptable est lent.", subject="Export comptable")["ticket"]
    desk.told()

    confirmation = chloe.last("confirmation").mail
    row = chloe.writes(
        "#priorite critique tout est bloqué",
        subject="Export comptable",
        In_Reply_To=str(confirmation["Message-ID"]),
    )
    assert (row["ticket"], row["evidence"]) == (number, "E1")
    assert desk.ticket(number)["priority"] == "low"
    assert desk.told() == ["please-confirm to chloe@acme.test in fr"]
    assert "#priority critique tout est bloqué" in chloe.reads()

    chloe.replies("#priorite critique tout est bloqué")
    assert desk.told() == [
        "commands-answered to chloe@acme.test in fr",
        "priority-chosen to team@example.test in fr",
    ]
    assert desk.ticket(number)["priority"] == "urgent"
    assert ("priority", "chloe@acme.test", "urgent") in desk.timeline(number)
