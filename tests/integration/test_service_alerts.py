"""Service alerts over real rows: what is met, who is told, and that nobody is told twice whatever happens."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from gateway import faults
from gateway.cli.app import run
from gateway.cli.context import CONTEXT
from gateway.domain.service_alert import LinkAlert, LinkState
from gateway.errors import StorageUnavailable
from gateway.pipeline import tell_alerts
from gateway.pipeline.change_ticket import change_ticket
from gateway.storage.alert_tables import service_alert_updates
from tests.integration.worked_desk import WorkedDesk

CHLOE, GRACE, DORA = "chloe@acme.test", "grace@acme.test", "dora@flexible.test"
AS_ANA = ("--as", "ana@example.test")
SLOW = "Bonjour,\n\nL'écran des congés est très lent depuis ce matin, pouvez-vous regarder ?\n\nMerci"
ENGLISH = "Hello,\n\nThe congés page is very slow since this morning, could you please have a look?\n\nThanks"


class AlertDesk(WorkedDesk):
    """A desk with the commands in this process."""

    def command(self, *words: str, code: int = 0) -> None:
        """Run `gateway …`; what it prints is the capture's."""
        CONTEXT.__dict__.update(gateway=self.gateway, settings=self.gateway.settings)
        try:
            ended = run(list(words))
        except SystemExit as exit_:
            ended = int(exit_.code or 0)
        finally:
            for name in ("gateway", "settings"):
                CONTEXT.__dict__.pop(name)
        assert ended == code
        self.gateway.directory.refresh()

    def opens(self, *more: str, words: str = "congés, formation") -> int:
        """Open an alert; its number."""
        texts = ("--title-fr", "Lenteurs", "--title-en", "Slow", "--text-fr", "On cherche.")
        self.command("alerts", "open", *AS_ANA, *texts, "--words-fr", words, *more)
        return max(each.number for each in self.gateway.service_alerts.all())

    def says(self, number: int, text: str, *, command: str = "update") -> None:
        """Say more of it."""
        self.command("alerts", command, str(number), *AS_ANA, "--text-fr", text, "--text-en", f"{text} (en)")

    def asks(self, author: str, subject: str, text: str = SLOW) -> int:
        """A request comes in; its ticket's number."""
        number = self.writes(author, subject, text)
        self.works()
        ticket = self.gateway.ledger.entry(number).ticket
        assert ticket is not None
        return ticket

    def follows(self, ticket: int, alert: int) -> None:
        """An agent has the ticket follow it."""
        self.command("alerts", "link", str(ticket), str(alert), *AS_ANA)

    def told(self, template: str = "alert-updated") -> Counter[str]:
        """How often each person was written to."""
        return Counter(
            each.to for each in self.gateway.outbox.entries(limit=10_000) if each.template == template
        )

    def text_of(self, template: str) -> str:
        """The text of the one mail of a template, in one line."""
        (number,) = (e.id for e in self.gateway.outbox.entries(limit=100) if e.template == template)
        return " ".join(self.gateway.linked_renderer.text(self.gateway.outbox.notification(number)).split())

    def links(self, alert: int) -> dict[int, str]:
        """How each ticket is tied to it."""
        return {each.ticket: str(each.link) for each in self.gateway.service_alerts.tickets(alert)}

    def entries(self, ticket: int) -> list[str]:
        """The kinds of the timeline's entries about alerts."""
        entries = self.gateway.tickets.ticket(ticket).timeline
        return [each.kind for each in entries if each.kind.startswith("alert")]


@pytest.fixture(params=["sqlite", "postgres"])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[AlertDesk]:
    """Nothing has happened on it."""
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else ""
    made = AlertDesk(tmp_path, url)
    yield made
    made.close()


def test_whoever_follows_by_several_tickets_is_told_once_in_their_language(desk: AlertDesk) -> None:
    alert = desk.opens()
    numbers = [desk.asks(CHLOE, "Un"), desk.asks(CHLOE, "Deux"), desk.asks(GRACE, "Three", ENGLISH)]
    matched = desk.asks(DORA, "Quatre")
    for number in numbers:
        desk.follows(number, alert)

    desk.says(alert, "Un câble.")
    desk.says(alert, "Réparé.", command="resolve")

    assert desk.told() == desk.told("alert-resolved") == {CHLOE: 1, GRACE: 1}
    rows = [each for each in desk.gateway.outbox.entries(limit=100) if each.template == "alert-updated"]
    written = {each.to: desk.gateway.outbox.notification(each.id) for each in rows}
    assert (written[CHLOE].language, written[CHLOE].ticket) == ("fr", numbers[0])
    assert (written[GRACE].language, written[GRACE].ticket) == ("en", numbers[2])
    assert "Un câble. (en)" in desk.gateway.renderer.text(written[GRACE])
    assert desk.links(alert) == dict.fromkeys(numbers, "following") | {matched: "matched"}
    told = ["alert_updated", "alert_resolved"]
    assert desk.entries(numbers[1]) == ["alert_matched", "alert_followed", *told]
    assert desk.entries(matched) == ["alert_matched", *told]
    assert desk.gateway.tickets.ticket(numbers[0]).ticket.state == "submitted"


def test_the_words_that_were_met_are_explained_and_those_said_of_another_matter_are_not(
    desk: AlertDesk,
) -> None:
    alert = desk.opens()

    met = desk.writes(CHLOE, "Lenteur", "Bonjour,\n\nLes FORMATIONS n'apparaissent plus.\n")
    other = desk.writes(CHLOE, "Question", "Bonjour,\n\nCe n'est pas l'incident des congés.\n")
    desk.works()

    explained = desk.gateway.ledger.explanation
    assert explained(met)["alerts"] == [{"alert": alert, "words": ["formations"]}]
    assert explained(met)["first_answer"]["alerts"] == [{"number": alert, "title": "Lenteurs"}]
    assert explained(other)["alerts"] == []


def test_an_alert_of_one_organisation_is_for_nobody_else(desk: AlertDesk) -> None:
    alert = desk.opens("--organisation", "flexible")

    chloe, dora = desk.asks(CHLOE, "Un"), desk.asks(DORA, "Deux")
    desk.writes(CHLOE, "Un", "#suivre\n", to=str(desk.reply_address(CHLOE)))
    desk.works()

    assert desk.links(alert) == {dora: "matched"}
    assert "aucune n'est en cours" in desk.text_of("commands-answered")
    assert desk.entries(chloe) == []


def test_a_reply_follows_and_follows_no_more(desk: AlertDesk) -> None:
    alert = desk.opens()
    number = desk.asks(CHLOE, "Un")

    desk.writes(CHLOE, "Un", "#suivre\n", to=str(desk.reply_address(CHLOE)))
    desk.works()
    assert desk.links(alert) == {number: "following"}
    desk.writes(CHLOE, "Deux", f"#ne-plus-suivre {alert}\n", to=str(desk.reply_address(CHLOE)))
    desk.works()
    desk.says(alert, "Du nouveau.")

    assert desk.links(alert) == {number: "left"}
    assert desk.told() == {}
    assert desk.entries(number) == ["alert_matched", "alert_followed", "alert_left", "alert_updated"]


def test_the_link_of_the_confirmation_follows_once(desk: AlertDesk) -> None:
    alert = desk.opens()
    number = desk.asks(CHLOE, "Un")
    text = desk.text_of("confirmation")
    link = text.partition("Suivre l’incident")[2].split()[0].rpartition("/")[2]
    acting = desk.gateway.link_acting()

    asked = acting.look(link)
    assert asked is not None
    assert [each["title"] for each in asked.context["alerts"]] == ["Lenteurs"]
    assert desk.links(alert) == {number: "matched"}
    done = acting.act(link, {}, lambda _: "")
    again = acting.act(link, {}, lambda _: "")

    assert done is not None
    assert again is not None
    assert (done.step, again.step) == ("done", "used")
    assert desk.links(alert) == {number: "following"}
    desk.says(alert, "Un câble.")
    assert desk.told() == {CHLOE: 1}


def test_a_request_about_no_alert_has_no_link_to_follow(desk: AlertDesk) -> None:
    desk.opens()
    desk.asks(CHLOE, "Un", "Bonjour,\n\nUne question sur ma facture.\n")

    assert "Suivre" not in desk.text_of("confirmation")


def test_a_resolved_alert_is_named_to_nobody(desk: AlertDesk) -> None:
    alert = desk.opens()
    desk.says(alert, "Fini.", command="resolve")

    number = desk.asks(CHLOE, "Un")

    assert desk.links(alert) == {}
    assert desk.entries(number) == []


@pytest.mark.parametrize("point", ["unit.written", "bell.ringing"])
def test_whoever_is_killed_in_the_middle_tells_nobody_twice(
    desk: AlertDesk, point: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    alert = desk.opens()
    people = [f"person{number}@acme.test" for number in range(7)]
    for number, person in enumerate(people):
        desk.follows(desk.asks(person, f"Demande {number}"), alert)
    monkeypatch.setattr(tell_alerts, "_BATCH", 2)
    passed = 0

    def killed(reached: str) -> None:
        nonlocal passed
        passed += reached == point
        if reached == point and passed % 2:
            raise KeyboardInterrupt

    desk.gateway.service_alerts.say(
        alert, "updated", {"fr": "Du nouveau."}, actor="ana@example.test", now=desk.clock.time
    )
    monkeypatch.setattr(faults, "reached", killed)
    deaths = 0
    while desk.gateway.service_alerts.has_untold():
        try:
            desk.gateway.alert_teller().tell_all()
        except KeyboardInterrupt:
            deaths += 1
    monkeypatch.undo()

    assert deaths >= 2
    assert desk.told() == dict.fromkeys(people, 1)


def test_two_at_the_same_time_tell_nobody_twice(desk: AlertDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    alert = desk.opens()
    people = [f"person{number}@acme.test" for number in range(9)]
    for number, person in enumerate(people):
        desk.follows(desk.asks(person, f"Demande {number}"), alert)
    monkeypatch.setattr(tell_alerts, "_BATCH", 2)
    desk.gateway.service_alerts.say(
        alert, "updated", {"fr": "Du nouveau."}, actor="ana@example.test", now=desk.clock.time
    )

    tellers = [threading.Thread(target=desk.gateway.alert_teller().tell_all) for _ in range(4)]
    for each in tellers:
        each.start()
    for each in tellers:
        each.join()

    assert not desk.gateway.service_alerts.has_untold()
    assert desk.told() == dict.fromkeys(people, 1)


@pytest.mark.parametrize("desk", ["postgres"], indirect=True)
def test_an_update_said_while_somebody_begins_to_follow_reaches_them(desk: AlertDesk) -> None:
    """SQLite has one writer at a time, and no such moment."""
    alert = desk.opens()
    number = desk.asks(CHLOE, "Un", "Bonjour,\n\nUne question sur ma facture.\n")
    current, _ = desk.gateway.directory.current()

    with desk.gateway.open_uow(current) as uow:
        acts = [LinkAlert(number, alert, LinkState.FOLLOWING, None, "", "E4")]
        change_ticket(acts, uow, desk.gateway.policy, now=desk.clock.time)
        desk.says(alert, "Juste à ce moment.")
        assert desk.told() == {}
    desk.gateway.alert_teller().tell_all()

    assert desk.told() == {CHLOE: 1}


def test_what_was_said_stays(desk: AlertDesk) -> None:
    desk.opens()
    for statement in (sa.delete(service_alert_updates), sa.update(service_alert_updates).values(actor="x")):
        with (
            pytest.raises((sa.exc.DatabaseError, StorageUnavailable), match="said of an alert stays"),
            desk.gateway.database.write() as connection,
        ):
            connection.execute(statement)


def test_alerts_cost_no_query_a_mail(desk: AlertDesk) -> None:
    """The open ones are held with the desk; a mail that is about none asks the database nothing of them."""
    desk.opens()
    asked: list[str] = []
    sa.event.listen(
        desk.gateway.database.engine,
        "before_cursor_execute",
        lambda _c, _r, statement, *_: asked.append(statement) if "alert" in statement else None,
    )

    desk.asks(CHLOE, "Facture", "Bonjour,\n\nOù trouver ma facture ?\n")
    unrelated = len(asked)
    desk.asks(CHLOE, "Lent")

    assert unrelated == 0
    assert asked != []


def test_what_cannot_be_done_is_refused_with_a_sentence(
    desk: AlertDesk, capsys: pytest.CaptureFixture[str]
) -> None:
    alert = str(desk.opens())
    ticket = str(desk.asks(CHLOE, "Un", "Bonjour,\n\nUne question sur ma facture.\n"))
    said = ("--text-fr", "Bonjour")
    opening = ("open", *AS_ANA, "--title-fr", "Panne", *said)

    def refused(*words: str) -> str:
        capsys.readouterr()
        desk.command("alerts", *words, code=1)
        return capsys.readouterr().err

    assert "is no agent" in refused("update", alert, "--as", "max@example.test", *said)
    assert "--text-fr or --text-en is needed" in refused("update", alert, *AS_ANA)
    assert "there is no alert 4711" in refused("update", "4711", *AS_ANA, *said)
    assert "no request would be met" in refused(*opening)
    assert "'a(': " in refused(*opening, "--words-fr", "a(")
    assert "there are Acme, Flexible" in refused(*opening, "--words-fr", "x", "--organisation", "Ajax")
    assert "there are cloud" in refused(*opening, "--words-fr", "x", "--offer", "moon")
    assert "follows no such open alert" in refused("unlink", ticket, alert, *AS_ANA)
    desk.follows(int(ticket), int(alert))
    assert f"follows alert {alert} already" in refused("link", ticket, alert, *AS_ANA)
    capsys.readouterr()
    desk.command("alerts", "resolve", alert, *AS_ANA, *said)
    assert "whoever is written to in English reads the French one" in capsys.readouterr().out
    assert "if it has come back, open a new one" in refused("update", alert, *AS_ANA, *said)
    assert "nothing more comes of it" in refused("unlink", ticket, alert, *AS_ANA)
