"""mail-parser's reading of broken addresses and dates, in types of our own. Nothing else imports it.

It has been seen to find the address in names with commas, `@` and comments where the standard
library returns nothing or, worse, the wrong one; and it says when it had to guess.
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from mailparser.dates import parse_mail_date
from mailparser.utils import get_addresses

if TYPE_CHECKING:
    from collections.abc import Sequence


def recover_addresses(value: str) -> tuple[list[tuple[str, str]], list[str]]:
    """(name, address) pairs of an address field, and why some of it had to be guessed.

    Names are decoded after the structure has been read, so an encoded comma or angle is a letter.
    """
    diagnostics: list[dict[str, object]] = []
    pairs: Sequence[tuple[str, str]] = get_addresses(value, defects=diagnostics, decode_names=True)
    problems = [str(one.get("reason", "unclear")) for one in diagnostics]
    return [(name, address) for name, address in pairs if address], problems


def recover_date(value: str) -> datetime | None:
    """The instant that a Date field names, aware, UTC where no zone is told; None where none can be read."""
    found = parse_mail_date(value)
    if isinstance(found.value, datetime):
        return found.value
    try:
        date = parsedate_to_datetime(value)
        return date.replace(tzinfo=UTC) if date.tzinfo is None else date
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
