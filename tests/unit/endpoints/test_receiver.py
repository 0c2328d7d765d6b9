"""Sessions over real sockets: every default of the library that was mended, seen from outside."""

from __future__ import annotations

import asyncio
import smtplib
import threading
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme

from gateway.domain.envelope import Envelope
from gateway.endpoints import replies
from gateway.endpoints.receiver import Receiver, ReceiverOptions
from gateway.errors import (
    ForgedToken,
    MailLoop,
    MessageTooBig,
    ShuttingDown,
    StorageDamaged,
    StorageFull,
    StorageUnavailable,
    UnknownRecipient,
)


class Clock:
    def now(self) -> datetime:
        return datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


class FakeReception:
    """Takes mail to @example.test."""

    def __init__(self) -> None:
        self.mails: list[tuple[Envelope, bytes]] = []
        self.error: Exception | None = None

    def check_recipient(self, address: str) -> None:
        if not address.endswith("@example.test"):
            raise UnknownRecipient("no")

    async def store(self, envelope: Envelope, content: Iterable[bytes], size: int) -> int:
        if self.error is not None:
            raise self.error
        raw = b"".join(content)
        assert len(raw) == size
        self.mails.append((envelope, raw))
        return len(self.mails)


class House:
    """A receiver in a thread."""

    def __init__(self, folder: Path, **changed: object) -> None:
        self.reception = FakeReception()
        values: dict[str, object] = {
            "smtp": "127.0.0.1:0",
            "smtp_tls": "",
            "lmtp": f"unix:{folder}/lmtp.sock",
            "pipe": "",
            "hostname": "mx.example.test",
            "certificate": "",
            "key": "",
            "max_message_bytes": 100_000,
            "max_connections": 10,
            "max_connections_per_peer": 5,
            "spool": folder / "spool",
        }
        self._options = ReceiverOptions(**(values | changed))  # type: ignore[arg-type]
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.receiver = Receiver(self._options, self.reception, Clock())
        self.where = self.run(self.receiver.start())
        self.port = int(self.where["smtp"].rpartition(":")[2])

    def run(self, coroutine: object) -> dict[str, str]:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(20)  # type: ignore[arg-type]

    def close(self) -> None:
        self.run(self.receiver.stop(grace_s=0.1))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def talk(self, *lines: bytes, lmtp: bool = False) -> list[bytes]:
        """All that is answered to these bytes, sent at once."""
        import socket

        if lmtp:
            peer = socket.socket(socket.AF_UNIX)
            peer.connect(self._options.lmtp.removeprefix("unix:"))
        else:
            peer = socket.create_connection(("127.0.0.1", self.port))
        with peer:
            peer.settimeout(20)
            peer.sendall(b"".join(lines))
            peer.shutdown(socket.SHUT_WR)
            heard = b""
            while block := peer.recv(65536):
                heard += block
        return heard.split(b"\r\n")[:-1]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.close()


BEGIN = (b"EHLO c.test\r\n", b"MAIL FROM:<a@b.test>\r\n", b"RCPT TO:<support@example.test>\r\n")
MAIL = b"Subject: x\r\n\r\nhello\r\n.\r\n"


def codes(lines: list[bytes]) -> list[bytes]:
    return [line[:3] for line in lines if line[3:4] == b" "]


def test_pipelined_commands_are_answered_in_order(house: House) -> None:
    said = house.talk(*BEGIN, b"DATA\r\n", MAIL, b"QUIT\r\n")

    assert codes(said) == [b"220", b"250", b"250", b"250", b"354", b"250", b"221"]
    envelope, raw = house.reception.mails[0]
    assert raw == b"Subject: x\r\n\r\nhello\r\n"
    assert (envelope.reverse_path, envelope.recipients) == ("a@b.test", ("support@example.test",))
    for offer in (b"SIZE 100000", b"PIPELINING", b"ENHANCEDSTATUSCODES", b"8BITMIME", b"SMTPUTF8"):
        assert any(line[4:] == offer for line in said)


def test_every_reply_has_an_enhanced_code(house: House) -> None:
    said = house.talk(
        b"EHLO c.test\r\n", b"NOOP\r\n", b"WHAT\r\n", b"EXPN x\r\n", b"MAIL x\r\n", b"RSET\r\n", b"DATA\r\n"
    )
    for line in [each for each in said if each[3:4] == b" "][2:]:
        assert line[4:5] == line[:1], line
        assert line[5:6] == b".", line


def test_unknown_recipients_are_refused_and_guessing_ends(house: House) -> None:
    said = house.talk(b"EHLO c.test\r\n", b"MAIL FROM:<>\r\n", b"RCPT TO:<x@else.test>\r\n" * 12)

    assert said.count(b"550 5.1.1 No such address here") == 10
    assert codes(said)[-1] == b"421"


@pytest.mark.parametrize(
    "path",
    [
        b"<a..b@example.test>",
        b"<@relay.test:a@example.test>",
        b"<a@example.test",
        b"<a@b@example.test>",
        b"<a b@example.test>",
        b"<>",
    ],
)
def test_malformed_recipients_are_refused(house: House, path: bytes) -> None:
    said = house.talk(b"EHLO c.test\r\n", b"MAIL FROM:<>\r\n", b"RCPT TO:" + path + b"\r\n")
    assert codes(said)[-1] in {b"553", b"501"}


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (StorageUnavailable("pg://secret"), b"451"),
        (StorageFull("disk"), b"452"),
        (RuntimeError("password=hunter2"), b"451"),
    ],
)
def test_our_trouble_is_temporary_and_tells_nothing(house: House, error: Exception, code: bytes) -> None:
    house.reception.error = error
    said = house.talk(*BEGIN, b"DATA\r\n", MAIL)

    assert codes(said)[-1] == code
    assert not any(b"secret" in line or b"hunter2" in line for line in said)


def test_the_rest_of_a_mail_that_cannot_be_kept_is_no_command(tmp_path: Path) -> None:
    """The spool is gone in the middle of the data: one answer, after the final dot, and nothing is obeyed."""
    house = House(tmp_path, max_message_bytes=5_000_000)
    try:
        (tmp_path / "spool").rmdir()
        said = house.talk(
            *BEGIN, b"DATA\r\n", b"MAIL FROM:<x@evil.test>\r\nRSET\r\n" * 100_000, MAIL, b"NOOP\r\n"
        )
    finally:
        house.close()

    assert codes(said) == [b"220", b"250", b"250", b"250", b"354", b"451", b"250"]


def test_too_big_is_refused_at_mail_and_after_the_data(house: House) -> None:
    said = house.talk(b"EHLO c.test\r\n", b"MAIL FROM:<a@b.test> SIZE=100001\r\n")
    assert said[-1].startswith(b"552 5.3.4")
    said = house.talk(*BEGIN, b"DATA\r\n", b"x" * 100_001 + b"\r\n.\r\n", b"NOOP\r\n")
    assert said[-2].startswith(b"552 5.3.4")
    assert said[-1].startswith(b"250")


def test_a_very_long_line_is_taken(house: House) -> None:
    said = house.talk(*BEGIN, b"DATA\r\n", b"y" * 50_000 + b"\r\n.\r\n")
    assert said[-1].startswith(b"250 2.0.0 1 stored")


def test_a_loop_is_refused(house: House) -> None:
    said = house.talk(*BEGIN, b"DATA\r\n", b"Received: by x\r\n" * 51 + MAIL)
    assert said[-1].startswith(b"554 5.4.6")


def test_the_hundred_and_first_recipient_is_sent_separately(house: House) -> None:
    said = house.talk(
        b"EHLO c.test\r\n", b"MAIL FROM:<a@b.test>\r\n", b"RCPT TO:<support@example.test>\r\n" * 101
    )
    assert codes(said)[-1] == b"452"
    assert said[-1].startswith(b"452 4.5.3")


@pytest.mark.parametrize("error", [None, StorageUnavailable("x"), RuntimeError("x")])
def test_lmtp_answers_once_for_each_recipient(house: House, error: Exception | None) -> None:
    house.reception.error = error
    said = house.talk(
        b"LHLO c.test\r\n",
        b"MAIL FROM:<a@b.test>\r\n",
        b"RCPT TO:<support@example.test>\r\n",
        b"RCPT TO:<nobody@else.test>\r\n",
        b"RCPT TO:<sales@example.test>\r\n",
        b"DATA\r\n",
        MAIL,
        b"QUIT\r\n",
        lmtp=True,
    )
    final = b"250" if error is None else b"451"
    assert codes(said)[-5:] == [b"250", b"354", final, final, b"221"]


def test_lmtp_answers_too_big_once_for_each_recipient(house: House) -> None:
    two = b"RCPT TO:<support@example.test>\r\nRCPT TO:<sales@example.test>\r\n"
    said = house.talk(
        b"LHLO c\r\nMAIL FROM:<>\r\n", two, b"DATA\r\n", b"x" * 100_001 + b"\r\n.\r\n", lmtp=True
    )
    assert codes(said)[-2:] == [b"552", b"552"]


def test_lmtp_and_smtp_are_told_apart(house: House) -> None:
    assert codes(house.talk(b"EHLO c.test\r\n", lmtp=True))[-1] == b"500"
    assert codes(house.talk(b"LHLO c.test\r\n"))[-1] == b"500"
    assert codes(house.talk(b"LHLO c\r\n", b"DATA\r\n", lmtp=True))[-1] == b"503"


def test_connections_have_a_cap(house: House) -> None:
    import socket

    held = [socket.create_connection(("127.0.0.1", house.port)) for _ in range(5)]
    for each in held:
        assert each.recv(3) == b"220"
    assert house.talk()[0].startswith(b"421 4.3.2")
    for each in held:
        each.close()


def test_errors_without_end_end_the_session(house: House) -> None:
    said = house.talk(b"WHAT\r\n" * 30)
    assert len(said) == 21
    assert codes(said)[-1] == b"421"


def test_starttls_forgets_what_was_sent_in_the_clear(tmp_path: Path) -> None:
    import socket
    import ssl

    authority = trustme.CA()
    certificate = authority.issue_cert("mx.example.test")
    (tmp_path / "cert.pem").write_bytes(b"".join(pem.bytes() for pem in certificate.cert_chain_pems))
    (tmp_path / "key.pem").write_bytes(certificate.private_key_pem.bytes())
    house = House(tmp_path, certificate=f"{tmp_path}/cert.pem", key=f"{tmp_path}/key.pem")
    context = ssl.create_default_context()
    authority.configure_trust(context)
    with socket.create_connection(("127.0.0.1", house.port)) as plain:
        plain.settimeout(20)
        plain.sendall(b"EHLO c.test\r\n")
        heard = b""
        while b"250 STARTTLS\r\n" not in heard:
            heard += plain.recv(4096)
        plain.sendall(b"STARTTLS\r\nMAIL FROM:<injected@evil.test>\r\n")
        assert plain.recv(4096).startswith(b"220 2.0.0")
        with context.wrap_socket(plain, server_hostname="mx.example.test") as secure:
            secure.sendall(b"MAIL FROM:<a@b.test>\r\n")
            assert secure.recv(4096).startswith(b"503"), "greeting and sender are forgotten"
            for line in (*BEGIN, b"DATA\r\n"):
                secure.sendall(line)
                secure.recv(4096)
            secure.sendall(MAIL)
            assert secure.recv(4096).startswith(b"250 2.0.0")
    assert [envelope.tls for envelope, _ in house.reception.mails] == [True]
    house.close()


def test_a_certificate_is_read_again_and_a_wrong_one_is_not_taken(tmp_path: Path) -> None:
    """Certificate and key in one file; it is renewed, written over by half, and mended."""
    import ssl

    authority = trustme.CA()
    pem = tmp_path / "both.pem"

    def renew() -> bytes:
        made = authority.issue_cert("mx.example.test")
        pem.write_bytes(made.private_key_and_cert_chain_pem.bytes())
        return ssl.PEM_cert_to_DER_cert(made.cert_chain_pems[0].bytes().decode())

    def shown() -> bytes | None:
        with smtplib.SMTP("127.0.0.1", house.port, timeout=20) as smtp:
            smtp.starttls(context=context)
            assert isinstance(smtp.sock, ssl.SSLSocket)
            return smtp.sock.getpeercert(binary_form=True)

    first = renew()
    house = House(tmp_path, certificate=str(pem))
    context = ssl.create_default_context()
    authority.configure_trust(context)
    context.check_hostname = False
    assert shown() == first

    second = renew()
    house.receiver.reload_tls()
    assert shown() == second

    pem.write_bytes(pem.read_bytes()[:500])
    house.receiver.reload_tls()
    assert shown() == second
    house.close()


def test_the_table_of_replies_is_complete() -> None:
    reaching = (
        StorageUnavailable,
        StorageDamaged,
        StorageFull,
        ShuttingDown,
        UnknownRecipient,
        ForgedToken,
        MessageTooBig,
        MailLoop,
    )
    for error in reaching:
        assert (replies.REPLIES[error.code].code < 500) == error.retryable
    assert set(replies.REPLIES) == {error.code for error in reaching}
