"""The envelope of a mail that lay in a mailbox: what its server wrote down, as far as it can be used."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from gateway.domain.address import author_key, parse_addr_spec
from gateway.domain.desk import Desk
from gateway.domain.envelope import Envelope
from gateway.domain.our_addresses import subaddress
from gateway.errors import ForgedToken, UnknownRecipient, UnreadableMail
from gateway.parsing.fields import Fields, read_fields, split_block
from gateway.pipeline.receive import check_recipient
from gateway.ports import Signer

UNKNOWN = "unknown"
# Where servers write the envelope's recipient.
_RECIPIENT_FIELDS = ("delivered-to", "x-original-to", "envelope-to", "x-delivered-to")
_LOOKED_AT = 20


def envelope_of(
    raw: bytes,
    recipient: str,
    desk: Desk,
    signer: Signer,
    *,
    tls: bool,
    received_at: datetime,
    historic: bool,
) -> Envelope:
    """An envelope for `raw`.

    The reverse path is the topmost Return-Path (RFC 5321 section 4.4: the final delivery puts it
    there). Where a server writes none, a stranger could: all they gain is that their own mail is
    taken for a bounce. Recipients are the mailbox's desk address, and each reply or bounce address
    that was signed by us: any field may name one, for the signature is what proves it.

    Args:
        recipient: the desk address that the mailbox stands for.
        received_at: when the server got it.
        historic: see `Envelope`.
    """
    fields = _fields(raw)
    return Envelope(
        channel="imap",
        reverse_path=_reverse_path(fields.first("return-path")),
        recipients=(recipient, *dict.fromkeys(_signed(fields, desk, signer))),
        peer="",
        helo="",
        tls=tls,
        received_at=received_at,
        historic=historic,
    )


def _fields(raw: bytes) -> Fields:
    try:
        return read_fields(split_block(raw, 0, len(raw))[0])
    except UnreadableMail:
        # It is stored all the same, and becomes a ticket for somebody to look at.
        return Fields()


def _reverse_path(value: str) -> str:
    value = value.strip()
    if value.replace(" ", "") == "<>":
        return ""
    return parse_addr_spec(value.removeprefix("<").removesuffix(">")) or UNKNOWN


def _signed(fields: Fields, desk: Desk, signer: Signer) -> Iterator[str]:
    values = [value for name in _RECIPIENT_FIELDS for value in fields.all(name)[:_LOOKED_AT]]
    for value in values:
        address = parse_addr_spec(value.strip().removeprefix("<").removesuffix(">"))
        if address is None or subaddress(author_key(address), desk) is None:
            continue
        try:
            check_recipient(address, desk, signer)
        except (UnknownRecipient, ForgedToken):
            continue
        yield address
