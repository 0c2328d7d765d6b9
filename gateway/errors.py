"""What can go wrong, by code; each error says whether trying again may help.

What is not a `GatewayError` is a bug: it is logged with its traceback and the mail is quarantined.
`public` is the only text of an error that a stranger may be shown.
"""

from __future__ import annotations

from pathlib import Path


class GatewayError(Exception):
    """The root of all errors that the gateway knows."""

    code = "gateway.error"
    retryable = False
    public = "The request could not be carried out"


class StorageUnavailable(GatewayError):
    """The message could not be made durable; the peer must try again."""

    code = "storage.unavailable"
    retryable = True
    public = "Temporary failure, try again later"


class StorageFull(StorageUnavailable):
    """No room is left for the message; the peer must try again."""

    code = "storage.full"
    public = "Insufficient storage, try again later"


class StorageDamaged(StorageUnavailable):
    """The database's files are not what was written into them; the peer must try again."""

    code = "storage.damaged"


class BackupRefused(GatewayError):
    """A backup cannot be written there, or a file is none that may be restored here."""

    code = "backup.refused"


class ShuttingDown(GatewayError):
    """The process is stopping; the peer must try again."""

    code = "service.shutting-down"
    retryable = True
    public = "Service is shutting down, try again later"


class UnknownRecipient(GatewayError):
    """Nobody here has that address."""

    code = "recipient.unknown"
    public = "No such address here"


class MessageTooBig(GatewayError):
    """The message is larger than `smtp.max_message_bytes`."""

    code = "message.too-big"
    public = "Message is larger than this desk accepts"


class MailLoop(GatewayError):
    """The message has gone through too many hosts (RFC 5321 section 6.3)."""

    code = "message.loop"
    public = "Too many hops, this looks like a mail loop"


class UnreadableMail(GatewayError):
    """The bytes are beyond the limits within which a mail is read; they are kept as they are."""

    code = "mail.unreadable"


class ForgedToken(GatewayError):
    """An address has the shape of ours and a signature that is not."""

    code = "token.forged"
    public = "No such address here"


class LeaseLost(GatewayError):
    """Somebody else has taken over the row; whatever was done for it is rolled back."""

    code = "lease.lost"
    retryable = True


class ActRefused(GatewayError):
    """An act that the rules do not allow; the text is for the person who asked for it.

    Args:
        french: the same sentence, for whoever asked in French.
    """

    code = "act.refused"

    def __init__(self, words: str, french: str = "") -> None:
        super().__init__(words)
        self._french = french

    def in_language(self, language: str) -> str:
        """The sentence, in English where there is no other."""
        return self._french if language == "fr" and self._french else str(self)


class NotFound(GatewayError):
    """A ticket, mail or notification of that number does not exist."""

    code = "not-found"


class RelayDeferred(GatewayError):
    """The relay cannot take the mail now (4xx, or no connection)."""

    code = "relay.deferred"
    retryable = True


class RelayRefused(GatewayError):
    """The relay will never take the mail (5xx)."""

    code = "relay.refused"


class DnsUnavailable(GatewayError):
    """The DNS did not answer, or not in time; what depends on it is unknown, never refuted."""

    code = "dns.unavailable"
    retryable = True


class MailboxUnavailable(GatewayError):
    """The mailbox's server cannot be reached, or says nonsense; it is asked again later."""

    code = "mailbox.unavailable"
    retryable = True


class MailboxRefused(GatewayError):
    """The mailbox's server has understood and says no: a login, a folder, one mail."""

    code = "mailbox.refused"


class UnsafeMail(GatewayError):
    """A mail that was about to leave is not what was meant to be written."""

    code = "mail.unsafe"


class ConfigurationError(GatewayError):
    """A setting, desk file, rule or template is wrong.

    `str(error)` reads `file:line: what is wrong and what to do`.
    """

    code = "configuration.wrong"

    def __init__(self, reason: str, *, file: Path | str, line: int | None = None) -> None:
        self.reason = reason
        self.file = str(file)
        self.line = line
        where = self.file if line is None else f"{self.file}:{line}"
        super().__init__(f"{where}: {reason}")
