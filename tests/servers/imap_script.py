"""An IMAP server in memory that does what RFC 9051 says, until a script has it misbehave."""

from __future__ import annotations

import base64
import re
import socketserver
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Self

EVERYTHING = "IMAP4rev1 IDLE MOVE UIDPLUS AUTH=PLAIN"
DROP = b""
"""What a script returns to have the connection dropped without a word."""

Script = Callable[[str], bytes | str | None]
"""Asked with each command, without its tag: None to do it, a text to answer instead, or the bytes to
say before hanging up."""


@dataclass
class Stored:
    raw: bytes
    received_at: datetime
    flags: set[str] = field(default_factory=set)


@dataclass
class Box:
    """A folder: its mails by UID."""

    uidvalidity: int = 1
    uidnext: int = 1
    mails: dict[int, Stored] = field(default_factory=dict)

    def add(self, raw: bytes, received_at: datetime) -> int:
        uid = self.uidnext
        self.mails[uid] = Stored(raw, received_at)
        self.uidnext += 1
        return uid


class ImapScript:
    """Serves one account to any number of connections.

    Attributes:
        done: every command that changes or reads a mail, in order: `FETCH 1`, `MOVE 1`; tests put
            their own lines between them.
        script: see `Script`.
        login: the answer to a login, `OK` or more words.
    """

    def __init__(self, capabilities: str = EVERYTHING) -> None:
        self.capabilities = capabilities
        self.boxes: dict[str, Box] = {"INBOX": Box()}
        self.done: list[str] = []
        self.script: Script = lambda command: None
        self.login = "OK logged in"
        self.idle_greeting = b""
        self.before_idle = b""
        self.says_uidnext = True
        self.greeting = ""
        self.lock = threading.RLock()
        self.clock = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
        self._server = _Server(("127.0.0.1", 0), _Session)
        self._server.imap = self
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def add(self, raw: bytes, folder: str = "INBOX") -> int:
        """A mail arrives."""
        with self.lock:
            return self.boxes[folder].add(raw, self.clock)

    def uids(self, folder: str = "INBOX") -> list[int]:
        with self.lock:
            return sorted(self.boxes[folder].mails) if folder in self.boxes else []

    def flags(self, uid: int) -> set[str]:
        return set(self.boxes["INBOX"].mails[uid].flags)


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    imap: ImapScript


class _Session(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True

    def handle(self) -> None:
        assert isinstance(self.server, _Server)
        self.imap = self.server.imap
        self.box = Box()
        if self.imap.greeting:
            self._say(self.imap.greeting)
            return
        self._say("* OK [CAPABILITY " + self.imap.capabilities + "] ready")
        try:
            while line := self.rfile.readline():
                tag, _, command = line.decode("utf-8", "replace").rstrip("\r\n").partition(" ")
                said = self.imap.script(command)
                if isinstance(said, bytes):
                    self.wfile.write(said)
                    return
                answer = said or self._do(command)
                self._say(f"{tag} {answer}")
                if command.upper() == "LOGOUT":
                    return
        except OSError:
            return

    def _say(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n")

    def _do(self, command: str) -> str:
        verb, _, rest = command.partition(" ")
        if verb.upper() == "UID":
            verb, _, rest = rest.partition(" ")
        method = getattr(self, f"_{verb.lower()}", None)
        if method is None:
            return "BAD what?"
        with self.imap.lock:
            answer: str = method(rest)
            return answer

    # --- before a folder is open -------------------------------------------------------------

    def _capability(self, rest: str) -> str:
        self._say(f"* CAPABILITY {self.imap.capabilities}")
        return "OK done"

    def _login(self, rest: str) -> str:
        return self.imap.login

    def _authenticate(self, rest: str) -> str:
        self._say("+ ")
        base64.b64decode(self.rfile.readline())
        return self.imap.login

    def _logout(self, rest: str) -> str:
        self._say("* BYE")
        return "OK bye"

    def _noop(self, rest: str) -> str:
        return "OK done"

    def _list(self, rest: str) -> str:
        name = rest.rpartition(" ")[2].strip('"')
        if name in self.imap.boxes:
            self._say(f'* LIST () "/" "{name}"')
        return "OK done"

    def _create(self, rest: str) -> str:
        self.imap.boxes[rest.strip('"')] = Box()
        return "OK made"

    def _select(self, rest: str) -> str:
        box = self.imap.boxes.get(rest.strip('"'))
        if box is None:
            return "NO [NONEXISTENT] no such folder"
        self.box = box
        self._say(f"* {len(box.mails)} EXISTS\r\n* 0 RECENT\r\n* FLAGS (\\Seen \\Deleted)")
        self._say(f"* OK [UIDVALIDITY {box.uidvalidity}] ok")
        if self.imap.says_uidnext:
            self._say(f"* OK [UIDNEXT {box.uidnext}] ok")
        return "OK [READ-WRITE] selected"

    # --- in a folder -------------------------------------------------------------------------

    def _search(self, rest: str) -> str:
        if rest == "DELETED":
            found = [uid for uid, mail in self.box.mails.items() if r"\Deleted" in mail.flags]
        elif rest.isdecimal():
            found = [sorted(self.box.mails)[int(rest) - 1]]
        else:
            found = self._chosen(rest.removeprefix("UID "))
        self._say("* SEARCH " + " ".join(map(str, found)))
        return "OK done"

    def _fetch(self, rest: str) -> str:
        chosen, _, items = rest.partition(" ")
        for uid in self._chosen(chosen):
            mail = self.box.mails[uid]
            if "BODY" in items:
                self.imap.done.append(f"FETCH {uid}")
                self._say(f"* {self._number(uid)} FETCH (UID {uid} BODY[] {{{len(mail.raw)}}}")
                self.wfile.write(mail.raw + b")\r\n")
            else:
                date = mail.received_at.strftime("%d-%b-%Y %H:%M:%S %z")
                self._say(
                    f"* {self._number(uid)} FETCH (UID {uid} RFC822.SIZE {len(mail.raw)} "
                    f'INTERNALDATE "{date}")'
                )
        return "OK done"

    def _store(self, rest: str) -> str:
        chosen, _, change = rest.partition(" ")
        flags = re.findall(r"\\\w+", change)
        for uid in self._chosen(chosen):
            self.imap.done.append(f"STORE {uid} {' '.join(flags)}")
            self.box.mails[uid].flags.update(flags)
        return "OK done"

    def _copy(self, rest: str) -> str:
        chosen, _, target = rest.partition(" ")
        for uid in self._chosen(chosen):
            self.imap.done.append(f"COPY {uid}")
            mail = self.box.mails[uid]
            self.imap.boxes[target.strip('"')].add(mail.raw, mail.received_at)
        return "OK done"

    def _move(self, rest: str) -> str:
        if "MOVE" not in self.imap.capabilities:
            return "BAD what?"
        chosen = self._chosen(rest.partition(" ")[0])
        self._copy(rest)
        for uid in chosen:
            self.imap.done[self.imap.done.index(f"COPY {uid}")] = f"MOVE {uid}"
            self._vanish(uid)
        return "OK done"

    def _expunge(self, rest: str) -> str:
        chosen = self._chosen(rest) if rest else list(self.box.mails)
        for uid in chosen:
            if r"\Deleted" in self.box.mails[uid].flags:
                self.imap.done.append(f"EXPUNGE {uid}")
                self._vanish(uid)
        return "OK done"

    def _idle(self, rest: str) -> str:
        self.wfile.write(self.imap.before_idle + b"+ idling\r\n" + self.imap.idle_greeting)
        self.imap.lock.release()
        try:
            self.rfile.readline()
        finally:
            self.imap.lock.acquire()
        return "OK done"

    def _vanish(self, uid: int) -> None:
        number = self._number(uid)
        del self.box.mails[uid]
        self._say(f"* {number} EXPUNGE")

    def _number(self, uid: int) -> int:
        return sorted(self.box.mails).index(uid) + 1

    def _chosen(self, words: str) -> list[int]:
        """RFC 9051 section 9, sequence-set; `7:*` is the last mail even when that is number 5."""
        here = sorted(self.box.mails)
        found: set[int] = set()
        for word in words.split(","):
            first, _, last = word.partition(":")
            top = here[-1] if here else 0
            low = top if first == "*" else int(first)
            high = top if last == "*" else int(last or low)
            low, high = min(low, high), max(low, high)
            found.update(uid for uid in here if low <= uid <= high)
        return sorted(found)
