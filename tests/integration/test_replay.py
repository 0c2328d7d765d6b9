"""Rehearsal: other rules on stored mail say what they would have decided, and nothing is changed."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from gateway.bootstrap import Gateway
from gateway.domain.envelope import Envelope
from gateway.domain.held import MailReleased
from gateway.errors import StorageUnavailable
from gateway.pipeline.orders import Orders
from gateway.pipeline.replay import Replayed
from gateway.ports import NewMail
from gateway.rulebook.desk_file import load_desk_file
from gateway.rulebook.folder import rules_folder
from gateway.storage.rehearsal import open_rehearsal
from gateway.storage.schema import metadata, timeline
from gateway.storage.upgrade import upgrade
from tests.running import RunningGateway, mail

LEA, ANA, CHLOE = "lea@example.test", "ana@example.test", "chloe@acme.test"
BEGINS = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


class Clock:
    """A clock that the story moves."""

    def __init__(self) -> None:
        self.at = BEGINS

    def now(self) -> datetime:
        return self.at


class Desk:
    """A gateway in this process, worked by hand."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self.runs = RunningGateway(
            folder, database_url=database_url, extra='[trust]\nstaff = "token"\nverify = "off"\n'
        )
        self.gateway = self.runs.gateway()
        self.clock = Clock()
        self.gateway.__dict__["clock"] = self.clock
        upgrade(self.gateway.database)
        self.gateway.desk.load(load_desk_file(folder / "desk.yaml"), now=BEGINS)
        self._mails = 0

    def writes(
        self,
        author: str,
        text: str,
        *,
        to: str = "",
        subject: str = "Paie",
        wait: bool = False,
        **headers: str,
    ) -> int:
        """A mail comes in, and is settled but where it waits for the next one."""
        self._mails += 1
        self.clock.at += timedelta(minutes=5)
        to = to or "support@example.test"
        raw = mail(author, subject, text, message_id=f"{self._mails}@{author}", to=to, **headers)
        envelope = Envelope("smtp", author, (to,), "192.0.2.1", "mx.test", False, self.clock.at)
        (number,) = self.gateway.ledger.append([NewMail(envelope, [raw], len(raw))])
        if not wait:
            self.works()
        return number

    def works(self) -> None:
        """Whatever waits is settled."""
        processor = self.gateway.processor("here:1")
        while processor.process_batch():
            pass

    def act(self, number: int, who: str, order: Callable[[Orders], Any], text: str = "") -> None:
        """An act of the command line, some minutes later."""
        self.clock.at += timedelta(minutes=5)
        self.gateway.acting().act(number, who, text, order)

    def reply_address(self, to: str) -> str:
        """Where the last notification to somebody wants its answer."""
        rows = [row for row in self.gateway.outbox.entries(limit=1000) if row.to == to]
        return self.gateway.outbox.notification(rows[-1].id).reply_to

    def replay(
        self, rules: Path | None = None, *, preset: str | None = None, limit: int | None = None
    ) -> list[Replayed]:
        """All stored mail through the rules of a folder."""
        settings = self.gateway.settings
        desk = replace(
            settings.desk,
            rules_dir=str(rules or ""),
            preset=settings.desk.preset if preset is None else preset,
        )
        other = Gateway(replace(settings, desk=desk))
        return list(self.gateway.rehearsal(other).replay(None, None, limit))


@pytest.fixture(params=["sqlite", "postgres"])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else ""
    made = Desk(tmp_path / "desk", url)
    with closing(made.gateway.database):
        yield made


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    return Path(shutil.copytree(rules_folder(""), tmp_path / "rules"))


def change(rules: Path, name: str, old: str, new: str) -> None:
    path = rules / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def a_story(desk: Desk) -> None:
    """A ticket whose state, priority, assignee, followers and escalation move on, and all kinds of mail."""
    desk.writes(CHLOE, "Bonjour,\n\nLe module Paie ne démarre plus.\n\nChloé")
    address = desk.reply_address(CHLOE)
    desk.act(1, LEA, lambda orders: orders.assign(ANA))
    desk.act(1, ANA, lambda orders: orders.transition("waiting_customer", {}), "Quelle version ?")
    # Two of one batch: the first brings it back, the second finds it back.
    desk.writes(CHLOE, "La version 4.", to=address, Cc="Paul <paul@acme.test>", wait=True)
    desk.writes(CHLOE, "Et le correctif 12.", to=address)
    desk.act(1, LEA, lambda orders: orders.priority("high", "la paie part demain"))
    for _ in range(2):
        desk.writes(CHLOE, "Avez-vous des nouvelles ?", to=address)
    desk.writes(CHLOE, "Merci d'escalader ce ticket : URGENT.", to=address)
    desk.writes(CHLOE, "#escalade 300 personnes sont bloquées", to=address)
    desk.writes(LEA, "#approuver demain midi", to=desk.reply_address(LEA))
    desk.writes(ANA, "#status resolved\n\nVoilà.", to=desk.reply_address(ANA))
    desk.writes(CHLOE, "Cela ne marche pas.", to=address)
    desk.writes("paul@acme.test", "Je confirme.", subject="[#1] Paie")
    desk.writes("mallory@evil.test", "Donnez-moi tout.", to=address)
    held = desk.writes("eve@acme.test", "Moi aussi.", to=address)
    desk.gateway.acting().by_itself([MailReleased(desk.gateway.ledger.entry(held).ticket, held, None)])
    desk.works()
    desk.writes(LEA, "#refuser jamais", subject="[#1] Paie")
    desk.writes(CHLOE, "Je suis absente jusqu'au 12 décembre.", to=address, Auto_Submitted="auto-replied")
    desk.act(1, ANA, lambda orders: orders.transition("closed", {"resolution": "answered"}), "Fini.")
    for _ in range(3):
        desk.writes(CHLOE, "Le rapport du jour ne part pas.", subject="Rapport")


def test_the_same_rules_decide_the_same_whatever_has_become_of_the_tickets(desk: Desk) -> None:
    a_story(desk)

    found = desk.replay()

    outcomes = {each.was["outcome"] for each in found}
    assert {"ticket", "comment", "held", "refused", "auto_reply"} <= outcomes
    assert [(each.stored.mail.id, each.skipped) for each in found if each.skipped] == []
    assert [
        (each.stored.mail.id, each.differences, each.was, each.would_be) for each in found if each.differences
    ] == []
    assert len(found) == 18
    acts = [act for each in found for act in each.would_be["acts"]]
    assert {"Nudge", "RequestEscalation", "DecideEscalation", "ChangeState", "AnswerCommands"} <= set(acts)
    assert len(desk.replay(limit=3)) == 3


def test_other_rules_show_what_would_differ_and_by_which_words(desk: Desk, rules: Path) -> None:
    desk.writes(CHLOE, "Bonjour, comment changer mon mot de passe ?")
    address = desk.reply_address(CHLOE)
    reported = desk.writes(CHLOE, "Le SSO est en panne depuis 9 h.", to=address)
    asked = desk.writes(CHLOE, "Pouvez-vous escalader ?", to=address)
    change(rules, "escalation/process.yaml", "opening: []", "opening: [sso-down]")
    change(
        rules, "escalation/lexicon.fr.yaml", "sense: escalation\n", "sense: escalation\n    mode: suggest\n"
    )

    found = {each.stored.mail.id: each for each in desk.replay(rules)}

    assert found[1].differences == ()
    assert set(found[asked].differences) == {"intent", "acts", "told"}
    (words,) = found[asked].words
    assert (words.text, words.was, words.would_be) == ("Pouvez-vous escalader", "counts", "suggested")
    assert set(found[reported].differences) == {"acts", "told"}
    assert found[reported].would_be["acts"] == ["AddComment", "RequestEscalation"]
    assert "escalation-requested to matrix" in found[reported].would_be["told"]
    assert "escalation-requested to matrix" not in found[reported].was["told"]


def test_another_preset_and_rules_that_fail_are_told_mail_by_mail(desk: Desk, rules: Path) -> None:
    desk.writes(CHLOE, "Bonjour, le module Paie est bloqué.")
    address = desk.reply_address(CHLOE)
    desk.writes(CHLOE, "Merci d'escalader ce ticket.", to=address)

    found = desk.replay(preset="industrial-erp")

    assert [each.differences for each in found] == [(), ("acts", "told")]
    assert found[1].was["acts"] != found[1].would_be["acts"] == ["Nudge", "PutOffEscalation"]
    assert desk.replay(rules)[1].differences == ()


def rows_of(desk: Desk) -> dict[str, str]:
    """A digest of every table's rows, and where the sequences stand."""
    found: dict[str, str] = {}
    with desk.gateway.database.read() as connection:
        for table in metadata.sorted_tables:
            rows = connection.execute(sa.select(table).order_by(*table.primary_key.columns)).all()
            found[table.name] = hashlib.sha256(repr(rows).encode()).hexdigest()
        if not desk.gateway.database.is_sqlite:
            rows = connection.execute(
                sa.text("SELECT sequencename, last_value FROM pg_sequences ORDER BY 1")
            ).all()
            found["sequences"] = repr(rows)
    return found


def test_nothing_is_changed_and_nothing_is_sent(desk: Desk, rules: Path) -> None:
    a_story(desk)
    desk.writes("new@comer.test", "Bonjour, une question.", wait=True)
    desk.gateway.ledger.lease(limit=1, owner="another", now=desk.clock.now())
    change(rules, "escalation/process.yaml", "opening: []", "opening: [sso-down]")
    before = rows_of(desk)
    file = desk.runs.folder / "var" / "gateway.db"
    content = file.read_bytes() if file.exists() else b""

    found = desk.replay(rules)

    assert [each.skipped for each in found if each.skipped] == ["not decided yet"]
    assert rows_of(desk) == before
    assert (file.read_bytes() if file.exists() else b"") == content
    assert not list(desk.runs.sent.glob("*"))


def test_the_database_itself_refuses_to_write_in_a_rehearsal(desk: Desk) -> None:
    number = desk.writes(CHLOE, "Bonjour, une question.")
    (batch,) = desk.gateway.rehearsal(desk.gateway).mails.batches(None, None, None)
    now_desk, _ = desk.gateway.directory.current()

    with open_rehearsal(desk.gateway.database, now_desk, batch, (), timedelta(hours=1)) as rows:
        unit: Any = rows.as_of(batch[0], may_tell=True, may_answer=True)
        with pytest.raises((StorageUnavailable, sa.exc.DBAPIError), match=r"readonly|read-only"):
            unit._connection.execute(sa.delete(timeline))

    assert batch[0].mail.id == number
    desk.writes(CHLOE, "Bonjour, une autre question.")
    assert desk.gateway.ledger.counts()["ticket"] == 2, "the connection can be written with again"


def test_the_command_prints_differences_and_sums(tmp_path: Path, rules: Path) -> None:
    desk = Desk(tmp_path / "desk", "")
    desk.writes(CHLOE, "Bonjour, une question.")
    desk.writes(CHLOE, "Le SSO est en panne. Pouvez-vous escalader ?", to=desk.reply_address(CHLOE))
    desk.writes("paul@acme.test", "Bonjour, une question.")
    change(
        rules, "escalation/lexicon.fr.yaml", "sense: escalation\n", "sense: escalation\n    mode: shadow\n"
    )

    page = desk.runs.command("replay", "--rules", str(rules))
    lines = desk.runs.json_lines("replay", "--rules", str(rules), "--since", "2026-11-23T09:12:00Z")

    desk.gateway.database.close()
    assert "  intent           escalation -> none\n" in page
    assert "  told             - escalation-" in page
    assert "'Pouvez-vous escalader' in the reply, escalation.request.fr: counts -> logged only" in page
    assert "3 mails read: 2 the same, 1 different, 0 skipped" in page
    assert [(line.get("id"), line.get("same")) for line in lines] == [(3, True), (None, None)]
    assert lines[-1]["summary"]["read"] == 1
    assert "no instant" in desk.runs.command("replay", "--until", "yesterday", code=1)
