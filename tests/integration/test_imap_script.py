"""Fetching, from a server that misbehaves: nothing is lost, doubled, or touched before it is stored."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.bootstrap import Gateway
from gateway.endpoints.imap import MailboxWatch
from gateway.endpoints.imap_login import open_mailbox
from gateway.endpoints.imap_place import place_of
from gateway.endpoints.imap_session import MailboxSession
from gateway.endpoints.imap_sync import Fetching, MailboxSync
from gateway.endpoints.imap_tokens import Issued, TokenKeeper
from gateway.errors import GatewayError, MailboxRefused, MailboxUnavailable, StorageUnavailable
from gateway.ports import NewMail
from gateway.rulebook.desk_file import load_desk_file
from gateway.settings import MailboxSettings
from gateway.storage.upgrade import upgrade
from tests.running import RunningGateway, mail
from tests.servers.imap_script import DROP, EVERYTHING, Box, ImapScript
from tests.servers.tokens import OAUTH2


class NoBell:
    def ring(self, name: str) -> None:
        return


class RecordingLedger:
    """The real ledger, whose commits are written between the server's lines."""

    def __init__(self, gateway: Gateway, done: list[str]) -> None:
        self._ledger = gateway.ledger
        self._done = done
        self.refuse: Callable[[NewMail], Exception | None] = lambda mail: None

    def append(self, batch: Sequence[NewMail]) -> list[int]:
        for each in batch:
            if error := self.refuse(each):
                raise error
        ids = self._ledger.append(batch)
        self._done += [f"COMMIT {each.position.uid}" for each in batch if each.position]
        return ids


class Intake:
    """A gateway's fetching from one mailbox, one look at a time."""

    def __init__(self, folder: Path, server: ImapScript, *, database_url: str = "", **changed: Any) -> None:
        (folder / "password").write_text("secret\n")
        extra = (
            f'[[imap]]\nname = "support"\nhost = "127.0.0.1"\nport = {server.port}\ntls = "none"\n'
            f'user = "support"\npassword_file = "{folder}/password"\nrecipient = "support@example.test"\n'
            'first_sync = "new-only"\n'
        )
        self.running = RunningGateway(folder, database_url=database_url, extra=extra)
        self.gateway = self.running.gateway()
        if database_url:
            prepare(self.gateway)
        self.server = server
        self.settings: MailboxSettings = replace(self.gateway.settings.imap[0], **changed)
        self.ledger = RecordingLedger(self.gateway, server.done)
        self.sync = self.poller()

    def poller(self) -> MailboxSync:
        return MailboxSync(self.settings, place_of(self.settings), self.fetching, threading.Event())

    @property
    def fetching(self) -> Fetching:
        gateway = self.gateway
        return Fetching(
            gateway.mailboxes,
            self.ledger,
            gateway.alarms,
            NoBell(),
            gateway.clock,
            gateway.directory.current,
            gateway.settings.smtp.max_message_bytes,
        )

    def look(self, sync: MailboxSync | None = None) -> bool:
        """One connection and one look."""
        with open_mailbox(self.settings, None) as session:
            verb, _, target = self.settings.after.partition(":")
            if verb == "move":
                session.make_folder(target)
            return (sync or self.sync).look(session, is_new=True)

    def subjects(self) -> list[str]:
        """What is in the ledger, by the subjects of the raw mails."""
        ledger = self.gateway.ledger
        raws = [ledger.raw(entry.id) for entry in ledger.entries(limit=1000)]
        return [raw.partition(b"Subject: ")[2].partition(b"\r\n")[0].decode() for raw in raws]

    def alarms(self) -> dict[str, str]:
        return {alarm.key: alarm.reason for alarm in self.gateway.alarms.current()}


def prepare(gateway: Gateway) -> None:
    """Its tables and its desk."""
    upgrade(gateway.database)
    now = gateway.clock.now()
    gateway.desk.load(load_desk_file(gateway.settings.desk.file), now=now)
    gateway.desk.keys(now=now)


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with tables and desk, for all to copy."""
    folder = tmp_path_factory.mktemp("prepared")
    gateway = RunningGateway(folder).gateway()
    prepare(gateway)
    gateway.database.close()
    return folder / "var" / "gateway.db"


@pytest.fixture(autouse=True)
def database(prepared: Path, tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()
    shutil.copy(prepared, tmp_path / "var" / "gateway.db")


@pytest.fixture(autouse=True)
def nothing_stays_open(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every intake's database is let go."""
    made: list[Intake] = []
    begin = Intake.__init__

    def remembered(intake: Intake, *args: Any, **options: Any) -> None:
        begin(intake, *args, **options)
        made.append(intake)

    monkeypatch.setattr(Intake, "__init__", remembered)
    yield
    for intake in made:
        intake.gateway.database.close()


@pytest.fixture
def server() -> Iterator[ImapScript]:
    with ImapScript() as running:
        yield running


def mail_of(name: str) -> bytes:
    return mail(f"{name}@acme.test", name, "Rien ne va plus.", message_id=f"{name}@acme.test")


def touched_before_commit(done: Sequence[str]) -> list[str]:
    """The server's lines that moved, flagged or deleted a mail before it was stored."""
    stored: set[str] = set()
    early = []
    for line in done:
        verb, _, rest = line.partition(" ")
        uid = rest.partition(" ")[0]
        if verb == "COMMIT":
            stored.add(uid)
        elif verb in {"MOVE", "COPY", "STORE", "EXPUNGE"} and uid not in stored:
            early.append(line)
    return early


@pytest.mark.parametrize(
    ("capabilities", "after", "order"),
    [
        (EVERYTHING, "move:Processed", ["FETCH 1", "COMMIT 1", "MOVE 1"]),
        (EVERYTHING, "seen", ["FETCH 1", "COMMIT 1", r"STORE 1 \Seen"]),
        (EVERYTHING, "delete", ["FETCH 1", "COMMIT 1", r"STORE 1 \Deleted", "EXPUNGE 1"]),
        (
            "IMAP4rev1 UIDPLUS",
            "move:Processed",
            ["FETCH 1", "COMMIT 1", "COPY 1", r"STORE 1 \Deleted", "EXPUNGE 1"],
        ),
        (
            "IMAP4rev1",
            "move:Processed",
            ["FETCH 1", "COMMIT 1", "COPY 1", r"STORE 1 \Deleted", "EXPUNGE 1"],
        ),
    ],
)
def test_a_mail_is_stored_before_it_is_touched(
    tmp_path: Path, capabilities: str, after: str, order: list[str]
) -> None:
    with ImapScript(capabilities) as server:
        intake = Intake(tmp_path, server, after=after)
        intake.look()
        server.add(mail_of("one"))
        intake.look()
        intake.look()

        assert intake.subjects() == ["one"]
        assert server.done == order


def test_the_oracle_sees_a_flag_before_its_commit(
    tmp_path: Path, server: ImapScript, monkeypatch: pytest.MonkeyPatch
) -> None:
    intake = Intake(tmp_path, server, after="seen")
    intake.look()
    server.add(mail_of("one"))
    store = MailboxSync._store

    def too_early(sync: MailboxSync, batch: list[NewMail]) -> list[int]:
        with open_mailbox(intake.settings, None) as other:
            other.select("INBOX")
            other.put_away([each.position.uid for each in batch if each.position], "seen")
        return store(sync, batch)

    monkeypatch.setattr(MailboxSync, "_store", too_early)
    intake.look()

    assert touched_before_commit(server.done)


def test_a_server_that_cannot_remove_single_mails_keeps_what_people_have_flagged(tmp_path: Path) -> None:
    with ImapScript("IMAP4rev1") as server:
        intake = Intake(tmp_path, server)
        intake.look()
        theirs = server.add(mail_of("theirs"))
        ours = server.add(mail_of("ours"))
        server.boxes["INBOX"].mails[theirs].flags.add(r"\Deleted")
        with open_mailbox(intake.settings, None) as session:
            session.select("INBOX")
            session.put_away([ours], "delete")

        assert server.uids() == [theirs, ours]
        assert server.flags(ours) == {r"\Deleted"}


def test_what_stays_on_such_a_server_is_not_copied_again(tmp_path: Path) -> None:
    with ImapScript("IMAP4rev1") as server:
        intake = Intake(tmp_path, server)
        intake.look()
        theirs = server.add(mail_of("theirs"))
        server.boxes["INBOX"].mails[theirs].flags.add(r"\Deleted")
        server.script = lambda command: "OK nothing" if command == "EXPUNGE" else None
        intake.look()
        intake.look()
        intake.look(intake.poller())

        assert intake.subjects() == ["theirs"]
        assert (server.uids(), len(server.uids("Processed"))) == ([theirs], 1)


def test_a_folder_that_another_mailbox_makes_at_the_same_moment_is_there(
    tmp_path: Path, server: ImapScript
) -> None:
    """Two mailboxes of one account start together, and both find that there is no `Processed`."""
    intake = Intake(tmp_path, server)

    def made_meanwhile(command: str) -> str | None:
        if not command.startswith("CREATE"):
            return None
        server.boxes["Processed"] = Box()
        return "NO [ALREADYEXISTS] Mailbox already exists"

    server.script = made_meanwhile
    with open_mailbox(intake.settings, None) as session:
        session.make_folder("Processed")

    server.script = lambda command: "NO [NOPERM] not here" if command.startswith("CREATE") else None
    with open_mailbox(intake.settings, None) as session, pytest.raises(MailboxRefused, match="NOPERM"):
        session.make_folder("Elsewhere")


def test_killed_between_commit_and_move_a_mail_is_there_once(tmp_path: Path, server: ImapScript) -> None:
    intake = Intake(tmp_path, server)
    intake.look()
    for name in ("one", "two"):
        server.add(mail_of(name))
    server.script = lambda command: DROP if command.startswith("UID MOVE") else None
    with pytest.raises(MailboxUnavailable):
        intake.look()
    assert intake.subjects() == ["one", "two"]

    server.script = lambda command: None
    intake.look(intake.poller())

    assert intake.subjects() == ["one", "two"]
    assert (server.uids(), len(server.uids("Processed"))) == ([], 2)
    assert not touched_before_commit(server.done)


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_two_pollers_on_one_mailbox_store_each_mail_once(
    tmp_path: Path, server: ImapScript, engine: str, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue("postgres_url") if engine == "postgres" else ""
    intake = Intake(tmp_path, server, database_url=url)
    intake.look()
    names = [f"mail {number}" for number in range(40)]
    for name in names:
        server.add(mail_of(name.replace(" ", "")))
    ready = threading.Barrier(2)
    failures: list[Exception] = []

    def poll() -> None:
        ready.wait()
        try:
            intake.look(intake.poller())
        except Exception as error:  # noqa: BLE001
            failures.append(error)

    pollers = [threading.Thread(target=poll) for _ in range(2)]
    for poller in pollers:
        poller.start()
    for poller in pollers:
        poller.join()

    assert not failures
    assert sorted(intake.subjects()) == sorted(name.replace(" ", "") for name in names)
    assert server.uids() == []


@pytest.mark.parametrize(
    "said",
    [
        b"* 2 FETCH (UID 2 BODY[] {400}\r\nFrom: somebody\r\n* BYE shutting down\r\n",
        b"* 2 FETCH (UID 2 BODY[] {9999999999}\r\nFrom: somebody\r\n",
        b"* 2 FETCH (UID 2 BODY[] {99999999999999999999999999}\r\n",
        (b"* OK " + b"x" * 500 + b"\r\n") * 6000,
        b"* 2 FETCH (UID 2 BODY[] " + b"(" * 100_000 + b"\r\n",
        b"* 2 FETCH (UID two BODY[] NIL)\r\n",
        b"\x00\xff\x00\r\n",
        DROP,
    ],
    ids=["bye", "huge literal", "absurd literal", "endless", "deep", "not a number", "noise", "drop"],
)
def test_one_mail_that_ends_the_connection_does_not_hold_up_the_others(
    tmp_path: Path, server: ImapScript, said: bytes
) -> None:
    intake = Intake(tmp_path, server)
    intake.look()
    for name in ("one", "two", "three"):
        server.add(mail_of(name))
    server.script = lambda command: said if command.startswith("UID FETCH 2 (BODY") else None

    for _ in range(3):
        with pytest.raises(MailboxUnavailable):
            intake.look()
    intake.look()

    assert sorted(intake.subjects()) == ["one", "three"]
    assert server.uids() == [2]
    assert server.flags(2) == set()
    assert "UID 2 could not be read" in intake.alarms()["mailbox support left"]

    server.script = lambda command: None
    intake.look(intake.poller())
    assert sorted(intake.subjects()) == ["one", "three", "two"]
    assert intake.alarms() == {}


def test_a_mail_that_the_server_will_not_give_is_left_and_alarmed(tmp_path: Path, server: ImapScript) -> None:
    intake = Intake(tmp_path, server)
    intake.look()
    for name in ("one", "two"):
        server.add(mail_of(name))
    server.script = lambda command: (
        "NO [EXPUNGEISSUED] odd" if command.startswith("UID FETCH 1 (BODY") else None
    )
    intake.look()

    assert (intake.subjects(), server.uids()) == (["two"], [1])
    assert "UID 1 mail 1 cannot be read" in intake.alarms()["mailbox support left"]


def test_a_mail_of_no_bytes_is_left_and_alarmed(tmp_path: Path, server: ImapScript) -> None:
    intake = Intake(tmp_path, server)
    intake.look()
    server.add(b"")
    server.add(mail_of("two"))
    intake.look()

    assert (intake.subjects(), server.uids()) == (["two"], [1])
    assert "it is empty" in intake.alarms()["mailbox support left"]


def test_a_mail_that_is_too_large_is_left_and_alarmed(tmp_path: Path, server: ImapScript) -> None:
    intake = Intake(tmp_path, server)
    intake.look()
    server.add(b"x" * 27_000_000)
    server.add(mail_of("two"))
    intake.look()

    assert (intake.subjects(), server.uids(), server.flags(1)) == (["two"], [1], set())
    assert "FETCH 1" not in server.done
    assert "27000000 bytes" in intake.alarms()["mailbox support left"]

    server.boxes["INBOX"].mails.clear()
    intake.look()
    assert intake.alarms() == {}


def test_numbered_anew_with_the_same_uids_for_other_mails(tmp_path: Path, server: ImapScript) -> None:
    intake = Intake(tmp_path, server, after="seen")
    intake.look()
    for name in ("one", "two"):
        server.add(mail_of(name))
    intake.look()
    old = server.boxes["INBOX"]
    server.boxes["INBOX"] = Box(uidvalidity=77)
    for raw in (mail_of("three"), old.mails[2].raw, old.mails[1].raw, mail_of("four")):
        server.add(raw)
    intake.look()
    intake.look(intake.poller())

    assert intake.subjects() == ["one", "two", "three", "four"]
    assert all(server.flags(uid) == {r"\Seen"} for uid in (1, 2, 3, 4))


def test_one_uid_for_two_mails_loses_neither(tmp_path: Path, server: ImapScript) -> None:
    intake = Intake(tmp_path, server)
    intake.look()
    server.add(mail_of("one"))
    intake.look()
    server.boxes["INBOX"].uidnext = 1
    server.add(mail_of("two"))
    intake.look(intake.poller())

    assert intake.subjects() == ["one", "two"]


def test_what_people_read_is_fetched_and_what_they_move_is_theirs(tmp_path: Path, server: ImapScript) -> None:
    intake = Intake(tmp_path, server)
    intake.look()
    for name in ("read", "moved", "new"):
        server.add(mail_of(name))
    server.boxes["INBOX"].mails[1].flags.add(r"\Seen")

    def somebody_moves(command: str) -> None:
        if command.startswith("UID FETCH 2 (BODY"):
            server.boxes["INBOX"].mails.pop(2, None)

    server.script = somebody_moves
    intake.look()

    assert intake.subjects() == ["read", "new"]
    assert intake.alarms() == {}


def test_what_cannot_be_stored_stays_where_it_is(tmp_path: Path, server: ImapScript) -> None:
    intake = Intake(tmp_path, server, after="seen")
    intake.look()
    for name in ("one", "two", "three"):
        server.add(mail_of(name))
    down = StorageUnavailable("the database is down")
    intake.ledger.refuse = lambda each: down
    with pytest.raises(StorageUnavailable):
        intake.look()
    assert all(not server.flags(uid) for uid in (1, 2, 3))

    intake.ledger.refuse = lambda each: (
        ValueError("odd") if each.position and each.position.uid == 2 else None
    )
    intake.look()

    assert intake.subjects() == ["one", "three"]
    assert [server.flags(uid) for uid in (1, 2, 3)] == [{r"\Seen"}, set(), {r"\Seen"}]
    assert "UID 2 could not be stored" in intake.alarms()["mailbox support left"]


def test_a_folder_that_takes_nothing_more_is_alarmed_and_mail_still_comes_in(
    tmp_path: Path, server: ImapScript
) -> None:
    intake = Intake(tmp_path, server)
    intake.look()
    server.add(mail_of("one"))
    server.script = lambda command: "NO [OVERQUOTA] full" if command.startswith("UID MOVE") else None
    intake.look()
    server.add(mail_of("two"))
    intake.look()

    assert (intake.subjects(), server.uids()) == (["one", "two"], [1, 2])
    assert "[OVERQUOTA]" in intake.alarms()["mailbox support left"]

    server.script = lambda command: None
    intake.look()
    assert (intake.subjects(), server.uids(), intake.alarms()) == (["one", "two"], [], {})


def test_a_folder_that_takes_nothing_for_now_is_asked_again_in_the_same_session(
    tmp_path: Path, server: ImapScript
) -> None:
    """Its quota is reached for a moment: what is stored is moved later, and what comes next is not held up."""
    intake = Intake(tmp_path, server)
    intake.look()
    for number in range(40):
        server.add(mail_of(f"mail{number}"))
    server.script = lambda command: "NO [LIMIT] not now" if command.startswith("UID MOVE") else None
    with open_mailbox(intake.settings, None) as session:
        intake.sync.look(session, is_new=True)
        assert (len(intake.subjects()), len(server.uids())) == (40, 40)
        assert "[LIMIT]" in intake.alarms()["mailbox support left"]
        intake.sync.look(session, is_new=False)
        assert "[LIMIT]" in intake.alarms()["mailbox support left"]

        server.script = lambda command: None
        intake.sync.look(session, is_new=False)

    assert (len(intake.subjects()), server.uids(), intake.alarms()) == (40, [], {})
    assert sum(line.startswith("FETCH") for line in server.done) == 40


def test_a_folder_that_somebody_removes_is_made_again(tmp_path: Path, server: ImapScript) -> None:
    intake = Intake(tmp_path, server)
    intake.look()
    del server.boxes["Processed"]
    server.add(mail_of("one"))
    server.script = lambda command: (
        "NO [TRYCREATE] no such folder"
        if command.startswith("UID MOVE") and "Processed" not in server.boxes
        else None
    )
    with open_mailbox(intake.settings, None) as session:
        intake.sync.look(session, is_new=True)
        assert "[TRYCREATE]" in intake.alarms()["mailbox support left"]
        intake.sync.look(session, is_new=False)

    assert (server.uids(), server.uids("Processed"), intake.alarms()) == ([], [1], {})


def test_a_connection_lost_at_each_move_does_not_hold_up_what_comes_after(
    tmp_path: Path, server: ImapScript
) -> None:
    intake = Intake(tmp_path, server)
    intake.look()
    for number in range(40):
        server.add(mail_of(f"mail{number}"))
    server.script = lambda command: DROP if command.startswith("UID MOVE") else None
    for _ in range(3):
        with pytest.raises(MailboxUnavailable):
            intake.look()
    assert len(intake.subjects()) == 40

    before = intake.sync.last_sign
    with pytest.raises(MailboxUnavailable):
        intake.look()
    assert intake.sync.last_sign == before

    server.script = lambda command: None
    intake.look()
    assert (len(intake.subjects()), server.uids()) == (40, [])


def test_a_mail_whose_size_is_not_told_does_not_hold_up_the_others(
    tmp_path: Path, server: ImapScript
) -> None:
    intake = Intake(tmp_path, server)
    intake.look()
    for name in ("one", "two", "three"):
        server.add(mail_of(name))
    odd = ("UID FETCH 2 (RFC822", "UID FETCH 1:3 (RFC822", "UID FETCH 1,2,3 (RFC822")
    server.script = lambda command: "NO [SERVERBUG] odd" if command.startswith(odd) else None
    intake.look()

    assert (intake.subjects(), server.uids()) == (["one", "three"], [2])
    assert "sizes cannot be read" in intake.alarms()["mailbox support left"]


def test_a_mail_that_was_left_is_tried_again_after_a_while(
    tmp_path: Path, server: ImapScript, monkeypatch: pytest.MonkeyPatch
) -> None:
    intake = Intake(tmp_path, server)
    intake.look()
    server.add(mail_of("one"))
    server.script = lambda command: "NO odd" if command.startswith("UID FETCH 1 (BODY") else None
    intake.look()
    server.script = lambda command: None
    intake.look()
    assert intake.subjects() == []

    later = time.monotonic() + 901
    monkeypatch.setattr("gateway.endpoints.imap_sync.time.monotonic", lambda: later)
    intake.look()

    assert (intake.subjects(), intake.alarms()) == (["one"], {})


def test_a_mailbox_from_a_backup_gives_its_numbers_again(tmp_path: Path, server: ImapScript) -> None:
    intake = Intake(tmp_path, server, after="seen")
    server.add(mail_of("old"))
    intake.look()
    server.clock = intake.gateway.clock.now() + timedelta(hours=1)
    for name in ("one", "two", "three"):
        server.add(mail_of(name))
    intake.look()
    box = server.boxes["INBOX"]
    for uid in (2, 3, 4):
        del box.mails[uid]
    box.uidnext = 2
    intake.look()
    for name in ("four", "five", "six", "seven"):
        server.add(mail_of(name))
    intake.look(intake.poller())

    assert intake.subjects() == ["one", "two", "three", "four", "five", "six", "seven"]
    assert server.flags(1) == set()


# --- the first sync --------------------------------------------------------------------------


def test_ask_shows_what_is_there_and_waits(tmp_path: Path, server: ImapScript) -> None:
    intake = Intake(tmp_path, server, first_sync="ask")
    for name in ("old", "older"):
        server.add(mail_of(name))

    assert intake.look() is False
    server.add(mail_of("new"))
    assert intake.look() is False
    assert (intake.subjects(), server.done) == ([], [])

    state = intake.gateway.mailboxes.open("support", place_of(intake.settings))
    assert state.history_mails == 2
    intake.gateway.mailboxes.decide(state.id, "all")
    assert intake.look() is True

    historic = {
        subject: entry.envelope.historic
        for subject, entry in zip(intake.subjects(), intake.gateway.ledger.entries(limit=10), strict=True)
    }
    assert historic == {"old": True, "older": True, "new": False}
    assert server.uids() == []


def test_new_only_leaves_old_mail_alone_even_when_it_is_numbered_anew(
    tmp_path: Path, server: ImapScript
) -> None:
    intake = Intake(tmp_path, server)
    server.add(mail_of("old"))
    intake.look()
    server.clock = intake.gateway.clock.now() + timedelta(hours=1)
    server.add(mail_of("new"))
    intake.look()
    assert (intake.subjects(), server.uids()) == (["new"], [1])

    old = server.boxes["INBOX"].mails[1]
    server.boxes["INBOX"] = Box(uidvalidity=5)
    server.boxes["INBOX"].add(old.raw, old.received_at)
    server.add(mail_of("newer"))
    intake.look()

    assert intake.subjects() == ["new", "newer"]
    assert server.uids() == [1]


def test_an_empty_mailbox_asks_nobody(tmp_path: Path, server: ImapScript) -> None:
    intake = Intake(tmp_path, server, first_sync="ask")

    assert intake.look() is True
    server.add(mail_of("one"))
    assert intake.look() is True
    assert intake.subjects() == ["one"]


@pytest.mark.parametrize("first_sync", ["ask", "all", "new-only"])
def test_a_server_that_does_not_say_uidnext_has_old_mail_all_the_same(
    tmp_path: Path, server: ImapScript, first_sync: str
) -> None:
    server.says_uidnext = False
    intake = Intake(tmp_path, server, first_sync=first_sync)
    for name in ("old", "older"):
        server.add(mail_of(name))
    if not intake.look():
        state = intake.gateway.mailboxes.open("support", place_of(intake.settings))
        intake.gateway.mailboxes.decide(state.id, "all")
    server.add(mail_of("new"))
    intake.look()

    historic = {
        subject: entry.envelope.historic
        for subject, entry in zip(intake.subjects(), intake.gateway.ledger.entries(limit=10), strict=True)
    }
    old = {} if first_sync == "new-only" else {"old": True, "older": True}
    assert historic == old | {"new": False}


def test_whoever_changes_the_setting_has_decided(tmp_path: Path, server: ImapScript) -> None:
    intake = Intake(tmp_path, server, first_sync="ask")
    server.add(mail_of("old"))
    assert intake.look() is False
    intake.settings = replace(intake.settings, first_sync="new-only")
    server.add(mail_of("new"))
    assert intake.look(intake.poller()) is True

    assert intake.subjects() == ["new"]


# --- logins and folders ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("login", "error"),
    [
        ("NO [AUTHENTICATIONFAILED] wrong", MailboxRefused),
        ("NO no", MailboxRefused),
        ("NO [UNAVAILABLE] the directory is down", MailboxUnavailable),
        ("NO [LIMIT] too many connections", MailboxUnavailable),
    ],
)
@pytest.mark.parametrize("capabilities", [EVERYTHING, "IMAP4rev1"])
def test_a_refused_login_is_told_from_one_that_had_no_answer(
    tmp_path: Path, capabilities: str, login: str, error: type[GatewayError]
) -> None:
    with ImapScript(capabilities) as server:
        intake = Intake(tmp_path, server)
        server.login = login
        with pytest.raises(error):
            intake.look()


def test_a_server_that_greets_with_goodbye_is_tried_again(tmp_path: Path, server: ImapScript) -> None:
    intake = Intake(tmp_path, server)
    server.greeting = "* BYE Too many connections, try again later"
    with pytest.raises(MailboxUnavailable, match="Too many connections"):
        intake.look()


def test_a_password_that_login_cannot_carry_is_refused_without_a_letter_of_it(tmp_path: Path) -> None:
    with ImapScript("IMAP4rev1") as server:
        intake = Intake(tmp_path, server)
        (tmp_path / "password").write_text("pässword\n")
        with pytest.raises(MailboxRefused, match="beyond ASCII") as refused:
            intake.look()
        assert "ä" not in str(refused.value)
        assert "xe4" not in str(refused.value)


def test_a_kept_token_that_is_refused_is_fetched_anew_once(tmp_path: Path, server: ImapScript) -> None:
    issued: list[str] = []

    def issue() -> Issued:
        issued.append("token")
        return Issued(f"token{len(issued)}", 3600.0)

    settings = replace(Intake(tmp_path, server).settings, oauth2=replace(OAUTH2, mechanism="xoauth2"))
    tokens = TokenKeeper(issue)
    tokens.current()
    server.login = "NO [AUTHENTICATIONFAILED] revoked"
    with pytest.raises(MailboxUnavailable, match="the next is new"):
        open_mailbox(settings, tokens)
    with pytest.raises(MailboxRefused):
        open_mailbox(settings, tokens)
    assert len(issued) == 2


def test_a_user_with_a_space_logs_in(tmp_path: Path) -> None:
    with ImapScript("IMAP4rev1") as server:
        said: list[str] = []
        server.script = lambda command: said.append(command) if command.startswith("LOGIN") else None
        Intake(tmp_path, server, user='ACME\\the "desk"').look()
        assert said == ['LOGIN "ACME\\\\the \\"desk\\"" "secret"']


@pytest.mark.parametrize("command", ["AUTHENTICATE", "LOGIN"])
def test_a_connection_lost_at_the_login_is_no_refusal(tmp_path: Path, command: str) -> None:
    with ImapScript(EVERYTHING if command == "AUTHENTICATE" else "IMAP4rev1") as server:
        intake = Intake(tmp_path, server)
        server.script = lambda said: b"* BYE\r\n" if said.startswith(command) else None
        with pytest.raises(MailboxUnavailable):
            intake.look()


def test_a_folder_that_is_not_there_is_a_refusal(tmp_path: Path, server: ImapScript) -> None:
    intake = Intake(tmp_path, server)
    server.boxes["Elsewhere"] = server.boxes.pop("INBOX")
    with pytest.raises(MailboxRefused, match="no such folder"):
        intake.look()


def test_a_password_that_is_not_there_is_a_refusal(tmp_path: Path, server: ImapScript) -> None:
    intake = Intake(tmp_path, server, password_file=str(tmp_path / "none"))
    with pytest.raises(MailboxRefused, match="cannot be read"):
        intake.look()


# --- silence ---


def test_a_mailbox_that_is_not_read_is_alarmed_until_it_is(tmp_path: Path, server: ImapScript) -> None:
    intake = Intake(tmp_path, server)
    ended = threading.Event()
    watch = MailboxWatch(intake.settings, intake.fetching, ended)
    watch.alarm_silence()
    assert intake.alarms() == {}
    watch.last_look -= 301
    watch._sync.last_sign -= 301
    watch.trouble = "no route to host"
    watch.alarm_silence()
    assert intake.alarms() == {"mailbox support silent": "not read lately: no route to host"}

    server.script = lambda command: DROP if command == "IDLE" else None
    watch.thread.start()
    intake.running.wait_for(lambda: not intake.alarms(), "the alarm to end")
    ended.set()
    watch.thread.join(10)
    assert not watch.thread.is_alive()


def test_a_bug_in_a_look_does_not_end_the_watch(
    tmp_path: Path, server: ImapScript, monkeypatch: pytest.MonkeyPatch
) -> None:
    intake = Intake(tmp_path, server)
    look, looks = MailboxSync.look, []

    def faulty(sync: MailboxSync, session: MailboxSession, *, is_new: bool) -> bool:
        looks.append(is_new)
        if len(looks) == 1:
            raise ZeroDivisionError
        return look(sync, session, is_new=is_new)

    monkeypatch.setattr(MailboxSync, "look", faulty)
    ended = threading.Event()
    watch = MailboxWatch(intake.settings, intake.fetching, ended)
    watch.thread.start()
    intake.running.wait_for(lambda: len(looks) > 1, "a second look")
    ended.set()
    watch.thread.join(10)
    assert not watch.thread.is_alive()


# --- waiting ---------------------------------------------------------------------------------


def waited(intake: Intake, seconds: float) -> float:
    with open_mailbox(intake.settings, None) as session:
        session.select("INBOX")
        begun = time.monotonic()
        session.wait(seconds, threading.Event())
        return time.monotonic() - begun


def test_an_announcement_in_one_packet_with_the_answer_is_heard(tmp_path: Path, server: ImapScript) -> None:
    server.idle_greeting = b"* 1 EXISTS\r\n"

    assert waited(Intake(tmp_path, server), 30) < 5


def test_an_announcement_before_the_server_idles_is_heard(tmp_path: Path, server: ImapScript) -> None:
    """RFC 9051 section 7: whatever is untagged may come at any time."""
    server.before_idle = b"* 1 EXISTS\r\n* 1 RECENT\r\n"

    assert waited(Intake(tmp_path, server), 30) < 5


@pytest.mark.parametrize("answer", ["NO not today", "BAD no such command"])
def test_a_server_that_will_not_idle_is_polled(tmp_path: Path, server: ImapScript, answer: str) -> None:
    intake = Intake(tmp_path, server)
    asked: list[str] = []

    def declines(command: str) -> str | None:
        asked.append(command)
        return answer if command == "IDLE" else None

    server.script = declines
    with open_mailbox(intake.settings, None) as session:
        for _ in range(2):
            intake.sync.look(session, is_new=True)
            begun = time.monotonic()
            session.wait(0.3, threading.Event())
            assert 0.3 <= time.monotonic() - begun < 5
    assert asked.count("IDLE") == 1


def test_a_goodbye_that_cannot_be_parsed_is_one(tmp_path: Path, server: ImapScript) -> None:
    intake = Intake(tmp_path, server)
    server.idle_greeting = b'* BYE Going down (see "status page)\r\n'
    with open_mailbox(intake.settings, None) as session:
        session.select("INBOX")
        with pytest.raises(MailboxUnavailable):
            session.wait(30, threading.Event())


def test_a_server_that_ends_each_session_at_once_is_tried_ever_more_rarely(
    tmp_path: Path, server: ImapScript
) -> None:
    intake = Intake(tmp_path, server)
    logins: list[float] = []

    def ends(command: str) -> bytes | None:
        if command.startswith("AUTHENTICATE"):
            logins.append(time.monotonic())
        return DROP if command == "IDLE" else None

    server.script = ends
    ended = threading.Event()
    watch = MailboxWatch(intake.settings, intake.fetching, ended)
    watch.thread.start()
    intake.running.wait_for(lambda: len(logins) == 4, "the fourth login")
    ended.set()
    watch.thread.join(10)

    # Up to a quarter less than two and four seconds, and never the first pause again.
    assert logins[2] - logins[1] >= 1.5
    assert logins[3] - logins[2] >= 3.0


def test_a_server_that_announces_nothing_is_looked_at_all_the_same(
    tmp_path: Path, server: ImapScript
) -> None:
    assert 1 <= waited(Intake(tmp_path, server), 1) < 5


def test_a_connection_that_ends_while_it_idles_is_noticed(tmp_path: Path, server: ImapScript) -> None:
    intake = Intake(tmp_path, server)
    server.script = lambda command: b"+ idling\r\n" if command == "IDLE" else None
    with open_mailbox(intake.settings, None) as session:
        session.select("INBOX")
        with pytest.raises(MailboxUnavailable):
            session.wait(30, threading.Event())


def test_a_session_says_goodbye_to_nobody(tmp_path: Path, server: ImapScript) -> None:
    intake = Intake(tmp_path, server)
    session: MailboxSession = open_mailbox(intake.settings, None)
    server.script = lambda command: DROP
    session.close()
    session.hang_up()
    session.hang_up()
