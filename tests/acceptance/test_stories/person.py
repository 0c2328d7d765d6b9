"""Somebody who writes to a desk that is played, from a mail program, and reads what comes back."""

from __future__ import annotations

import itertools
from datetime import datetime
from email.header import Header
from email.utils import format_datetime
from typing import Any

import dkim

from tests.acceptance.test_stories.played_desk import PlayedDesk, Told
from tests.running import body_of
from tests.unit.authentication.zone import KEY, SIGNED

_MAILS = itertools.count(1)


class Person:
    """A mail program of somebody's.

    Args:
        signs: whether their provider signs what they send (DKIM).
        reads: addresses whose mail they read beside their own, such as their team's.
    """

    def __init__(
        self,
        desk: PlayedDesk,
        name: str,
        address: str,
        *,
        signs: bool = True,
        reads: str = "",
    ) -> None:
        self.desk = desk
        self.name = name
        self.address = address
        self.signs = signs
        self._reads = {address, reads} - {""}

    def writes(
        self, text: str, *, subject: str, to: str = "support@example.test", **headers: str
    ) -> dict[str, Any]:
        """Send a new mail; its row in the ledger."""
        return self._sends(text, subject=subject, to=to, headers=headers)

    def replies(self, text: str, *, on: str = "", **headers: str) -> dict[str, Any]:
        """Answer the newest mail, or the newest made by the template `on`, with what it said below."""
        answered = self.last(on)
        mail = answered.mail
        references = f"{mail['References'] or ''} {mail['Message-ID']}".strip()
        quoted = "\n".join(f"> {line}" for line in body_of(mail).splitlines())
        above = f"{text}\n\n{self._attribution(mail['From'])}\n\n{quoted}"
        subject = str(mail["Subject"])
        return self._sends(
            above,
            subject=subject if subject.lower().startswith("re:") else f"Re: {subject}",
            to=str(mail["Reply-To"]),
            headers={"In_Reply_To": mail["Message-ID"], "References": references, **headers},
        )

    def last(self, template: str = "") -> Told:
        """The newest mail that they got, or the newest of a template."""
        mine = [
            each
            for each in self.desk.sent()
            if each.to in self._reads and (not template or each.template == template)
        ]
        assert mine, (
            f"{self.address} has got no {template or 'mail'}: {[str(each) for each in self.desk.sent()]}"
        )
        return mine[-1]

    def reads(self, template: str = "") -> str:
        """What the newest mail says, in one line."""
        return self.last(template).words

    def _attribution(self, author: str) -> str:
        now = self.desk.clock.now()
        language = self.last().language
        if language == "fr":
            return f"Le {now:%d/%m/%Y à %H:%M}, {author} a écrit :"
        return f"On {now:%a, %b %d, %Y at %H:%M}, {author} wrote:"

    def _sends(self, text: str, *, subject: str, to: str, headers: dict[str, str]) -> dict[str, Any]:
        raw = self._wire(text, subject=subject, to=to, headers=headers, now=self.desk.clock.now())
        if self.signs:
            domain = self.address.rpartition("@")[2]
            signature: bytes = dkim.sign(
                raw,
                b"s1",
                domain.encode(),
                KEY.private_pem,
                canonicalize=(b"relaxed", b"relaxed"),
                include_headers=list(SIGNED),
            )
            raw = signature + raw
        return self.desk.takes(raw, reverse_path=self.address, recipient=to)

    def _wire(self, text: str, *, subject: str, to: str, headers: dict[str, str], now: datetime) -> bytes:
        author = Header(self.name, "utf-8").encode() if not self.name.isascii() else self.name
        fields = {
            "From": f"{author} <{self.address}>",
            "To": to,
            "Subject": Header(subject, "utf-8").encode() if not subject.isascii() else subject,
            "Date": format_datetime(now),
            "Message-ID": f"<{next(_MAILS)}.{self.address}>",
            "MIME-Version": "1.0",
            "Content-Type": "text/plain; charset=utf-8",
            "Content-Transfer-Encoding": "8bit",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        return f"{head}\r\n".encode() + text.replace("\n", "\r\n").encode() + b"\r\n"
