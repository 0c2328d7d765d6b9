"""What a mail may do: who writes, what it would do, on what evidence. One row a line."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum
from types import MappingProxyType

from gateway.domain.evidence import Level


class Role(StrEnum):
    """What the writer is to the ticket."""

    ANYONE = "anyone"
    AGENT = "agent"
    SUPPORT_LEAD = "support_lead"
    """An agent who decides escalations; every other deed is an agent's."""
    ACCOUNT_MANAGER = "account_manager"
    REQUESTER = "requester"
    """The requester or a participant."""
    COLLEAGUE = "colleague"
    STRANGER = "stranger"


class Deed(StrEnum):
    """What a mail would do."""

    OPEN = "open"
    COMMENT = "comment"
    """A comment; of an agent a public reply, which goes out to the customer."""
    NUMBER = "number"
    """The same with nothing but the ticket's number in the subject to tie it to the ticket."""
    ASK = "ask"
    """Nudge, ask for an escalation."""
    END = "end"
    """Close or reopen one's own request."""
    FLAG = "flag"
    """An account manager asks for news, an escalation or a priority."""
    NOTE = "note"
    """A note that only the desk sees."""
    WORK = "work"
    """State, priority, assignee, type."""
    DECIDE = "decide"
    """Approve or refuse an escalation."""


class Ruling(StrEnum):
    """What becomes of it."""

    ALLOW = "allow"
    MARK = "mark"
    """Allowed, and shown as unverified."""
    CONFIRM = "confirm"
    """Asked back at the known address, whose answer carries its token."""
    HOLD = "hold"
    """Kept for the desk, who let it in or drop it."""
    REFUSE = "refuse"
    """Not carried out; the known address is told."""
    QUARANTINE = "quarantine"
    """Kept apart, for somebody pretends."""
    NEVER = "never"
    """Not for this role, whatever proves it."""


# fmt: off
_ROWS = (
    # who                 does        E4         E3         E2         E1         E0
    ("anyone",          "open",     "allow",   "allow",   "allow",   "mark",    "hold"),
    ("requester",       "comment",  "allow",   "allow",   "allow",   "mark",    "quarantine"),
    ("requester",       "number",   "allow",   "allow",   "allow",   "hold",    "quarantine"),
    ("requester",       "ask",      "allow",   "allow",   "allow",   "confirm", "quarantine"),
    ("requester",       "end",     "allow",   "allow",   "allow",   "confirm", "quarantine"),
    ("colleague",       "comment",  "allow",   "allow",   "hold",    "hold",    "quarantine"),
    ("colleague",       "number",   "allow",   "allow",   "hold",    "hold",    "quarantine"),
    ("colleague",       "ask",      "allow",   "confirm", "hold",    "hold",    "quarantine"),
    ("stranger",        "comment",  "hold",    "hold",    "hold",    "hold",    "quarantine"),
    ("stranger",        "number",   "hold",    "hold",    "hold",    "hold",    "quarantine"),
    ("account_manager", "comment",  "allow",   "allow",   "allow",   "refuse",  "quarantine"),
    ("account_manager", "number",   "allow",   "allow",   "allow",   "refuse",  "quarantine"),
    ("account_manager", "note",     "allow",   "allow",   "allow",   "refuse",  "quarantine"),
    ("account_manager", "flag",     "allow",   "confirm", "confirm", "refuse",  "quarantine"),
    ("agent",           "comment",  "allow",   "hold",    "hold",    "refuse",  "quarantine"),
    ("agent",           "number",   "allow",   "hold",    "hold",    "refuse",  "quarantine"),
    ("agent",           "note",     "allow",   "hold",    "hold",    "refuse",  "quarantine"),
    ("agent",           "work",     "allow",   "hold",    "hold",    "refuse",  "quarantine"),
    ("support_lead",    "decide",   "allow",   "confirm", "hold",    "refuse",  "quarantine"),
)
# fmt: on

_LEVELS = (Level.E4, Level.E3, Level.E2, Level.E1, Level.E0)
_STAFF = frozenset({Role.AGENT, Role.ACCOUNT_MANAGER, Role.SUPPORT_LEAD})
TABLE = MappingProxyType(
    {
        (Role(who), Deed(deed), level): Ruling(ruling)
        for who, deed, *rulings in _ROWS
        for level, ruling in zip(_LEVELS, rulings, strict=True)
    }
)


def row_of(role: Role, deed: Deed, roles: Collection[str]) -> tuple[Role, Deed]:
    """Which row of the table speaks of a deed that somebody of the desk asks for as anybody may.

    Args:
        roles: of the writer, as the desk file has them.
    """
    if role is Role.ACCOUNT_MANAGER and deed is Deed.ASK:
        return role, Deed.FLAG
    if role is Role.AGENT and deed in {Deed.ASK, Deed.END}:
        return role, Deed.WORK
    if role is Role.AGENT and deed is Deed.DECIDE and "support_lead" in roles:
        return Role.SUPPORT_LEAD, deed
    return role, deed


def ruling(role: Role, deed: Deed, level: Level, *, staff_token_suffices: bool) -> Ruling:
    """What becomes of a mail by `role` that would do `deed` on evidence `level`.

    Where `trust.staff` is `token`, a token proves somebody of the desk: E2 counts as E4.
    """
    if role in _STAFF and level is Level.E2 and staff_token_suffices:
        level = Level.E4
    return TABLE.get((role, deed, level), Ruling.NEVER)
