"""One table from what went wrong to what the peer is told (RFC 5321 section 4.2, RFC 3463).

Our own trouble is always temporary, and nothing inside is told to strangers.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

from gateway.errors import GatewayError


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply code, an enhanced status code (RFC 2034; empty where there must be none) and words."""

    code: int
    enhanced: str
    text: str

    def __bytes__(self) -> bytes:
        """The reply as one line, with its end."""
        words = f"{self.code} {self.enhanced} {self.text}" if self.enhanced else f"{self.code} {self.text}"
        return words.encode("ascii") + b"\r\n"


OK = Reply(250, "2.0.0", "OK")
SENDER_OK = Reply(250, "2.1.0", "Sender OK")
RECIPIENT_OK = Reply(250, "2.1.5", "Recipient OK")
BYE = Reply(221, "2.0.0", "Bye")
GO_AHEAD = Reply(354, "", "End data with <CR><LF>.<CR><LF>")
CANNOT_VERIFY = Reply(252, "2.5.0", "Cannot verify, but will take mail and try")
HELP = Reply(214, "2.0.0", "RFC 5321 and RFC 2033 say how; the desk's postmaster helps with the rest")
READY_FOR_TLS = Reply(220, "2.0.0", "Ready to start TLS")

SHUTTING_DOWN = Reply(421, "4.3.2", "Service is shutting down, try again later")
TOO_MANY_CONNECTIONS = Reply(421, "4.3.2", "Too many connections, try again later")
TIMED_OUT = Reply(421, "4.4.2", "Timed out")
TOO_SLOW = Reply(421, "4.4.2", "Data comes too slowly")
TOO_MANY_WRONG_RECIPIENTS = Reply(421, "4.7.0", "Too many unknown recipients")
TOO_MANY_WRONG_COMMANDS = Reply(421, "4.7.0", "Too many errors")
TROUBLE = Reply(451, "4.3.0", "Temporary failure, try again later")
TOO_MANY_RECIPIENTS = Reply(452, "4.5.3", "Too many recipients, send the others separately")
NO_TLS = Reply(454, "4.7.0", "TLS is not available")
UNKNOWN_COMMAND = Reply(500, "5.5.2", "Unknown command")
LINE_TOO_LONG = Reply(500, "5.5.2", "Line too long")
SYNTAX = Reply(501, "5.5.4", "Syntax error in the argument")
NOT_OFFERED = Reply(502, "5.5.1", "Command is not offered")
WRONG_ORDER = Reply(503, "5.5.1", "Command out of order")
NO_RECIPIENTS = Reply(503, "5.5.1", "No valid recipients")
UNKNOWN_PARAMETER = Reply(555, "5.5.4", "Parameter is not known")
BAD_SENDER = Reply(553, "5.1.7", "Malformed sender address")
BAD_RECIPIENT = Reply(553, "5.1.3", "Malformed recipient address")

REPLIES = MappingProxyType(
    {
        "storage.unavailable": TROUBLE,
        "storage.damaged": TROUBLE,
        "storage.full": Reply(452, "4.3.1", "Insufficient storage, try again later"),
        "service.shutting-down": SHUTTING_DOWN,
        "recipient.unknown": Reply(550, "5.1.1", "No such address here"),
        # Whoever guesses learns nothing from it.
        "token.forged": Reply(550, "5.1.1", "No such address here"),
        "message.too-big": Reply(552, "5.3.4", "Message is larger than this desk takes"),
        "message.loop": Reply(554, "5.4.6", "Too many hops, this looks like a mail loop"),
    }
)


def reply_to(error: Exception) -> Reply:
    """What the peer is told of an error; of anything unforeseen, that it may try again."""
    return REPLIES.get(error.code, TROUBLE) if isinstance(error, GatewayError) else TROUBLE


def stored(number: int) -> Reply:
    """The mail is on disk, under this id of the ledger."""
    return Reply(250, "2.0.0", f"{number} stored")
