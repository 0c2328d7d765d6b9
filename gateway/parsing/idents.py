"""Message-ID, In-Reply-To, References and Date, as they should be and as they are."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from gateway.parsing.limits import IDS
from gateway.parsing.recovery import recover_date

_BRACKETED = re.compile(r"<([^<>]{1,998})>")
_BLANKS = re.compile(r"\s+")
_ORDINARY_DATE = re.compile(
    r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), )?(\d{1,2}) (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) "
    r"([12]\d{3}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)([0-5]\d)(?: \([A-Za-z]{1,5}\))?"
)
_MONTH_NAMES = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec"
_MONTHS = {name: at for at, name in enumerate(_MONTH_NAMES.split(), 1)}


def read_ids(values: list[str]) -> tuple[str, ...]:
    """Message ids without angle brackets, in order and once each; the last IDS of them.

    White space within one is taken out: some servers fold inside an id.
    """
    if not values:
        return ()
    found: dict[str, None] = {}
    for value in values:
        for one in _BRACKETED.findall(value):
            ident = _BLANKS.sub("", one) if not one.isprintable() or " " in one else one
            if ident and ident.isprintable():
                found[ident] = None
    return tuple(found)[-IDS:]


def read_message_id(values: list[str]) -> str:
    """The id without angle brackets; a bare one is taken too; empty where there is none."""
    bracketed = read_ids(values[:1])
    if bracketed:
        return bracketed[0]
    bare = values[0].strip().strip("<>").strip() if values else ""
    return bare if bare.isprintable() and " " not in bare else ""


def read_date(value: str) -> datetime | None:
    """The instant of a Date field, aware; None where none can be read."""
    if not value:
        return None
    match = _ORDINARY_DATE.fullmatch(value)
    if match is None:
        return recover_date(value)
    day, month, year, hour, minute, second, sign, zone_hours, zone_minutes = match.groups()
    offset = timedelta(hours=int(zone_hours), minutes=int(zone_minutes))
    try:
        local = datetime(int(year), _MONTHS[month], int(day), int(hour), int(minute), int(second), tzinfo=UTC)
        return local + offset if sign == "-" else local - offset
    except (ValueError, OverflowError):
        return None
