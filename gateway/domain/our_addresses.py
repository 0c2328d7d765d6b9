"""The addresses and ids that we hand out: desk addresses, `local+token@domain`, our Message-IDs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gateway.domain.desk import Desk

BOUNCE_LOCAL_PART = "bounces"
SEPARATOR = "+"


def with_token(local_part: str, token: str, domain: str) -> str:
    """A subaddress (RFC 5233 section 4) that carries a token."""
    return f"{local_part}{SEPARATOR}{token}@{domain}"


def message_id(token: str, domain: str) -> str:
    """A Message-ID of ours, without angle brackets."""
    return f"{token}@{domain}"


@dataclass(frozen=True, slots=True)
class Subaddress:
    """The two words of `local+detail` at our domain."""

    local_part: str
    detail: str


def subaddress(key: str, desk: Desk) -> Subaddress | None:
    """The parts of an address of ours that may carry a token, or None for any other address.

    Args:
        key: comparison form of an address.
    """
    local_part, _, domain = key.rpartition("@")
    if domain != desk.domain:
        return None
    name, separator, detail = local_part.partition(SEPARATOR)
    if not separator or (name != BOUNCE_LOCAL_PART and not _is_desk_local_part(name, desk)):
        return None
    return Subaddress(name, detail)


def _is_desk_local_part(name: str, desk: Desk) -> bool:
    return any(key.rpartition("@")[0] == name for key in desk.addresses)


def desk_address_among(keys: Iterable[str], desk: Desk) -> str:
    """The first of `keys` that is an address of the desk, or belongs to one, else the default one."""
    for key in keys:
        if key in desk.addresses:
            return key
        local_part, _, domain = key.rpartition("@")
        plain = f"{local_part.partition(SEPARATOR)[0]}@{domain}"
        if plain in desk.addresses:
            return plain
    return desk.default_address().key


def is_ours(key: str, desk: Desk) -> bool:
    """Whether mail from this address is mail that we wrote ourselves."""
    return key in desk.addresses or subaddress(key, desk) is not None
