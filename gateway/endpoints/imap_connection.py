"""IMAPClient over connections that take no more than they are allowed to.

IMAPClient 4.1.0 on the standard library's imaplib, which reads a literal of any announced size into
memory, and takes a connection that ends within one for its end. Implicit TLS only: imaplib's
STARTTLS keeps what was said before it (CVE-2026-115559).
"""

from __future__ import annotations

import imaplib
import socket
import ssl
from io import BufferedReader
from typing import cast

from imapclient import IMAPClient, SocketTimeout
from imapclient.imap4 import IMAP4WithTimeout
from imapclient.tls import IMAP4_TLS

_CONNECT_TIMEOUT_S = 20.0
_READ_TIMEOUT_S = 60.0
# What the answer to an ordinary command may come to.
ANSWER_BYTES = 2 << 20


class _Bounded(imaplib.IMAP4):
    """Gives up the connection when a command's answer comes to more than was allowed for it."""

    allowed = ANSWER_BYTES

    def allow(self, count: int) -> None:
        """From here on, `count` bytes; what was said before is forgotten, for imaplib keeps all of it."""
        self.allowed = count
        self.untagged_responses.clear()

    def read(self, size: int) -> bytes:
        self._spend(size)
        content: bytes = super().read(size)
        if len(content) < size:
            raise self.abort("the connection ended in the middle of a literal")
        return content

    def readline(self) -> bytes:
        line: bytes = super().readline()
        self._spend(len(line))
        return line

    def has_unread(self) -> bool:
        """Whether more has come than has been read: an announcement in one packet with an answer."""
        self.sock.settimeout(0)
        try:
            return bool(cast("BufferedReader", self.file).peek(1))
        except OSError:
            # TLS says in this way that there is nothing.
            return False
        finally:
            self.sock.settimeout(_READ_TIMEOUT_S)

    def begin_idle(self) -> tuple[bytes, bool | None]:
        """The command's tag, and what `BoundedClient.begin_idle` says."""
        tag: bytes = self._command("IDLE")
        announced = False
        while self._get_response() is not None:
            if self.tagged_commands[tag]:
                del self.tagged_commands[tag]
                return tag, None
            announced = True
        return tag, announced

    def _spend(self, count: int) -> None:
        self.allowed -= count
        if self.allowed < 0:
            raise self.abort("the server says more than was asked for")


class _Plain(_Bounded, IMAP4WithTimeout):  # type: ignore[misc]  # IMAPClient has no types
    pass


class _Tls(_Bounded, IMAP4_TLS):  # type: ignore[misc]  # the same
    pass


class BoundedClient(IMAPClient):  # type: ignore[misc]  # the same
    """An IMAPClient; connects when it is made.

    Args:
        ca_file: PEM file of the authorities to trust; empty for the system's.

    Raises:
        OSError, IMAPClient.Error: there is no connection.
    """

    def __init__(self, host: str, port: int, *, tls: bool, ca_file: str = "") -> None:
        context = ssl.create_default_context(cafile=ca_file or None) if tls else None
        super().__init__(
            host,
            port,
            ssl=tls,
            ssl_context=context,
            timeout=SocketTimeout(_CONNECT_TIMEOUT_S, _READ_TIMEOUT_S),
        )
        self.normalise_times = False
        # IMAPClient sends the end of a line by itself: with Nagle's algorithm it would wait 40 ms.
        self.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # It has imaplib write down every line, for logs that nobody keeps.
        self._imap.debug = 0

    def allow(self, count: int = ANSWER_BYTES) -> None:
        """How many bytes the answer to the next command may come to."""
        self._imap.allow(count)

    def has_unread(self) -> bool:
        """Whether more has come than has been read."""
        unread: bool = self._imap.has_unread()
        return unread

    def begin_idle(self) -> bool | None:
        """Begin to idle: whether something was announced before the server said that it does (RFC 2177).

        Returns:
            None when the server will not idle, whatever it has said of what it can.
        """
        announced: bool | None
        self._idle_tag, announced = self._imap.begin_idle()
        return announced

    def _create_IMAP4(self) -> imaplib.IMAP4:  # noqa: N802  (its name in IMAPClient)
        if self.ssl:
            return _Tls(self.host, self.port, self.ssl_context, self._timeout.connect)  # type: ignore[call-arg]
        return _Plain(self.host, self.port, self._timeout.connect)
