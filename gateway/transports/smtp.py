"""The way out through a relay: one kept connection, and about one round trip a mail.

smtplib connects, encrypts and logs in. The mails themselves are pipelined where the relay offers it
(RFC 2920 section 3.1): MAIL, RCPT and DATA in one segment, and a mail's content with the next mail's
commands behind its final dot.
"""

from __future__ import annotations

import logging
import re
import smtplib
import socket
import ssl
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass

from gateway.domain.text import clean_line
from gateway.errors import RelayDeferred, RelayRefused
from gateway.ports import Delivery, OutgoingMail

log = logging.getLogger(__name__)

_TIMEOUT_S = 60.0
# Relays close what is idle for some minutes; asking first would cost a round trip a batch.
_IDLE_S = 20.0
# The relay wants a login or encryption first (RFC 4954 section 6): the settings are wrong, not the mail.
_NOT_THE_MAILS_FAULT = frozenset({530, 534, 535, 538})
_PATH = re.compile(r"[\x21-\x3b\x3d\x3f-\x7e]{1,320}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Relay:
    """Where mail is handed over.

    Attributes:
        tls: implicit, required (STARTTLS or nothing) or none.
        user, password: empty for no login.
        ca_file: certificate authorities beyond the machine's own.
    """

    host: str
    port: int
    tls: str
    user: str
    password: str
    ca_file: str


class SmtpTransport:
    """Hands mails to a relay in order; the connection stays open between calls."""

    def __init__(self, relay: Relay) -> None:
        self._relay = relay
        self._smtp: smtplib.SMTP | None = None
        self._used_at = 0.0

    def send(self, mails: Sequence[OutgoingMail]) -> Generator[Delivery]:
        """Yield what became of each mail as soon as it is known."""
        sendable = []
        for mail in mails:
            if _PATH.fullmatch(mail.recipient) and (
                not mail.reverse_path or _PATH.fullmatch(mail.reverse_path)
            ):
                sendable.append(mail)
            else:
                reply = "not an address that may go into a command"
                yield Delivery(mail.id, reply, RelayRefused(reply))
        if not sendable:
            return
        is_kept = self._smtp is not None
        answered = 0
        try:
            smtp = self._taken()
            try:
                for delivery in self._conversation(smtp, sendable):
                    answered += 1
                    yield delivery
            except BaseException:
                # Also when nobody asks for the rest: what was sent ahead is not answered yet.
                smtp.close()
                raise
            self._smtp, self._used_at = smtp, time.monotonic()
        except (OSError, smtplib.SMTPException, ssl.SSLError) as error:
            if is_kept and not answered:
                # A relay ends what is idle, and is there all the same.
                yield from self.send(sendable)
                return
            reply = _words_of(error)
            log.warning("relay.unreachable", extra={"error": type(error).__name__})
            for mail in sendable[answered:]:
                yield Delivery(mail.id, reply, RelayDeferred(reply))

    def probe(self) -> str:
        """Connect, encrypt and log in, as for a mail; what the relay calls itself.

        Raises:
            RelayDeferred: that cannot be done now.
        """
        try:
            self._smtp = smtp = self._taken()
        except (OSError, smtplib.SMTPException, ssl.SSLError) as error:
            raise RelayDeferred(_words_of(error)) from error
        name = clean_line((smtp.ehlo_resp or b"").decode("ascii", "replace").split("\n")[0], limit=100)
        self.close()
        return f"{self._relay.host}:{self._relay.port} is {name}"

    def close(self) -> None:
        """Say goodbye."""
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            try:
                smtp.quit()
            except (OSError, smtplib.SMTPException):
                smtp.close()

    # --- the connection ----------------------------------------------------------------------

    def _taken(self) -> smtplib.SMTP:
        """The connection, kept or new; it is kept again only by whoever has heard its last answer."""
        if time.monotonic() - self._used_at > _IDLE_S:
            self.close()
        smtp, self._smtp = self._smtp, None
        return smtp or self._connect()

    def _connect(self) -> smtplib.SMTP:
        relay = self._relay
        name = socket.getfqdn()
        if relay.tls == "implicit":
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(
                relay.host, relay.port, local_hostname=name, timeout=_TIMEOUT_S, context=self._context()
            )
        else:
            smtp = smtplib.SMTP(relay.host, relay.port, local_hostname=name, timeout=_TIMEOUT_S)
        try:
            if smtp.sock is not None:
                smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            smtp.ehlo_or_helo_if_needed()
            if relay.tls == "required":
                # Without a context smtplib takes any certificate.
                smtp.starttls(context=self._context())
                smtp.ehlo()
            if relay.user:
                smtp.login(relay.user, relay.password)
        except BaseException:
            smtp.close()
            raise
        return smtp

    def _context(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        if self._relay.ca_file:
            context.load_verify_locations(self._relay.ca_file)
        return context

    # --- the mails ---------------------------------------------------------------------------

    def _conversation(self, smtp: smtplib.SMTP, mails: Sequence[OutgoingMail]) -> Iterator[Delivery]:
        if not smtp.has_extn("pipelining"):
            for mail in mails:
                yield _one_by_one(smtp, mail)
            return
        waiting: OutgoingMail | None = None
        for following in (*mails, None):
            # What ends the mail before, and what begins this one, travel together.
            end = b"" if waiting is None else _stuffed(waiting.content)
            begin = b"" if following is None else _commands(following)
            if end or begin:
                smtp.send(end + begin)
            if waiting is not None:
                yield _delivery(waiting, *smtp.getreply())
            waiting = None
            if following is not None:
                refusal = _begun(smtp)
                if refusal is None:
                    waiting = following
                else:
                    yield _delivery(following, *refusal)


def _commands(mail: OutgoingMail) -> bytes:
    return f"MAIL FROM:<{mail.reverse_path}>\r\nRCPT TO:<{mail.recipient}>\r\nDATA\r\n".encode("ascii")


def _begun(smtp: smtplib.SMTP) -> tuple[int, bytes] | None:
    """Read the replies to MAIL, RCPT and DATA; None when the content may follow, else the refusal."""
    sender, recipient, data = smtp.getreply(), smtp.getreply(), smtp.getreply()
    for reply in (sender, recipient, data):
        if reply[0] == 421:
            raise smtplib.SMTPServerDisconnected(reply[1].decode("ascii", "replace"))
    refused = next((reply for reply in (sender, recipient) if reply[0] >= 400), None)
    if refused is None and data[0] != 354:
        refused = data
    if data[0] == 354 and refused is not None:
        # RFC 2920 section 3.1: a relay that takes data for nobody gets an empty mail.
        smtp.send(b".\r\n")
        smtp.getreply()
    elif refused is not None:
        smtp.docmd("RSET")
    return refused


def _one_by_one(smtp: smtplib.SMTP, mail: OutgoingMail) -> Delivery:
    for command, argument in (
        ("MAIL", f"FROM:<{mail.reverse_path}>"),
        ("RCPT", f"TO:<{mail.recipient}>"),
        ("DATA", ""),
    ):
        code, words = smtp.docmd(command, argument)
        if code == 421:
            raise smtplib.SMTPServerDisconnected(words.decode("ascii", "replace"))
        if code >= 400 or (command == "DATA" and code != 354):
            smtp.docmd("RSET")
            return _delivery(mail, code, words)
    smtp.send(_stuffed(mail.content))
    return _delivery(mail, *smtp.getreply())


def _stuffed(content: bytes) -> bytes:
    """The content with its transparency (RFC 5321 section 4.5.2) and the final dot."""
    stuffed = content.replace(b"\r\n.", b"\r\n..")
    if stuffed.startswith(b"."):
        stuffed = b"." + stuffed
    return stuffed + (b".\r\n" if stuffed.endswith(b"\r\n") else b"\r\n.\r\n")


def _delivery(mail: OutgoingMail, code: int, words: bytes) -> Delivery:
    reply = clean_line(f"{code} {words.decode('utf-8', 'replace')}", limit=300)
    if code < 300:
        return Delivery(mail.id, reply, None)
    if code == 421 or code < 0:
        raise smtplib.SMTPServerDisconnected(reply)
    refused = code >= 500 and code not in _NOT_THE_MAILS_FAULT
    return Delivery(mail.id, reply, RelayRefused(reply) if refused else RelayDeferred(reply))


def _words_of(error: Exception) -> str:
    return clean_line(f"{type(error).__name__}: {error}", limit=300)
