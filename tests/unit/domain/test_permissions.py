"""What a mail may do, cell by cell: the table of the code against one written here by hand."""

from __future__ import annotations

import pytest

from gateway.domain.evidence import Level
from gateway.domain.permissions import TABLE, Deed, Role, Ruling, ruling

# who, does: on E4, E3, E2, E1, E0. A = allowed, M = allowed and marked, C = asked back, H = held,
# R = refused, Q = quarantined.
CELLS = {
    (Role.ANYONE, Deed.OPEN): "AAAMH",
    (Role.REQUESTER, Deed.COMMENT): "AAAMQ",
    (Role.REQUESTER, Deed.NUMBER): "AAAHQ",
    (Role.REQUESTER, Deed.ASK): "AAACQ",
    (Role.REQUESTER, Deed.END): "AAACQ",
    (Role.COLLEAGUE, Deed.COMMENT): "AAHHQ",
    (Role.COLLEAGUE, Deed.NUMBER): "AAHHQ",
    (Role.COLLEAGUE, Deed.ASK): "ACHHQ",
    (Role.STRANGER, Deed.COMMENT): "HHHHQ",
    (Role.STRANGER, Deed.NUMBER): "HHHHQ",
    (Role.ACCOUNT_MANAGER, Deed.COMMENT): "AAARQ",
    (Role.ACCOUNT_MANAGER, Deed.NUMBER): "AAARQ",
    (Role.ACCOUNT_MANAGER, Deed.NOTE): "AAARQ",
    (Role.ACCOUNT_MANAGER, Deed.FLAG): "ACCRQ",
    (Role.AGENT, Deed.COMMENT): "AHHRQ",
    (Role.AGENT, Deed.NUMBER): "AHHRQ",
    (Role.AGENT, Deed.NOTE): "AHHRQ",
    (Role.AGENT, Deed.WORK): "AHHRQ",
    (Role.SUPPORT_LEAD, Deed.DECIDE): "ACHRQ",
}
LETTERS = {
    "A": Ruling.ALLOW,
    "M": Ruling.MARK,
    "C": Ruling.CONFIRM,
    "H": Ruling.HOLD,
    "R": Ruling.REFUSE,
    "Q": Ruling.QUARANTINE,
}
LEVELS = (Level.E4, Level.E3, Level.E2, Level.E1, Level.E0)
STAFF = (Role.AGENT, Role.ACCOUNT_MANAGER, Role.SUPPORT_LEAD)
EVERY_CELL = [
    pytest.param(role, deed, level, LETTERS[letter], id=f"{role} {deed} {level.name}")
    for (role, deed), letters in CELLS.items()
    for level, letter in zip(LEVELS, letters, strict=True)
]


@pytest.mark.parametrize(("role", "deed", "level", "expected"), EVERY_CELL)
def test_a_cell_says_what_it_should(role: Role, deed: Deed, level: Level, expected: Ruling) -> None:
    assert ruling(role, deed, level, staff_token_suffices=False) is expected
    if role in STAFF and level is Level.E2:
        assert ruling(role, deed, level, staff_token_suffices=True) is Ruling.ALLOW
    else:
        assert ruling(role, deed, level, staff_token_suffices=True) is expected


def test_the_table_has_these_cells_and_no_others() -> None:
    assert set(TABLE) == {(role, deed, level) for role, deed in CELLS for level in LEVELS}


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("deed", Deed)
def test_what_the_table_does_not_know_is_never_allowed(role: Role, deed: Deed) -> None:
    if (role, deed) not in CELLS:
        for level in LEVELS:
            assert ruling(role, deed, level, staff_token_suffices=True) is Ruling.NEVER


@pytest.mark.parametrize(("role", "deed"), CELLS)
def test_better_evidence_never_loses_a_right(role: Role, deed: Deed) -> None:
    """But E2, which is another proof than E3 and not a lesser one."""
    rank = {letter: number for number, letter in enumerate("QRHCMA")}
    letters = CELLS[role, deed]
    for order in ((4, 3, 2, 0), (4, 3, 1, 0)):
        found = [rank[letters[position]] for position in order]
        assert found == sorted(found)


@pytest.mark.parametrize("role", STAFF)
@pytest.mark.parametrize("deed", Deed)
def test_a_claimed_name_of_the_desk_opens_no_door(role: Role, deed: Deed) -> None:
    for level in (Level.E0, Level.E1):
        for setting in (True, False):
            assert ruling(role, deed, level, staff_token_suffices=setting) in {
                Ruling.REFUSE,
                Ruling.QUARANTINE,
                Ruling.NEVER,
            }
