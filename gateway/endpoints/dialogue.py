"""The life and the dialogue of one session over aiosmtpd's protocol, with its defaults mended.

aiosmtpd 1.4.6 gives the stream protocol and its life; the dialogue is ours, because its own answers
an exception with 500 and its text, refuses long lines, reads DATA line by line (4 MB of line ends
take 350 MB), parses addresses for a quarter of its time, and has no caps. Its version is pinned:
`__init__`, `connection_made`, `connection_lost`, `eof_received` and the names `_reader`, `_writer`,
`_handler_coroutine` and `_timeout_handle` are relied upon.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, ClassVar

from aiosmtpd.smtp import SMTP, Session

from gateway.endpoints import replies
from gateway.endpoints.house import House
from gateway.endpoints.replies import Reply
from gateway.errors import GatewayError

log = logging.getLogger(__name__)

MAX_WRONG_COMMANDS = 20
LINE_LIMIT = 4096


class End(Exception):
    """Say what is to be said, and close."""


class _NoTimer:
    """Stands where aiosmtpd keeps a timer a command; `House` looks at all sessions together."""

    def cancel(self) -> None:
        """Nothing is set."""


class Dialogue(SMTP):
    """A session from connection to its end; what each command does is the subclass's."""

    channel: ClassVar[str] = "smtp"
    greeting_words: ClassVar[str] = "ESMTP"
    commands: ClassVar[Mapping[bytes, Callable[[Any, bytes], Awaitable[None]]]] = {}
    line_length_limit = LINE_LIMIT

    def __init__(self, house: House, *, channel: str | None = None) -> None:
        # aiosmtpd's own constructor looks through all attributes of session and handler for each
        # connection, at the price of two mails; nothing that it finds is used here.
        self.loop = house.loop
        self._stream = asyncio.StreamReader(limit=LINE_LIMIT, loop=house.loop)
        asyncio.StreamReaderProtocol.__init__(
            self, self._stream, client_connected_cb=self._cb_client_connected, loop=house.loop
        )
        self.house = house
        self.envelope_channel = channel or self.channel
        self._handle_hooks: dict[str, Any] = {}
        self._original_transport = None
        self._handler_coroutine = None
        self._timeout_handle = _NoTimer()  # type: ignore[assignment]  # stands in for asyncio's
        self.session: Session | None = None
        self.transport = None
        self.peer = ""
        self.helo = ""
        self.is_secure = False
        self.admitted = False
        self.busy = False
        self.in_data = False
        self.begun = self.last_heard = self.data_begun = house.loop.time()
        self.data_bytes = 0
        self._out = bytearray()
        self._wrong_commands = 0
        self.reverse_path: str | None = None
        self.recipients: list[str] = []

    # --- life --------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection, unless the house is full or closing."""
        peer = transport.get_extra_info("peername")
        self.peer = str(peer[0]) if isinstance(peer, tuple) and peer else ""
        refusal = self.house.admit(self)
        if refusal is not None:
            if isinstance(transport, asyncio.WriteTransport):
                transport.write(bytes(refusal))
            transport.close()
            return
        self.admitted = True
        self.is_secure = transport.get_extra_info("ssl_object") is not None
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        """Forget the session."""
        if self.admitted:
            self.house.leave(self)
            super().connection_lost(error)

    def eof_received(self) -> bool | None:
        """The peer has said all it wants to say; what it has sent is still answered."""
        self._stream.feed_eof()
        # True keeps the connection for our answers, which TLS does not know.
        return None if self.is_secure else True

    def data_received(self, data: bytes) -> None:
        """Bytes from the peer."""
        self.last_heard = self.loop.time()
        super().data_received(data)

    def _reset_timeout(self, duration: float | None = None) -> None:
        """No timer a command: `House` looks after idle sessions."""

    def hang_up(self, reply: Reply) -> None:
        """Say a last word and close, from outside the dialogue."""
        if self.transport is not None and isinstance(self.transport, asyncio.WriteTransport):
            self.transport.write(bytes(self._out) + bytes(reply))
            self._out.clear()
            self.transport.close()

    # --- the dialogue ------------------------------------------------------------------------

    async def _handle_client(self) -> None:
        """Read commands and answer them until the end."""
        try:
            self.say(Reply(220, "", f"{self.house.hostname} {self.greeting_words} ready"))
            while self.transport is not None and not self.transport.is_closing():
                line = await self._next_line()
                if line is None:
                    break
                await self._answer(line)
                if self.house.closing:
                    self.say(replies.SHUTTING_DOWN)
                    break
        except End:
            log.debug("session.ended")
        except (ConnectionError, asyncio.IncompleteReadError):
            log.debug("session.lost")
        finally:
            await self._close()

    async def _close(self) -> None:
        try:
            await self.flush()
        except ConnectionError:
            log.debug("session.lost")
        if self.transport is not None:
            self.transport.close()

    async def _answer(self, line: bytes) -> None:
        """Carry out one command; whatever goes wrong with it is our trouble, and temporary."""
        if not line:
            self.wrong(replies.UNKNOWN_COMMAND)
            return
        verb, _, argument = line.partition(b" ")
        command = self.commands.get(verb.upper())
        if command is None:
            self.wrong(replies.UNKNOWN_COMMAND)
            return
        try:
            await command(self, argument.strip())
        except (End, ConnectionError, asyncio.IncompleteReadError):
            raise
        except GatewayError as error:
            self.say(replies.reply_to(error))
        except Exception:
            log.exception("session.failed", extra={"command": verb[:8].decode("ascii", "replace")})
            self.say(replies.TROUBLE)

    async def _next_line(self) -> bytes | None:
        """The next command without its end, or None at the end of the stream."""
        buffered: bytearray = self._stream._buffer  # type: ignore[attr-defined]  # noqa: SLF001
        if b"\n" not in buffered:
            # Replies to pipelined commands go out together (RFC 2920 section 3.2).
            await self.flush()
        try:
            return (await self._stream.readuntil(b"\n")).rstrip(b"\r\n")
        except asyncio.IncompleteReadError:
            return None
        except asyncio.LimitOverrunError as error:
            await self._stream.readexactly(error.consumed)
            self.wrong(replies.LINE_TOO_LONG)
            return b""

    def say(self, reply: Reply) -> None:
        """Queue a reply; it leaves when nothing more is waiting to be read."""
        self._out += bytes(reply)

    async def flush(self) -> None:
        """Send what is queued."""
        if self._out and self.transport is not None:
            self._writer.write(bytes(self._out))
            self._out.clear()
            await self._writer.drain()

    def wrong(self, reply: Reply) -> None:
        """Answer a mistake; too many of them end the session."""
        self._wrong_commands += 1
        if self._wrong_commands >= MAX_WRONG_COMMANDS:
            self.say(replies.TOO_MANY_WRONG_COMMANDS)
            raise End
        self.say(reply)
