"""Durations as people write them: `30 minutes`, `1 hour 30 minutes`, `3 days`."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator

_UNITS = {
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
}
_LONGEST = timedelta(days=3650)


def read_duration(text: object) -> timedelta:
    """The duration that a text says.

    Raises:
        ValueError: it says none, or one of more than ten years.
    """
    words = str(text).split()
    total = timedelta()
    for number, unit in zip(words[::2], words[1::2], strict=False):
        if not (number.isascii() and number.isdecimal() and len(number) < 8):
            break
        if unit.removesuffix("s") not in _UNITS:
            break
        total += int(number) * _UNITS[unit.removesuffix("s")]
    else:
        if words and len(words) % 2 == 0 and total <= _LONGEST:
            return total
    raise ValueError(f"{text!r} is not a duration such as '30 minutes', '4 hours' or '3 days'")


def read_working_duration(text: object) -> timedelta | None:
    """The working time that a text says; None for `none`.

    Raises:
        ValueError: it says none, or speaks of days, which could be of 24 hours or of a desk's.
    """
    if text == "none":
        return None
    if "day" in str(text):
        raise ValueError(f"{text!r}: working time is written in hours and minutes")
    return read_duration(text)


def say_duration(duration: timedelta) -> str:
    """The duration as `read_duration` takes it; seconds are left out."""
    minutes = duration // _UNITS["minute"]
    parts: list[str] = []
    for unit, length in (("day", 24 * 60), ("hour", 60), ("minute", 1)):
        number, minutes = divmod(minutes, length)
        if number:
            parts.append(f"{number} {unit}" + "s" * (number > 1))
    return " ".join(parts) or "0 minutes"


Duration = Annotated[timedelta, BeforeValidator(read_duration)]
WorkingDuration = Annotated[timedelta | None, BeforeValidator(read_working_duration)]
