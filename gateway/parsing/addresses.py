"""Address fields: who is named, and whether the From line names exactly one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.utils import getaddresses

from gateway.domain.address import Mailbox, parse_addr_spec
from gateway.domain.text import clean_line
from gateway.parsing.fields import Fields
from gateway.parsing.limits import MAILBOXES
from gateway.parsing.recovery import recover_addresses
from gateway.parsing.words import decode_words

_ADDRESS = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9.-]+"
# What every reader reads alike: an address alone, or a phrase without special characters, or a quoted
# one without escapes, and an address in angle brackets.
_UNDISPUTED = re.compile(
    rf"[ \t]*(?:({_ADDRESS})|(?:\"([^\"\\]*)\"|([^\"\\()<>\[\]:;@,]*?))[ \t]*<({_ADDRESS})>)[ \t]*"
)
_SALVAGE = re.compile(r"[^\s<>\[\]()\",;:]{1,64}@[^\s<>\[\]()\",;:@]{1,255}")
_LOCAL = re.compile(r"[ \t]*([^<>]{0,400}?)[ \t]*<([^\s<>@]{1,64})>[ \t]*")
_ONE_AT_END = re.compile(rf"([^<>()]*)<({_ADDRESS})>[ \t]*")
_MAX_FROM = 4000


@dataclass(frozen=True, slots=True)
class Author:
    """The From line: as it can be shown, who it strictly is, and why it is nobody."""

    mailbox: Mailbox
    identity: str | None
    conflicts: tuple[str, ...]
    defects: tuple[str, ...]


def read_mailboxes(values: list[str]) -> tuple[Mailbox, ...]:
    """All mailboxes of an address field, broken ones as far as they can be told; at most MAILBOXES."""
    found: list[Mailbox] = []
    for value in values:
        if not value:
            continue
        found.extend(_undisputed(value) or _recovered(value)[0])
        if len(found) >= MAILBOXES:
            break
    return tuple(found[:MAILBOXES])


def read_author(fields: Fields) -> Author:
    """Who wrote a mail, as its From says; Sender and Reply-To never decide (RFC 5322 section 3.6.2)."""
    values = fields.all("from")
    if not values:
        shown = read_mailboxes(fields.all("sender"))
        return Author(shown[0] if shown else Mailbox("", ""), None, ("no From",), ())
    conflicts: list[str] = []
    if len(values) > 1:
        conflicts.append(f"{len(values)} From fields")
    match = _UNDISPUTED.fullmatch(values[0])
    if match and parse_addr_spec(match[1] or match[4]):
        mailbox = _mailbox(match)
        return Author(mailbox, None if conflicts else mailbox.address, tuple(conflicts), ())
    mailboxes, problems = _recovered(values[0])
    conflicts.extend(_disagreement(values[0], mailboxes))
    shown_one = mailboxes[0] if mailboxes else Mailbox(clean_line(decode_words(values[0]), limit=200), "")
    defects = (f"From read as {shown_one.address!r}: {', '.join(problems)}",) if problems else ()
    return Author(shown_one, None if conflicts else shown_one.address, tuple(conflicts), defects)


def _undisputed(value: str) -> list[Mailbox]:
    """The mailboxes of a plainly written list, or none when any of it is unusual."""
    match = _UNDISPUTED.fullmatch(value)
    if match:
        return [_mailbox(match)]
    if '"' in value or "," not in value:
        return []
    matches = [_UNDISPUTED.fullmatch(one) for one in value.split(",")]
    return [_mailbox(one) for one in matches if one] if all(matches) else []


def _mailbox(match: re.Match[str]) -> Mailbox:
    address = match[1] or match[4]
    name = match[2] if match[2] is not None else (match[3] or "")
    return Mailbox(clean_line(decode_words(name), limit=200), address)


def _recovered(value: str) -> tuple[list[Mailbox], list[str]]:
    pairs, problems = recover_addresses(value)
    mailboxes = [
        Mailbox(clean_line(decode_words(name), limit=200), clean_line(address, limit=320))
        for name, address in pairs[:MAILBOXES]
    ]
    if not mailboxes and problems:
        mailboxes = _salvaged(value)
    return mailboxes, problems


def _salvaged(value: str) -> list[Mailbox]:
    """What can be shown of a field in which no reader finds a mailbox: addresses, or a local name in brackets."""
    addresses = [found[0].strip("'.") for found in _SALVAGE.finditer(value)][:MAILBOXES]
    if addresses:
        return [Mailbox("", clean_line(address, limit=320)) for address in addresses]
    local = _LOCAL.fullmatch(value)
    return [Mailbox(clean_line(decode_words(local[1]), limit=200), local[2])] if local else []


def _disagreement(value: str, mailboxes: list[Mailbox]) -> list[str]:
    """Why a From line that is not plainly written names nobody; empty when no reader can find another address.

    That is a phrase with odd characters before one address in angle brackets at the end, and no other
    address in the phrase: an unquoted comma, an escaped quote, the address for a name.
    """
    if len(value) > _MAX_FROM:
        return ["From is too long to be read by all readers alike"]
    if len({mailbox.address for mailbox in mailboxes}) != 1:
        return [f"From names {len(mailboxes)} addresses" if mailboxes else "From names no address"]
    match = _ONE_AT_END.fullmatch(value)
    address = match[2] if match else ""
    if match is None or parse_addr_spec(address) is None:
        return ["From is not one plain address"]
    others = {found[0].strip("'.\"") for found in _SALVAGE.finditer(match[1])} | (
        {"@"} if "@" in match[1] else set()
    )
    if others - {address, "@"} or ("@" in others and len(others) == 1):
        return ["From names another address beside its own"]
    theirs = {found for _, found in getaddresses([value]) if "@" in found}
    return (
        [] if theirs == {address} == {mailboxes[0].address} else ["readers disagree on the address in From"]
    )
