"""What the transport said of a mail, apart from the mail itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Envelope:
    """The envelope of one received mail (RFC 5321 section 2.3.1).

    Attributes:
        channel: smtp, lmtp, pipe or imap.
        reverse_path: MAIL FROM without angle brackets; empty for the null sender; `unknown` where a
            mailbox does not tell.
        recipients: accepted RCPT TO addresses without angle brackets, in order.
        peer: the client's IP address, or empty (Unix socket, pipe).
        helo: what the client called itself.
        tls: whether the session was encrypted.
        received_at: aware, UTC; the instant from which the desk's clocks count.
        historic: it was in a mailbox before the gateway was: filed, and nobody is told of it.
    """

    channel: str
    reverse_path: str
    recipients: tuple[str, ...]
    peer: str
    helo: str
    tls: bool
    received_at: datetime
    historic: bool = False
