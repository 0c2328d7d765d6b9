"""The arguments of MAIL and RCPT: a path in angle brackets and parameters (RFC 5321 section 4.1.2)."""

from __future__ import annotations

import re

from gateway.domain.address import parse_addr_spec

# What nearly every client sends; the general reading below says the same, more slowly.
_PLAIN = re.compile(rb"<([A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{0,64}@?[A-Za-z0-9.-]{0,255})>")
_QUOTED_LOCAL_PART = re.compile(r'"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\[\x20-\x7e]){0,62}"')
_MAX_BYTES = 1024


class BadPath(ValueError):
    """Not a path; nothing more is told."""


def read_path(argument: bytes) -> tuple[str, dict[str, str]]:
    """The address (empty for `<>`) and the parameters, keywords in upper case.

    Source routes are refused: RFC 5321 section 4.1.2 lets a server do so, and nobody sends them.

    Raises:
        BadPath: not a path, or an address that no strict reading knows.
    """
    argument = argument.strip()
    if len(argument) > _MAX_BYTES or not argument.startswith(b"<"):
        raise BadPath
    found = _PLAIN.match(argument)
    if found:
        address, rest = found[1].decode("ascii"), argument[found.end() :]
    else:
        end = argument.rfind(b">")
        if end < 0:
            raise BadPath
        try:
            address = argument[1:end].decode("utf-8")
        except UnicodeDecodeError as error:
            raise BadPath from error
        rest = argument[end + 1 :]
    if address and not _is_address(address):
        raise BadPath
    if rest and not rest.startswith(b" "):
        raise BadPath
    return address, _parameters(rest)


def _is_address(address: str) -> bool:
    if parse_addr_spec(address) is not None or address.lower() == "postmaster":
        return True
    local_part, _, domain = address.rpartition("@")
    return bool(_QUOTED_LOCAL_PART.fullmatch(local_part)) and parse_addr_spec(f"x@{domain}") is not None


def _parameters(rest: bytes) -> dict[str, str]:
    found: dict[str, str] = {}
    try:
        words = rest.decode("ascii").split()
    except UnicodeDecodeError as error:
        raise BadPath from error
    for word in words:
        keyword, _, value = word.partition("=")
        found[keyword.upper()] = value
    return found
