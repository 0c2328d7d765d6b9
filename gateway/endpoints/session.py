"""What the commands of SMTP and LMTP do (RFC 5321, RFC 2033)."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, ClassVar

from gateway import faults
from gateway.domain.envelope import Envelope
from gateway.endpoints import replies
from gateway.endpoints.data import Content, counts_as_loop, read_data
from gateway.endpoints.dialogue import Dialogue, End
from gateway.endpoints.paths import BadPath, read_path
from gateway.endpoints.replies import Reply
from gateway.errors import GatewayError, MailLoop

log = logging.getLogger(__name__)

MAX_RECIPIENTS = 100
MAX_WRONG_RECIPIENTS = 10
MAX_HOPS = 50
_HEAD = 1 << 16
# Taken and not acted upon: what a server that sends on the mail would do with them (RFC 3461, 4954).
_MAIL_PARAMETERS = frozenset({"SIZE", "BODY", "SMTPUTF8", "AUTH", "RET", "ENVID"})
_RCPT_PARAMETERS = frozenset({"ORCPT", "NOTIFY"})


class SmtpSession(Dialogue):
    """SMTP."""

    _wrong_recipients = 0

    def _begin_mail(self) -> None:
        self.reverse_path = None
        self.recipients = []

    async def do_helo(self, argument: bytes) -> None:
        """HELO (RFC 5321 section 4.1.1.1)."""
        if self._greeted(argument):
            self.say(Reply(250, "", self.house.hostname))

    async def do_ehlo(self, argument: bytes) -> None:
        """EHLO, or LHLO: what is offered, each on a line of its own."""
        if not self._greeted(argument):
            return
        offered = [
            self.house.hostname,
            f"SIZE {self.house.max_message_bytes}",
            "8BITMIME",
            "SMTPUTF8",
            "PIPELINING",
            "ENHANCEDSTATUSCODES",
        ]
        if self.house.tls is not None and not self.is_secure:
            offered.append("STARTTLS")
        for word in offered[:-1]:
            self._out += f"250-{word}\r\n".encode("ascii")
        self.say(Reply(250, "", offered[-1]))

    def _greeted(self, argument: bytes) -> bool:
        if not argument:
            self.wrong(replies.SYNTAX)
            return False
        self.helo = argument[:255].decode("ascii", "replace")
        self._begin_mail()
        return True

    async def do_refused_greeting(self, argument: bytes) -> None:
        """RFC 2033 section 4.1: LMTP knows neither HELO nor EHLO, SMTP no LHLO."""
        self.wrong(Reply(500, "5.5.1", "This is another protocol"))

    async def do_mail(self, argument: bytes) -> None:
        """MAIL FROM: begins a mail."""
        if not self.helo or self.reverse_path is not None:
            self.wrong(replies.WRONG_ORDER)
            return
        if argument[:5].upper() != b"FROM:":
            self.wrong(replies.SYNTAX)
            return
        try:
            address, parameters = read_path(argument[5:])
        except BadPath:
            self.wrong(replies.BAD_SENDER)
            return
        refusal = self._refused_parameters(parameters, _MAIL_PARAMETERS)
        if refusal is not None:
            self.say(refusal)
            return
        self.reverse_path = address
        self.say(replies.SENDER_OK)

    def _refused_parameters(self, parameters: dict[str, str], known: frozenset[str]) -> Reply | None:
        if not parameters:
            return None
        if not known.issuperset(parameters):
            return replies.UNKNOWN_PARAMETER
        size = parameters.get("SIZE")
        if size is not None:
            if not size.isdecimal() or len(size) > 20:
                return replies.SYNTAX
            if int(size) > self.house.max_message_bytes:
                return replies.REPLIES["message.too-big"]
        if parameters.get("BODY", "7BIT").upper() not in {"7BIT", "8BITMIME"}:
            return replies.SYNTAX
        return None

    async def do_rcpt(self, argument: bytes) -> None:
        """RCPT TO: for whom; unknown addresses are refused here and now, never by a bounce."""
        if self.reverse_path is None:
            self.wrong(replies.WRONG_ORDER)
            return
        if argument[:3].upper() != b"TO:":
            self.wrong(replies.SYNTAX)
            return
        try:
            address, parameters = read_path(argument[3:])
        except BadPath:
            address, parameters = "", {}
        if not address:
            self._wrong_recipient(replies.BAD_RECIPIENT)
            return
        if not _RCPT_PARAMETERS.issuperset(parameters):
            self.say(replies.UNKNOWN_PARAMETER)
            return
        if len(self.recipients) >= MAX_RECIPIENTS:
            self.say(replies.TOO_MANY_RECIPIENTS)
            return
        try:
            self.house.reception.check_recipient(address)
        except GatewayError as error:
            reply = replies.reply_to(error)
            if error.retryable:
                self.say(reply)
            else:
                self._wrong_recipient(reply)
            return
        self.recipients.append(address)
        self.say(replies.RECIPIENT_OK)

    def _wrong_recipient(self, reply: Reply) -> None:
        """Whoever tries addresses is not a correspondent."""
        self._wrong_recipients += 1
        if self._wrong_recipients > MAX_WRONG_RECIPIENTS:
            self.say(replies.TOO_MANY_WRONG_RECIPIENTS)
            raise End
        self.say(reply)

    async def do_data(self, argument: bytes) -> None:
        """DATA: the mail itself, answered once it is on disk."""
        if not self.recipients:
            self.wrong(replies.WRONG_ORDER if self.reverse_path is None else replies.NO_RECIPIENTS)
            return
        if argument:
            self.wrong(replies.SYNTAX)
            return
        self.say(replies.GO_AHEAD)
        await self.flush()
        content = Content(self.house.max_message_bytes, self.house.spool)
        self.busy = True
        try:
            await self._receive(content)
            self._say_for_mail(await self._stored(content))
        finally:
            self.busy = False
            content.close()
            self._begin_mail()

    async def _receive(self, content: Content) -> None:
        self.in_data, self.data_begun, self.data_bytes = True, self.loop.time(), 0
        try:
            rest = await read_data(self._stream, content, progress=self._progress)
        finally:
            self.in_data = False
        if rest:
            # What was sent after the dot is the next commands: back to the front of the stream.
            self._stream._buffer[:0] = rest  # type: ignore[attr-defined]  # noqa: SLF001

    def _progress(self, count: int) -> None:
        self.data_bytes += count

    async def _stored(self, content: Content) -> Reply:
        """The reply to the final dot."""
        try:
            blocks = content.blocks()
            head = next(iter(blocks), b"")[:_HEAD]
            if counts_as_loop(head, MAX_HOPS):
                return replies.REPLIES[MailLoop.code]
            faults.reached("session.received")
            number = await self.house.reception.store(self._envelope(), blocks, content.size)
            faults.reached("session.stored")
        except GatewayError as error:
            return replies.reply_to(error)
        except Exception:
            log.exception("mail.not-taken")
            return replies.TROUBLE
        log.debug("mail.taken", extra={"inbound_id": number, "size": content.size})
        return replies.stored(number)

    def _envelope(self) -> Envelope:
        return Envelope(
            channel=self.envelope_channel,
            reverse_path=self.reverse_path or "",
            recipients=tuple(self.recipients),
            peer=self.peer,
            helo=self.helo,
            tls=self.is_secure,
            received_at=self.house.clock.now(),
        )

    def _say_for_mail(self, reply: Reply) -> None:
        self.say(reply)

    async def do_rset(self, argument: bytes) -> None:
        """RSET: forget the mail that was begun."""
        self._begin_mail()
        self.say(replies.OK)

    async def do_noop(self, argument: bytes) -> None:
        """NOOP."""
        self.say(replies.OK)

    async def do_vrfy(self, argument: bytes) -> None:
        """VRFY: nobody learns here which addresses there are (RFC 5321 section 3.5.3)."""
        self.say(replies.CANNOT_VERIFY)

    async def do_help(self, argument: bytes) -> None:
        """HELP."""
        self.say(replies.HELP)

    async def do_not_offered(self, argument: bytes) -> None:
        """EXPN, AUTH, BDAT and the like."""
        self.wrong(replies.NOT_OFFERED)

    async def do_quit(self, argument: bytes) -> None:
        """QUIT."""
        self.say(replies.BYE)
        raise End

    async def do_starttls(self, argument: bytes) -> None:
        """STARTTLS: what was sent in the clear before it is forgotten (RFC 3207 section 4.2)."""
        context = self.house.tls
        if context is None or self.is_secure or self.transport is None:
            self.wrong(replies.NO_TLS)
            return
        self.say(replies.READY_FOR_TLS)
        await self.flush()
        self._stream._buffer.clear()  # type: ignore[attr-defined]  # noqa: SLF001
        transport = await self.loop.start_tls(self.transport, self, context, server_side=True)  # type: ignore[arg-type]
        if transport is None:
            raise ConnectionResetError
        self.transport = transport
        self._stream._transport = transport  # type: ignore[attr-defined]  # noqa: SLF001
        self._writer._transport = transport  # type: ignore[attr-defined]  # noqa: SLF001
        self._stream._buffer.clear()  # type: ignore[attr-defined]  # noqa: SLF001
        self.is_secure, self.helo = True, ""
        self._begin_mail()

    commands: ClassVar[Mapping[bytes, Callable[[Any, bytes], Awaitable[None]]]] = {
        b"HELO": do_helo,
        b"EHLO": do_ehlo,
        b"LHLO": do_refused_greeting,
        b"MAIL": do_mail,
        b"RCPT": do_rcpt,
        b"DATA": do_data,
        b"RSET": do_rset,
        b"NOOP": do_noop,
        b"VRFY": do_vrfy,
        b"EXPN": do_not_offered,
        b"AUTH": do_not_offered,
        b"BDAT": do_not_offered,
        b"HELP": do_help,
        b"STARTTLS": do_starttls,
        b"QUIT": do_quit,
    }


class LmtpSession(SmtpSession):
    """LMTP (RFC 2033): its own greeting, and one reply a recipient after the mail."""

    channel: ClassVar[str] = "lmtp"
    greeting_words: ClassVar[str] = "LMTP"

    def _say_for_mail(self, reply: Reply) -> None:
        for _ in self.recipients:
            self.say(reply)

    commands: ClassVar[Mapping[bytes, Callable[[Any, bytes], Awaitable[None]]]] = {
        **SmtpSession.commands,
        b"HELO": SmtpSession.do_refused_greeting,
        b"EHLO": SmtpSession.do_refused_greeting,
        b"LHLO": SmtpSession.do_ehlo,
    }
