"""The way out for a desk that only tries things: one file a mail, as a final delivery leaves it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from gateway.errors import RelayDeferred
from gateway.ports import Delivery, OutgoingMail


class FolderTransport:
    """Writes `<outbox id>.eml`; a mail that is sent again after a crash is the same file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, mails: Sequence[OutgoingMail]) -> Iterable[Delivery]:
        """Write each to a temporary name, make it durable, and only then give it its own."""
        for mail in mails:
            try:
                self._write(mail)
            except OSError as error:
                reply = f"{self._folder}: {error.strerror}"
                yield Delivery(mail.id, reply, RelayDeferred(reply))
            else:
                yield Delivery(mail.id, "written", None)

    def _write(self, mail: OutgoingMail) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{mail.id:09d}.eml"
        unfinished = path.with_suffix(".part")
        # RFC 5321 section 4.4: a final delivery puts the reverse path in front.
        trace = f"Return-Path: <{mail.reverse_path}>\r\nDelivered-To: {mail.recipient}\r\n"
        with unfinished.open("wb") as file:
            file.write(trace.encode() + mail.content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)

    def close(self) -> None:
        """Nothing is kept open."""
