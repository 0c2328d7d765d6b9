"""What was found when something was checked: a sentence, and where it is wrong, which rows and what to do."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at.

    Attributes:
        check: the name of what was looked at.
        remark: what was found, in a sentence.
        remedy: what to do; empty where nothing is wrong.
        rows: which rows are wrong, at most the first few of them.
        count: how many are wrong.
    """

    check: str
    remark: str
    remedy: str = ""
    rows: tuple[str, ...] = ()
    count: int = 0

    @property
    def right(self) -> bool:
        """Whether nothing is wrong."""
        return not self.remedy
