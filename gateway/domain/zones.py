"""The zones of a body: nothing is deleted, every line belongs to one of them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Zones:
    """A body split by who wrote what.

    Attributes:
        reply: what the writer newly wrote, inline answers included, without the signature.
        signature: sign-off block, mobile signature, disclaimer.
        quoted: earlier mails, by whatever mark they are set off.
    """

    reply: str
    signature: str
    quoted: str
