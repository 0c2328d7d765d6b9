"""What a mail may do: who writes, what it would do, on what evidence. One row a line."""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType

from gateway.domain.evidence import Level


class Role(StrEnum):
    """What the writer is to the ticket."""

    ANYONE = "anyone"
    AGENT = "agent"
    ACCOUNT_MANAGER = "account_manager"
    REQUESTER = "requester"
    """The requester or a participant."""
    COLLEAGUE = "colleague"
    STRANGER = "stranger"


class Deed(StrEnum):
    """What a mail would do."""

    OPEN = "open"
    COMMENT = "comment"
    NUMBER = "number"
    """A comment with nothing but the ticket's number in the subject to speak for it."""


class Ruling(StrEnum):
    """What becomes of it."""

    ALLOW = "allow"
    MARK = "mark"
    """Allowed, and shown as unverified."""
    HOLD = "hold"
    """Kept for the desk, who let it in or drop it."""
    QUARANTINE = "quarantine"
    """Kept apart, for somebody pretends."""
    SETTING = "setting"
    """Allowed where `trust.staff` is `token`, else held."""


# fmt: off
_ROWS = (
    # who                 does          E4            E3            E2            E1           E0
    ("anyone",          "open",     "allow",      "allow",      "allow",      "mark",      "hold"),
    ("requester",       "comment",  "allow",      "allow",      "allow",      "mark",      "quarantine"),
    ("requester",       "number",   "allow",      "allow",      "allow",      "hold",      "quarantine"),
    ("colleague",       "comment",  "allow",      "allow",      "hold",       "hold",      "quarantine"),
    ("colleague",       "number",   "allow",      "allow",      "hold",       "hold",      "quarantine"),
    ("stranger",        "comment",  "hold",       "hold",       "hold",       "hold",      "quarantine"),
    ("stranger",        "number",   "hold",       "hold",       "hold",       "hold",      "quarantine"),
    ("account_manager", "comment",  "allow",      "allow",      "allow",      "hold",      "quarantine"),
    ("account_manager", "number",   "allow",      "allow",      "hold",       "hold",      "quarantine"),
    ("agent",           "comment",  "allow",      "hold",       "setting",    "hold",      "quarantine"),
    ("agent",           "number",   "allow",      "hold",       "hold",       "hold",      "quarantine"),
)
# fmt: on

_LEVELS = (Level.E4, Level.E3, Level.E2, Level.E1, Level.E0)
TABLE = MappingProxyType(
    {
        (Role(who), Deed(deed), level): Ruling(ruling)
        for who, deed, *rulings in _ROWS
        for level, ruling in zip(_LEVELS, rulings, strict=True)
    }
)


def ruling(role: Role, deed: Deed, level: Level, *, staff_token_suffices: bool) -> Ruling:
    """What becomes of a mail by `role` that would do `deed` on evidence `level`."""
    found = TABLE[role, deed, level]
    if found is Ruling.SETTING:
        return Ruling.ALLOW if staff_token_suffices else Ruling.HOLD
    return found
