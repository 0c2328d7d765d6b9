"""Mailboxes on a real Dovecot: logins, the first sync, people at the same mailbox, and what stops one."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.conftest import missing
from tests.running import RunningGateway, body_of, mail
from tests.servers.dovecot import PASSWORD, Dovecot
from tests.servers.tokens import TokenServer
from tests.services.process import Unavailable


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a short name, into which the mail's user may look."""
    with tempfile.TemporaryDirectory(prefix="gw-", dir="/var/tmp") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture(scope="module")
def server() -> Iterator[Dovecot]:
    with tempfile.TemporaryDirectory(prefix="gw-", dir="/var/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)
        authority = trustme.CA()
        certificate = authority.issue_cert("127.0.0.1")
        chain, key = folder / "chain.pem", folder / "key.pem"
        authority.cert_pem.write_to_path(folder / "ca.pem")
        certificate.private_key_pem.write_to_path(key)
        for blob in certificate.cert_chain_pems:
            blob.write_to_path(chain, append=True)
        try:
            with Dovecot(folder / "dovecot", certificate=str(chain), key=str(key)).running() as running:
                yield running
        except Unavailable as error:
            missing(str(error))


@pytest.fixture
def dovecot(server: Dovecot) -> Dovecot:
    """A Dovecot whose accounts are empty."""
    for account in (server.folder / "mail").iterdir():
        shutil.rmtree(account)
    return server


def mailbox(dovecot: Dovecot, user: str = "support", **changed: str) -> str:
    """A `[[imap]]` for an account of the server."""
    (dovecot.folder / "password").write_text(f"{PASSWORD}\n")
    values = {
        "name": f'"{user}"',
        "host": '"127.0.0.1"',
        "port": str(dovecot.port),
        "tls": '"none"',
        "user": f'"{user}"',
        "password_file": f'"{dovecot.folder}/password"',
        "recipient": '"support@example.test"',
        "first_sync": '"new-only"',
        "poll_s": "1",
    } | changed
    return "[[imap]]\n" + "".join(f"{key} = {value}\n" for key, value in values.items() if value)


def request(number: int, text: str = "Rien ne va plus.", **headers: str) -> bytes:
    author = f"chloe.{number}@acme.test"
    raw = mail(author, f"Panne {number}", text, message_id=f"{number}@acme.test", **headers)
    return b"Return-Path: <" + author.encode() + b">\r\n" + raw


def test_new_mail_becomes_a_ticket_and_is_moved_and_old_mail_stays(folder: Path, dovecot: Dovecot) -> None:
    dovecot.deliver("support", request(0))
    gateway = RunningGateway(folder / "gateway", extra=mailbox(dovecot))
    with gateway.running():
        gateway.wait_for(partial(looked_at, gateway), "a first look")
        dovecot.deliver("support", request(1))
        gateway.wait_for(lambda: dovecot.count("support", "Processed") == 1, "the mail to be moved")
        (row,) = gateway.settled()
        confirmation = gateway.wait_for(lambda: gateway.sent_to("chloe.1@acme.test"), "a confirmation")[0]
        reply = request(2, "Oui, merci.", Delivered_To=confirmation["Reply-To"])
        dovecot.deliver("support", reply.replace(b"chloe.2@", b"chloe.1@"))
        gateway.wait_for(lambda: len(gateway.settled()) == 2, "the reply")
        gateway.send(request(1))
        gateway.wait_for(lambda: len(gateway.settled()) == 3, "the first mail again, by SMTP")
        _, answer, again = gateway.settled()

    assert (row["channel"], row["outcome"], row["reverse_path"]) == ("imap", "ticket", "chloe.1@acme.test")
    assert row["recipients"] == ["support@example.test"]
    assert (answer["outcome"], answer["ticket"], answer["evidence"]) == ("comment", row["ticket"], "E2")
    assert (again["channel"], again["outcome"], again["ticket"]) == ("smtp", "duplicate", row["ticket"])
    assert dovecot.count("support") == 1


def test_access_tokens_log_in_by_both_mechanisms_and_over_tls(folder: Path, dovecot: Dovecot) -> None:
    (folder / "secret").write_text("s3cret\n")
    (folder / "token").write_text(dovecot.token("kept"))
    with TokenServer(dovecot.token("fetched")) as issuer:
        extra = (
            mailbox(
                dovecot,
                "fetched",
                password_file="",
                oauth2=f'{{token_url = "{issuer.url}", client_id = "gateway", client_secret_file = "{folder}/secret", '
                'mechanism = "oauthbearer"}',
            )
            + mailbox(
                dovecot,
                "kept",
                password_file="",
                oauth2=f'{{provider = "file", token_file = "{folder}/token"}}',
            )
            + mailbox(
                dovecot,
                "secured",
                tls='"implicit"',
                port=str(dovecot.tls_port),
                ca_file=f'"{dovecot.folder.parent}/ca.pem"',
            )
        )
        gateway = RunningGateway(folder / "gateway", extra=extra)
        with gateway.running():
            for number, user in enumerate(("fetched", "kept", "secured"), start=1):
                gateway.wait_for(partial(looked_at, gateway, user), f"a first look at {user}")
                dovecot.deliver(user, request(number))
            gateway.wait_for(lambda: len(gateway.settled()) == 3, "three mails")

    assert "user=<fetched>, method=OAUTHBEARER" in dovecot.log()
    assert "user=<kept>, method=XOAUTH2" in dovecot.log()
    assert "user=<secured>, method=PLAIN" in dovecot.log()
    assert issuer.asked == [
        {"grant_type": "client_credentials", "client_id": "gateway", "client_secret": "s3cret"}
    ]
    assert dovecot.token("fetched")[:40] not in gateway.log.read_text()


def test_ask_waits_for_a_word_and_old_mail_is_filed_in_silence(folder: Path, dovecot: Dovecot) -> None:
    for number in range(1, 6):
        dovecot.deliver("support", request(number))
    gateway = RunningGateway(folder / "gateway", extra=mailbox(dovecot, first_sync='"ask"'))
    with gateway.running():
        gateway.wait_for(lambda: listed(gateway)["history_mails"] == 5, "the mailbox to be looked at")
        assert listed(gateway)["state"] == "waiting for a decision"
        assert "5 mails were there before" in gateway.command("check", code=1) + checked(gateway)
        assert gateway.settled() == []

        gateway.command("mailboxes", "sync", "support", "--all")
        gateway.wait_for(lambda: len(gateway.settled()) == 5, "old mail to be filed")
        assert {row["outcome"] for row in gateway.settled()} == {"ticket"}
        assert gateway.notifications() == []
        dovecot.deliver("support", request(6))
        gateway.wait_for(lambda: len(gateway.settled()) == 6, "new mail")
        assert len(gateway.notifications(to="chloe.6@acme.test")) == 1
        gateway.wait_for(lambda: dovecot.count("support", "Processed") == 6, "all to be moved")
        assert "has been decided on" in gateway.command("mailboxes", "sync", "support", "--all", code=1)
    assert dovecot.count("support") == 0


def test_one_mailbox_that_is_refused_stops_alone_and_its_operator_is_told_once(
    folder: Path, dovecot: Dovecot
) -> None:
    (folder / "wrong").write_text("wrong\n")
    (folder / "token").write_text(dovecot.token("expired", expires_in_s=-600))
    by_token = f'{{provider = "file", token_file = "{folder}/token"}}'
    extra = (
        mailbox(dovecot, "locked", password_file=f'"{folder}/wrong"')
        + mailbox(dovecot, "support", name='"lost"', folder='"Nowhere"')
        + mailbox(dovecot, "expired", password_file="", oauth2=by_token)
        + mailbox(dovecot)
    )
    gateway = RunningGateway(folder / "gateway", extra=extra, gateway='operator = "root@ops.test"\n')
    with gateway.running():
        gateway.wait_for(lambda: listed(gateway, "locked")["state"] == "stopped", "the login to be refused")
        gateway.wait_for(lambda: listed(gateway, "lost")["state"] == "stopped", "the folder to be missed")
        gateway.wait_for(lambda: listed(gateway, "expired")["state"] == "stopped", "the token to be refused")
        gateway.wait_for(partial(looked_at, gateway), "the other one's first look")
        dovecot.deliver("support", request(1))
        gateway.wait_for(lambda: len(gateway.settled()) == 1, "the other one's mail")
        told = gateway.wait_for(
            lambda: len(told_of(gateway)) >= 3 and told_of(gateway), "the operator to be told"
        )
        alarms = checked(gateway)
        assert "mailbox locked stopped" in alarms
        assert "mailbox lost stopped" in alarms
        assert "wrong" not in gateway.log.read_text().replace("configuration.wrong", "")

        (folder / "wrong").write_text(PASSWORD)
        gateway.command("mailboxes", "start", "locked")
        gateway.wait_for(lambda: listed(gateway, "locked")["state"] == "running", "the mailbox to be read")
        assert "mailbox locked" not in checked(gateway)

    assert sorted(told) == ["mailbox expired stopped", "mailbox locked stopped", "mailbox lost stopped"]
    assert sorted(told_of(gateway)) == sorted(told)


def test_numbered_anew_by_dovecot_nothing_comes_twice(folder: Path, dovecot: Dovecot) -> None:
    gateway = RunningGateway(folder / "gateway", extra=mailbox(dovecot, after='"seen"'))
    with gateway.running():
        gateway.wait_for(partial(looked_at, gateway), "a first look")
        for number in range(1, 4):
            dovecot.deliver("support", request(number))
        gateway.wait_for(lambda: len(gateway.settled()) == 3, "three mails")
        dovecot.command("mailbox", "update", "--uid-validity", "4711", "-u", "support", "INBOX")
        dovecot.deliver("support", request(4))
        gateway.wait_for(lambda: len(gateway.settled()) == 4, "the fourth")
        gateway.wait_for(lambda: "mailbox.numbered-anew" in gateway.log.read_text(), "the new numbers")

    assert [row["from"] for row in gateway.settled()] == [
        f"chloe.{number}@acme.test" for number in range(1, 5)
    ]


def test_people_at_the_same_mailbox_read_and_move_as_they_like(folder: Path, dovecot: Dovecot) -> None:
    with dovecot.login("support") as person:
        person.create("Private")
    gateway = RunningGateway(folder / "gateway", extra=mailbox(dovecot))
    with gateway.running():
        gateway.wait_for(partial(looked_at, gateway), "a first look")
    dovecot.deliver("support", request(1))
    dovecot.deliver("support", request(2))
    with dovecot.login("support") as person:
        person.select("INBOX")
        person.store("1", "+FLAGS", r"\Seen")
        person.uid("MOVE", "2", "Private")
    with gateway.running():
        gateway.wait_for(lambda: dovecot.count("support", "Processed") == 1, "the read mail to be moved")
        gateway.settled()

    assert [row["from"] for row in gateway.settled()] == ["chloe.1@acme.test"]
    assert dovecot.count("support", "Private") == 1


def test_a_server_that_restarts_is_found_again(folder: Path, dovecot: Dovecot) -> None:
    gateway = RunningGateway(folder / "gateway", extra=mailbox(dovecot))
    with gateway.running():
        gateway.wait_for(partial(looked_at, gateway), "a first look")
        dovecot.stop()
        gateway.wait_for(lambda: "mailbox.lost" in gateway.log.read_text(), "the loss to be noticed")
        dovecot.start()
        dovecot.deliver("support", request(1))
        gateway.wait_for(lambda: len(gateway.settled()) == 1, "the mail")


def listed(gateway: RunningGateway, name: str = "support") -> dict[str, Any]:
    """A mailbox's line in `gateway mailboxes list --json`."""
    (row,) = [row for row in gateway.json_lines("mailboxes", "list") if row["name"] == name]
    return row


def checked(gateway: RunningGateway) -> str:
    """What is wrong now."""
    return "; ".join(f"{alarm.key}: {alarm.reason}" for alarm in gateway.gateway().alarms.current())


def told_of(gateway: RunningGateway) -> list[str]:
    """The alarms in the mails to the operator."""
    text = "".join(body_of(mail) for mail in gateway.sent_to("root@ops.test"))
    return [line[2:].partition(", since")[0] for line in text.splitlines() if line.startswith("- ")]


def looked_at(gateway: RunningGateway, name: str = "support") -> bool:
    """Whether a mailbox has been read to its end."""
    return bool(listed(gateway, name)["looked_at"])
