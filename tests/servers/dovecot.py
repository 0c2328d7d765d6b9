"""A real Dovecot on private ports and folders, from Debian's package."""

from __future__ import annotations

import base64
import hashlib
import hmac
import imaplib
import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.services.process import Unavailable, answers, free_port, program

PASSWORD = "corrèct-horse"
_SECRET = b"a secret of thirty-two bytes or so"
_EVENT = re.compile(
    r"(?m)^(\S+ \S+) imap\([^)]*\)[^:]*: Info: (copy|expunge|delete|flag_change)[^:]*: box=[^,]*, uid=\d+, msgid=<([^>]*)>"
)


@dataclass(frozen=True, slots=True)
class Event:
    """What a client did to a mail, by the server's own log, and when by its clock."""

    at: datetime
    what: str
    message_id: str


class Dovecot:
    """One instance over one folder, which has to lie where the mail's user may look.

    Accounts are made by the first login or delivery; the password of all is `PASSWORD`, and an
    access token is whatever `token` signs.

    Args:
        certificate, key: PEM files, for implicit TLS on `tls_port`.
        capability: instead of what it can do, for clients that choose by it.
    """

    def __init__(self, folder: Path, *, certificate: str = "", key: str = "", capability: str = "") -> None:
        self._program = program("dovecot")
        if os.geteuid() != 0:
            raise Unavailable("dovecot has to be started by root")
        if not Path("/usr/lib/dovecot/imap").exists():
            raise Unavailable("dovecot-imapd is not installed")
        self.folder = folder
        self.port, self.tls_port = free_port(), free_port()
        self._config = folder / "dovecot.conf"
        self._tls = (
            f"ssl = yes\nssl_cert = <{certificate}\nssl_key = <{key}\n" if certificate else "ssl = no\n"
        )
        self._capability = f"imap_capability = {capability}\n" if capability else ""
        self._process: subprocess.Popen[bytes] | None = None

    @contextmanager
    def running(self) -> Iterator[Dovecot]:
        """Started, and stopped at the end."""
        self._write()
        self.start()
        try:
            yield self
        finally:
            self.stop()

    def start(self) -> None:
        """Start it and wait until it answers."""
        self._process = subprocess.Popen(
            [self._program, "-F", "-c", str(self._config)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        deadline = time.monotonic() + 30
        while not answers(self.port):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise Unavailable(f"dovecot does not start: {self.log()}")
            time.sleep(0.05)

    def stop(self) -> None:
        """End it with all its children."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(30)
            # Its sessions would go on for half a minute.
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process = None

    def deliver(self, user: str, raw: bytes, *, sender: str = "chloe@acme.test", to: str = "") -> None:
        """Final delivery into the account's INBOX, as an MTA's local delivery does it."""
        done = subprocess.run(
            ["/usr/lib/dovecot/dovecot-lda", "-c", str(self._config), "-d", user, "-f", sender]
            + (["-a", to] if to else []),
            input=raw,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, (done.stderr, self.log())

    def command(self, *words: str) -> str:
        """What `doveadm` prints."""
        done = subprocess.run(
            [program("doveadm"), "-c", str(self._config), *words], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, (words, done.stderr)
        return done.stdout

    @contextmanager
    def login(self, user: str) -> Iterator[imaplib.IMAP4]:
        """A person at the mailbox."""
        client = imaplib.IMAP4("127.0.0.1", self.port)
        client.authenticate("PLAIN", lambda _: f"\0{user}\0{PASSWORD}".encode())
        try:
            yield client
        finally:
            client.logout()

    def count(self, user: str, folder: str = "INBOX") -> int:
        """How many mails are in a folder; 0 where there is none."""
        with self.login(user) as client:
            answer, found = client.select(folder, readonly=True)
            return int(found[0] or 0) if answer == "OK" else 0

    def token(self, user: str, *, expires_in_s: int = 3600) -> str:
        """An access token of `user`: a JSON Web Token (RFC 7519), signed with HS256."""
        now = int(datetime.now(UTC).timestamp())  # noqa: TID251  (a server's clock)
        claims = {
            "sub": user,
            "email": user,
            "iat": min(now, now + expires_in_s) - 10,
            "exp": now + expires_in_s,
        }
        head = _base64({"alg": "HS256", "typ": "JWT"})
        body = f"{head}.{_base64(claims)}"
        signature = hmac.new(_SECRET, body.encode(), hashlib.sha256).digest()
        return f"{body}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"

    def log(self) -> str:
        """What it has logged."""
        path = self.folder / "dovecot.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def events(self) -> list[Event]:
        """Every mail that a client has moved, deleted or flagged, in order."""
        return [
            Event(datetime.strptime(at, "%Y-%m-%d %H:%M:%S.%f").astimezone(UTC), what, message_id)
            for at, what, message_id in _EVENT.findall(self.log())
        ]

    def _write(self) -> None:
        for name in ("run", "state", "mail", "keys/default/HS256"):
            (self.folder / name).mkdir(parents=True)
        # Debian's user for mail that belongs to nobody in particular.
        os.chown(self.folder / "mail", 8, 8)
        for parent in (self.folder, *self.folder.parents):
            if parent.stat().st_uid == os.geteuid() and parent != Path("/"):
                parent.chmod(parent.stat().st_mode | 0o055)
        (self.folder / "keys/default/HS256/default").write_bytes(base64.b64encode(_SECRET))
        (self.folder / "oauth2.conf.ext").write_text(
            "introspection_mode = local\nusername_attribute = email\n"
            f"local_validation_key_dict = fs:posix:prefix={self.folder}/keys/\n"
        )
        self._config.write_text(
            f"base_dir = {self.folder}/run\nstate_dir = {self.folder}/state\nlog_path = {self.folder}/dovecot.log\n"
            'log_timestamp = "%Y-%m-%d %H:%M:%S.%{usecs} "\n'
            f"protocols = imap\nlisten = 127.0.0.1\nauth_mechanisms = plain login xoauth2 oauthbearer\n{self._tls}"
            f"mail_location = maildir:{self.folder}/mail/%u\nmail_uid = 8\nmail_gid = 8\nfirst_valid_uid = 1\n"
            "first_valid_gid = 1\nauth_failure_delay = 0\nmail_max_userip_connections = 100\n"
            f"mail_plugins = notify mail_log\n{self._capability}"
            "plugin {\n  mail_log_events = delete expunge flag_change copy save append\n"
            "  mail_log_fields = uid box msgid flags\n}\n"
            f"service imap-login {{\n  chroot =\n  inet_listener imap {{\n    port = {self.port}\n  }}\n"
            f"  inet_listener imaps {{\n    port = {self.tls_port if self._has_tls() else 0}\n    ssl = yes\n  }}\n}}\n"
            "service stats {\n  chroot =\n}\nservice anvil {\n  chroot =\n}\n"
            f"passdb {{\n  driver = oauth2\n  mechanisms = xoauth2 oauthbearer\n  args = {self.folder}/oauth2.conf.ext\n}}\n"
            f"passdb {{\n  driver = static\n  mechanisms = plain login\n  args = password={PASSWORD}\n}}\n"
            "userdb {\n  driver = static\n  args = uid=8 gid=8 home=/nonexistent allow_all_users=yes\n}\n"
        )

    def _has_tls(self) -> bool:
        return self._tls.startswith("ssl = yes")


def _base64(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()
