"""Mail addresses: a strict reading, and the form in which two of them are compared."""

from __future__ import annotations

import re
from dataclasses import dataclass

import idna

from gateway.errors import UnsafeMail

_ATEXT = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]"
_PLAIN = re.compile(rf"{_ATEXT}+(?:\.{_ATEXT}+)*@(?:[A-Za-z0-9-]+\.)+[A-Za-z0-9-]+")
_MAX_LOCAL = 64
_MAX_DOMAIN = 255
_MAX_LABEL = 63


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A display name (may be empty) and an address as it was written."""

    name: str
    address: str


def parse_addr_spec(text: str) -> str | None:
    """`text` itself when it is one strict addr-spec, else None.

    A dot-atom, `@`, and a domain of at least two labels, in ASCII or internationalised (RFC 6531):
    no comment, no quoted local part, no address literal, no trailing dot. Those are legal (RFC 5322
    section 3.4.1) and nobody's real address, but two parsers may read them as two addresses, so they
    identify nobody.
    """
    local, at, domain = text.rpartition("@")
    if not at or len(local.encode("utf-8", "replace")) > _MAX_LOCAL or len(domain) > _MAX_DOMAIN:
        return None
    if "=?" in local:
        # Atom characters, all of them; but some readers decode an encoded word wherever it stands.
        return None
    if text.isascii():
        if not _PLAIN.fullmatch(text):
            return None
        labels = domain.split(".")
        if any(len(label) > _MAX_LABEL or label[0] == "-" or label[-1] == "-" for label in labels):
            return None
        return text
    return text if _is_international_local(local) and _a_label(domain) is not None else None


def author_key(address: str) -> str:
    """The form in which two addresses are compared: lower case, the domain as A-labels.

    Local parts are folded although RFC 5321 section 2.4 keeps their case: no desk has two customers
    who differ in it. An address that is not a strict one compares equal to nothing but itself.
    """
    if address.isascii():
        return address.lower()
    local, at, domain = address.rpartition("@")
    encoded = _a_label(domain)
    return f"{local.lower()}{at}{encoded}" if encoded is not None else address.lower()


def _a_label(domain: str) -> str | None:
    # Not the stdlib codec, which is IDNA 2003 and maps one registrable name onto another
    # (RFC 5891; `ß` and `ss` are two domains).
    try:
        encoded = idna.encode(domain, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        return None
    return encoded.lower() if "." in encoded and not encoded.endswith(".") else None


def _is_international_local(local: str) -> bool:
    return bool(local) and all(
        atom and all(re.match(_ATEXT, char) or (char > "\x7f" and char.isalnum()) for char in atom)
        for atom in local.split(".")
    )


def wire_address(address: str) -> str:
    """An address in ASCII, its domain as A-labels (RFC 5891).

    Raises:
        UnsafeMail: it is no strict address, or its local part needs a relay with SMTPUTF8.
    """
    if parse_addr_spec(address) is None:
        raise UnsafeMail("not a mail address")
    if address.isascii():
        return address
    local_part, _, _ = address.rpartition("@")
    if not local_part.isascii():
        raise UnsafeMail("the local part of the address is not ASCII")
    return f"{local_part}@{author_key(address).rpartition('@')[2]}"
