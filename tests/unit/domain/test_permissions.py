"""What a mail may do, cell by cell: the table of the code against one written here by hand."""

from __future__ import annotations

import pytest

from gateway.domain.evidence import Level
from gateway.domain.permissions import TABLE, Deed, Role, Ruling, ruling

# who, does: on E4, E3, E2, E1, E0. A = allowed, M = allowed and marked, H = held, Q = quarantined,
# S = as `trust.staff` says.
CELLS = {
    (Role.ANYONE, Deed.OPEN): "AAAMH",
    (Role.REQUESTER, Deed.COMMENT): "AAAMQ",
    (Role.REQUESTER, Deed.NUMBER): "AAAHQ",
    (Role.COLLEAGUE, Deed.COMMENT): "AAHHQ",
    (Role.COLLEAGUE, Deed.NUMBER): "AAHHQ",
    (Role.STRANGER, Deed.COMMENT): "HHHHQ",
    (Role.STRANGER, Deed.NUMBER): "HHHHQ",
    (Role.ACCOUNT_MANAGER, Deed.COMMENT): "AAAHQ",
    (Role.ACCOUNT_MANAGER, Deed.NUMBER): "AAHHQ",
    (Role.AGENT, Deed.COMMENT): "AHSHQ",
    (Role.AGENT, Deed.NUMBER): "AHHHQ",
}
LETTERS = {
    "A": Ruling.ALLOW,
    "M": Ruling.MARK,
    "H": Ruling.HOLD,
    "Q": Ruling.QUARANTINE,
    "S": Ruling.SETTING,
}
LEVELS = (Level.E4, Level.E3, Level.E2, Level.E1, Level.E0)
EVERY_CELL = [
    pytest.param(role, deed, level, LETTERS[letter], id=f"{role} {deed} {level.name}")
    for (role, deed), letters in CELLS.items()
    for level, letter in zip(LEVELS, letters, strict=True)
]


@pytest.mark.parametrize(("role", "deed", "level", "expected"), EVERY_CELL)
def test_a_cell_says_what_it_should(role: Role, deed: Deed, level: Level, expected: Ruling) -> None:
    assert TABLE[role, deed, level] is expected
    if expected is Ruling.SETTING:
        assert ruling(role, deed, level, staff_token_suffices=True) is Ruling.ALLOW
        assert ruling(role, deed, level, staff_token_suffices=False) is Ruling.HOLD
    else:
        assert ruling(role, deed, level, staff_token_suffices=True) is expected
        assert ruling(role, deed, level, staff_token_suffices=False) is expected


def test_the_table_has_no_hole() -> None:
    """Whoever is something to a ticket may be asked about both deeds, on every level."""
    asked = {
        (role, deed, level)
        for role in Role
        if role is not Role.ANYONE
        for deed in (Deed.COMMENT, Deed.NUMBER)
        for level in Level
    } | {(Role.ANYONE, Deed.OPEN, level) for level in Level}

    assert set(TABLE) == asked


@pytest.mark.parametrize(("role", "deed"), CELLS)
def test_better_evidence_never_loses_a_right(role: Role, deed: Deed) -> None:
    """But for the agent's reply token, which `trust.staff` may value above a signature."""
    rank = {Ruling.QUARANTINE: 0, Ruling.HOLD: 1, Ruling.MARK: 2, Ruling.ALLOW: 3}
    found = [rank[ruling(role, deed, level, staff_token_suffices=False)] for level in sorted(Level)]

    assert found == sorted(found)


@pytest.mark.parametrize("level", [Level.E0, Level.E1])
@pytest.mark.parametrize("role", [Role.AGENT, Role.ACCOUNT_MANAGER, Role.COLLEAGUE, Role.STRANGER])
def test_a_claimed_name_alone_opens_no_door(role: Role, level: Level) -> None:
    for deed in (Deed.COMMENT, Deed.NUMBER):
        for setting in (True, False):
            assert ruling(role, deed, level, staff_token_suffices=setting) in {
                Ruling.HOLD,
                Ruling.QUARANTINE,
            }
