"""A learning platform's desk: escalation by a note or by the account manager, on named grounds."""

from __future__ import annotations

from tests.acceptance.test_stories.conftest import Opening
from tests.acceptance.test_stories.desks import People, desk_file

PRESET = "learning-saas"


def test_a_note_escalates_and_a_lead_approves(play: Opening) -> None:
    desk = play(PRESET, desk_file())
    people = People(desk)
    grace, ana, lea = people.grace, people.ana, people.lea

    row = grace.writes(
        "Hello,\n\nOur course on fire safety does not open for some of our learners since Friday, they get"
        " a white page. We tried two browsers.\n\nKind regards,\nGrace Byrne",
        subject="White page in a course",
    )
    number = row["ticket"]
    assert desk.told() == ["confirmation to grace@boreal.test in en", "new-ticket to team@example.test in fr"]
    assert f"#{number}" in grace.reads()
    assert "Priority: Low" in grace.reads()
    assert "+33 1 70 00 00 24" in grace.reads()

    desk.passes(minutes=30)
    ana.replies("#assign me\n#status in_progress\n\nI am looking at the course.", on="new-ticket")
    assert "in-progress to grace@boreal.test in en" in desk.told()
    desk.passes(hours=1)
    ana.replies("#note The course's package lacks its start file; asked the content team.", on="new-ticket")
    assert desk.told() == ["commands-answered to ana@example.test in en"]
    assert desk.ticket(number)["comments"][-1]["visibility"] == "internal"

    # A note on the ticket says why, and why it is urgent: no nudge has to come first.
    desk.passes(days=1)
    desk.told()
    grace.replies(
        "Please escalate this ticket. The launch of our compliance programme for 2,000 learners is blocked"
        " by the white page since this morning.",
        on="in-progress",
    )
    assert desk.told() == [
        "customer-comment to ana@example.test in en",
        "escalation-acknowledged to grace@boreal.test in en",
        "escalation-requested to lea@example.test in fr",
        "escalation-requested to omar@example.test in fr",
    ]
    escalation = desk.ticket(number)["escalation"]
    assert "large-launch-blocked" in escalation["grounds"]
    assert escalation["refusals"] == ["being-worked-on"]
    assert escalation["missing"] == []
    said = grace.reads()
    assert "does not guarantee" in said
    assert "we still need" not in said.lower()
    asked = lea.reads("escalation-requested")
    assert "Ce qui plaide pour" in asked
    assert "Ce qui plaide contre" in asked

    # Nobody decides within a working day's eight hours: the account manager hears of it too.
    desk.passes(hours=8)
    assert "escalation-requested to max@example.test in en" in desk.told()

    lea.replies(
        "#approuver mercredi 18 h\n\nL'équipe contenu y travaille ce soir.", on="escalation-requested"
    )
    assert "escalation-approved to grace@boreal.test in en" in desk.told()
    assert "mercredi 18 h" in grace.reads("escalation-approved")
    assert "at least every 24 hours" in grace.reads("escalation-approved")

    # News are owed every day, and given.
    desk.passes(hours=24)
    assert "update-owed to ana@example.test in en" in desk.told()
    ana.replies(
        "The package is being built anew; half of the learners can open the course.", on="update-owed"
    )
    assert desk.told() == ["desk-comment to grace@boreal.test in en"]
    desk.passes(hours=23)
    assert "update-owed to ana@example.test in en" not in desk.told()
    desk.passes(hours=1)
    assert "update-owed to ana@example.test in en" in desk.told()

    ana.replies("#status resolved\n\nThe course opens for everybody.", on="update-owed")
    assert "resolved to grace@boreal.test in en" in desk.told()
    desk.passes(days=2)
    assert "update-owed to ana@example.test in en" not in desk.told(), "nothing is owed once it is resolved"

    # Not for everybody, it turns out: Grace's answer brings it back to the team.
    grace.replies("Two groups still see the white page.", on="resolved")
    assert "reopened to team@example.test in fr" in desk.told()
    assert desk.ticket(number)["state"] == "in_progress"
    ana.replies(
        "#close resolution=fixed\n\nTheir groups had an old version; they have the new one.", on="reopened"
    )
    assert "closed to grace@boreal.test in en" in desk.told()
    assert "(Fixed)" in grace.reads("closed")
    assert desk.ticket(number)["resolution"] == "fixed"


def test_the_account_manager_escalates_for_a_customer_and_it_is_refused(play: Opening) -> None:
    desk = play(PRESET, desk_file())
    people = People(desk)
    chloe, ana, lea, manager = people.chloe, people.ana, people.lea, people.max

    row = chloe.writes(
        "Bonjour,\n\nLe logo de notre page d'accueil s'affiche trop grand sur le site bêta.\n\nChloé",
        subject="Logo trop grand",
    )
    number = row["ticket"]
    ana.replies("#assign me\n#status in_progress", on="new-ticket")
    desk.told()

    # His mail is signed, and nothing ties it to the ticket but its number: he is asked back.
    row = manager.writes("#escalate Acme's management has complained to me", subject=f"Acme [#{number}] logo")
    assert row["evidence"] == "E3"
    assert desk.ticket(number)["escalation"]["state"] == "none"
    assert "please-confirm to max@example.test in en" in desk.told()
    manager.replies("#escalate Acme's management has complained to me", on="please-confirm")
    assert sorted(set(desk.told()) - {"commands-answered to max@example.test in en"}) == [
        "escalation-acknowledged to max@example.test in en",
        "escalation-requested to lea@example.test in fr",
        "escalation-requested to omar@example.test in fr",
    ]
    escalation = desk.ticket(number)["escalation"]
    assert (escalation["state"], escalation["by"]) == ("requested", "max@example.test")
    assert escalation["reason"] == "Acme's management has complained to me"

    lea.replies("#refuser seul le site bêta est touché, et nous y travaillons", on="escalation-requested")
    assert desk.told() == [
        "commands-answered to lea@example.test in fr",
        "escalation-refused to chloe@acme.test in fr",
        "escalation-refused to max@example.test in en",
    ]
    for person in (chloe, manager):
        assert "seul le site bêta est touché, et nous y travaillons" in person.reads()

    assert ("escalation_refused", "lea@example.test", "") in desk.timeline(number)

    # The customer's next mail says no more, and the request stays refused; the desk goes on with it.
    chloe.replies("D'accord, nous attendrons la prochaine version.", on="escalation-refused")
    assert desk.told() == ["customer-comment to ana@example.test in en"]
    assert desk.ticket(number)["escalation"]["state"] == "refused"

    # A mail of nothing but a command belongs to the ticket like any other: her own answer to it finds it.
    row = chloe.replies("#relance", on="escalation-refused")
    assert "nudged to ana@example.test in en" in desk.told()
    row = chloe.writes(
        "Sinon, une date suffirait.", subject="Logo trop grand", In_Reply_To=f"<{row['message_id']}>"
    )
    assert (row["outcome"], row["ticket"]) == ("comment", number)
    row = chloe.replies("#priorite haute", on="escalation-refused")
    row = chloe.writes(
        "Oubliez la criticité.", subject="Logo trop grand", In_Reply_To=f"<{row['message_id']}>"
    )
    assert (row["outcome"], row["ticket"]) == ("comment", number)
    desk.told()
    chloe.replies("#fermer\n\nVous pouvez fermer, merci.", on="escalation-refused")
    assert desk.told() == [
        "closed-by-customer to ana@example.test in en",
        "commands-answered to chloe@acme.test in fr",
    ]
    assert "Vous pouvez fermer, merci." in ana.reads("closed-by-customer")
    assert desk.ticket(number)["state"] == "closed"
