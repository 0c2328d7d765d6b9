"""A relay that takes everything, or does what a script says; fast enough to measure against.

In a thread for tests (`SmtpSink`), or as a process for the bench: `python -m tests.servers.sink PORT`
prints `ready`, and on SIGTERM how many mails came in.
"""

from __future__ import annotations

import asyncio
import json
import re
import signal
import ssl
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

_ID = re.compile(rb"(?im)^message-id:\s*<([^>\r\n]{1,300})>")
_END = b"\r\n.\r\n"

Script = Callable[[str, str], str]
"""Asked with a stage (MAIL, RCPT, DATA, END) and its argument: the reply, or `drop`."""


@dataclass(frozen=True, slots=True)
class Taken:
    """One mail that the sink said 250 to, or would have."""

    message_id: str
    reverse_path: str
    recipient: str
    content: bytes


def _accept(stage: str, argument: str) -> str:
    return "354 go on" if stage == "DATA" else "250 2.0.0 ok"


class _Session(asyncio.Protocol):
    def __init__(self, sink: SmtpSink) -> None:
        self._sink = sink
        self._buffer = b""
        self._in_data = self._dropping = False
        self._reverse_path = self._recipient = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport
        self._sink.connections += 1
        self._sink.sessions.add(transport)
        transport.write(self._sink.greeting)

    def connection_lost(self, error: Exception | None) -> None:
        self._sink.sessions.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        out = []
        while not self._transport.is_closing():
            if self._in_data:
                end = (b"\r\n" + self._buffer).find(_END)
                if end < 0:
                    break
                content, self._buffer = self._buffer[:end], self._buffer[end + 3 :]
                out.append(self._end(content))
            else:
                line, found, rest = self._buffer.partition(b"\r\n")
                if not found:
                    break
                self._buffer = rest
                out.append(self._command(line.decode("ascii", "replace")))
            if self._dropping:
                break
        if out and not self._transport.is_closing():
            self._transport.write("".join(f"{reply}\r\n" for reply in out if reply).encode())
        if self._dropping:
            self._transport.close()

    def _command(self, line: str) -> str:
        verb, _, argument = line.partition(" ")
        verb = verb.upper()
        if verb in {"EHLO", "HELO"}:
            return (
                "250-sink.test\r\n250-PIPELINING\r\n250 8BITMIME"
                if self._sink.pipelining
                else "250 sink.test"
            )
        if verb == "QUIT":
            self._transport.write(b"221 bye\r\n")
            self._transport.close()
            return ""
        if verb == "RSET":
            return "250 ok"
        if verb == "MAIL":
            self._reverse_path = argument.partition("<")[2].partition(">")[0]
            self._recipient = ""
        if verb == "RCPT":
            self._recipient = argument.partition("<")[2].partition(">")[0]
        if verb == "DATA" and not self._recipient:
            return "503 no recipients"
        reply = self._said(verb, argument)
        if verb == "RCPT" and not reply.startswith("2"):
            self._recipient = ""
        self._in_data = reply.startswith("354")
        return reply

    def _end(self, content: bytes) -> str:
        self._in_data = False
        found = _ID.search(content)
        message_id = found[1].decode() if found else ""
        reply = self._said("END", message_id)
        if reply.startswith("2") or reply == "":
            self._sink.take(Taken(message_id, self._reverse_path, self._recipient, content))
        return reply

    def _said(self, stage: str, argument: str) -> str:
        reply = self._sink.script(stage, argument)
        if reply == "drop":
            self._dropping = True
            return ""
        return reply


class SmtpSink:
    """A relay in a thread; `mails` is what it has taken."""

    def __init__(self, *, pipelining: bool = True, tls: ssl.SSLContext | None = None, port: int = 0) -> None:
        self.pipelining = pipelining
        self.script: Script = _accept
        self.connections = 0
        self.greeting = b"220 sink.test ESMTP\r\n"
        self.sessions: set[asyncio.WriteTransport] = set()
        self.mails: list[Taken] = []
        self.port = port
        self._tls = tls
        self._came = threading.Condition()
        self._loop = asyncio.new_event_loop()

    def __enter__(self) -> Self:
        started = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(started,), daemon=True)
        self._thread.start()
        assert started.wait(10)
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def hang_up(self) -> None:
        """End all connections: the next one is greeted anew."""
        ended = threading.Event()

        def end() -> None:
            for transport in list(self.sessions):
                transport.abort()
            ended.set()

        self._loop.call_soon_threadsafe(end)
        assert ended.wait(10)

    def take(self, mail: Taken) -> None:
        """A mail has come in."""
        with self._came:
            self.mails.append(mail)
            self._came.notify_all()

    def wait_for(self, count: int, patience_s: float = 30.0) -> list[Taken]:
        """The mails, once there are so many."""
        with self._came:
            assert self._came.wait_for(lambda: len(self.mails) >= count, patience_s), len(self.mails)
            return list(self.mails)

    def _run(self, started: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        made = self._loop.create_server(lambda: _Session(self), "127.0.0.1", self.port, ssl=self._tls)
        server = self._loop.run_until_complete(made)
        self.port = server.sockets[0].getsockname()[1]
        started.set()
        self._loop.run_forever()
        server.close()
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())


def main(port: int) -> None:
    """Take mail until SIGTERM, then say how much it was."""
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    with SmtpSink(port=port) as sink:
        _say("ready")
        while not ended.wait(0.05):
            _say(str(len(sink.mails)))
        _say(
            json.dumps({"mails": len(sink.mails), "distinct": len({mail.message_id for mail in sink.mails})})
        )


def _say(words: str) -> None:
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]))
