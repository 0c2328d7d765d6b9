"""A held mail as somebody of the desk sees it who decides on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from gateway.domain.reading.tables import ReadingTables
from gateway.errors import UnreadableMail
from gateway.pipeline.classify import classify
from gateway.pipeline.mask_links import mask_links
from gateway.pipeline.parse import parse
from gateway.ports import LedgerEntry, Signer

# What is longer is decided on by its subject, or read by `gateway mail raw`.
_LONGEST_READ = 256 * 1024


class MailLedger(Protocol):
    """The ledger, for a look at one mail."""

    def entry(self, number: int) -> LedgerEntry:
        """The row; raises NotFound."""

    def raw(self, number: int) -> bytes:
        """The bytes."""


@dataclass(frozen=True, slots=True)
class ShownMail:
    """What is shown of it; all of it is strangers' text.

    Attributes:
        text: what its writer newly wrote, or empty where that was not read.
    """

    number: int
    author: str
    subject: str
    reason: str
    text: str


def look_at_held(number: int, ledger: MailLedger, tables: ReadingTables, signer: Signer) -> ShownMail:
    """The mail; raises NotFound."""
    entry = ledger.entry(number)
    text = ""
    if entry.size <= _LONGEST_READ:
        try:
            classified = classify(
                parse(ledger.raw(number)), tables, null_sender=not entry.envelope.reverse_path
            )
            text = classified.zones.reply or classified.mail.text
        except UnreadableMail:
            text = ""
    return ShownMail(number, entry.author, entry.subject, entry.reason, mask_links(text, signer))
