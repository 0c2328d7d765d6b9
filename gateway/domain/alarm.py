"""Something that is wrong and that only an operator can mend."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that an operator has to look at.

    Attributes:
        key: what is wrong, the same as long as it is: `mailbox support stopped`.
        raised_at: since when it is so.
    """

    key: str
    reason: str
    raised_at: datetime
