"""Mailboxes on a real Dovecot: logins, the first sync, people at the same mailbox, and what stops one."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from tests.conftest import missing
from tests.running import RunningGateway, mail
from tests.servers.dovecot import PASSWORD, Dovecot
from tests.services.process import Unavailable


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a short name, into which the mail's user may look."""
    with tempfile.TemporaryDirectory(prefix="gw-", dir="/var/tmp") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture
def dovecot(folder: Path) -> Iterator[Dovecot]:
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


def test_mail_in_a_mailbox_becomes_a_ticket_and_is_moved(folder: Path, dovecot: Dovecot) -> None:
    gateway = RunningGateway(folder / "gateway", extra=mailbox(dovecot))
    with gateway.running():
        gateway.wait_for(lambda: stored(gateway) is not None, "a first look")
        dovecot.deliver("support", request(1))
        gateway.wait_for(lambda: dovecot.count("support", "Processed") == 1, "the mail to be moved")
        (row,) = gateway.settled()
        confirmation = gateway.wait_for(lambda: gateway.sent_to("chloe.1@acme.test"), "a confirmation")[0]
        reply = request(2, "Oui, merci.", Delivered_To=confirmation["Reply-To"])
        dovecot.deliver("support", reply.replace(b"chloe.2@", b"chloe.1@"))
        gateway.wait_for(lambda: len(gateway.settled()) == 2, "the reply")
        answer = gateway.settled()[1]

    assert (row["channel"], row["outcome"], row["reverse_path"]) == ("imap", "ticket", "chloe.1@acme.test")
    assert row["recipients"] == ["support@example.test"]
    assert (answer["outcome"], answer["ticket"], answer["evidence"]) == ("comment", row["ticket"], "E2")
    assert dovecot.count("support") == 0


def stored(gateway: RunningGateway, name: str = "support") -> int | None:
    """How many mails have come from a mailbox; None before it was read to its end."""
    for row in gateway.json_lines("mailboxes", "list"):
        if row["name"] == name and row["looked_at"]:
            return int(row["stored"])
    return None
