"""The line above a quote, "On Tuesday, 3 March 2026 at 10:12, Lea Martin <lea@x.test> wrote:".

Every client has its own, in every language, on one line or wrapped over four. What they share: a verb
of the list, a date, a time, an address, a colon at the end. Two or three of these together make one;
a sentence that only begins like one is left alone.
"""

from __future__ import annotations

import re

from gateway.domain.reading.folding import fold
from gateway.domain.reading.tables import QuoteTables

MAX_LINES = 5
VERB_END = 4
"""So many last characters of a verb are looked at before anything else."""
_MAX_CHARS = 600
_MIN_WRAPPED = 20
_DATE = re.compile(
    r"(?<!\d)(?:(?:19|20)\d\d(?!\d)|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}(?!\d)|\d{1,4}[年년]|\d{1,2}월)"
)
_YEARLESS = re.compile(r"(?<!\d)\d{1,2}\.? [^\W\d_]{3,10}|[^\W\d_]{3,10}\.? \d{1,2}(?!\d)")
_TIME = re.compile(r"(?<!\d)\d{1,2}(?:[:.h]|[ ]h[ ]|[時时시])[ ]?\d{2}(?!\d)")
_ADDRESS = re.compile(r"[^\s<>@,;:\"()\[\]]{1,64}@[^\s<>@,;:\"()\[\]]{2,}")
_ADDRESS_AT_END = re.compile(r"<[^<>]{0,200}@[^<>]{1,200}>[ ]*(?:[^\s<>:：]{1,20}[ ]*)?[:：]$")
_ORNAMENTS = "-_=*~# \t>|\u00a0\u200e\u200f\u202f"
_ENDS = (":", "：")


def attribution_start(
    lines: list[str], at: int, first: int, tables: QuoteTables, *, quoted_next: bool
) -> int | None:
    """The index of the first line of the attribution that ends at `lines[at]`, or None.

    Args:
        first: no line before this one belongs to it.
        quoted_next: whether the next line with text is marked as a quote.
    """
    joined = ""
    for start in range(at, max(first, at - MAX_LINES + 1) - 1, -1):
        line = lines[start].strip(_ORNAMENTS) if start == at else lines[start].strip()
        if not line:
            break
        joined = f"{line} {joined}" if joined else line
        if len(joined) > _MAX_CHARS:
            break
        if _is_attribution(joined, tables, quoted_next=quoted_next):
            return _with_date(lines, start, first, joined, tables)
    return None


def _with_date(lines: list[str], start: int, first: int, joined: str, tables: QuoteTables) -> int:
    """Take in the lines above that hold the date or the address when the rest already spoke for itself."""
    if _starts_like_one(joined, tables) or (joined[0].isdigit() and _DATE.search(joined)):
        return start
    dated = _DATE.search(joined) is not None
    above = joined
    for candidate in range(start - 1, max(first, start - MAX_LINES + 1) - 1, -1):
        line = lines[candidate].strip()
        above = f"{line} {above}"
        if len(line) < _MIN_WRAPPED or line[-1] in "!?:;":
            break
        missing = _ADDRESS.search(line) if dated else (_DATE.search(line) or _TIME.search(line))
        if missing:
            return candidate
    return start


def _starts_like_one(text: str, tables: QuoteTables) -> bool:
    beginning = text[:40]
    words = fold(beginning).split(" ", 2)
    return any(map(str.isdigit, beginning)) and (
        words[0] in tables.starters or " ".join(words[:2]) in tables.starters
    )


def _is_attribution(text: str, tables: QuoteTables, *, quoted_next: bool) -> bool:
    colon = text[-1] in _ENDS
    has_address = "@" in text and _ADDRESS.search(text) is not None
    has_date = _DATE.search(text) is not None
    has_time = _TIME.search(text) is not None
    if not (has_address or has_date or has_time):
        return False
    folded = fold(text)
    verb = tables.verbs.search(folded)
    at_end = colon or (bool(verb) and folded.endswith(verb))
    if not at_end and not quoted_next:
        return False
    if verb:
        if has_address or (has_date and has_time):
            return True
        if tables.spoilers.search(folded):
            return False
        dated = has_date or (has_time and _YEARLESS.search(text) is not None)
        return dated and (quoted_next or _starts_like_one(text, tables))
    if not colon:
        return False
    if has_date and has_time and _ADDRESS_AT_END.search(text):
        return True
    return quoted_next and has_date and (has_time or has_address)
