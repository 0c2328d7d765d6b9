"""The times that people write for a Flex contract."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.flex import minutes_of, say_minutes


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("1h30", 90),
        ("1 h 30", 90),
        ("2h", 120),
        ("1.5h", 90),
        ("1,25 h", 75),
        ("45 min", 45),
        ("45mn", 45),
        ("90", 90),
        (" 1H30 ", 90),
        ("1h05 min", 65),
    ],
)
def test_times_as_people_write_them(text: str, minutes: int) -> None:
    assert minutes_of(text) == minutes


@pytest.mark.parametrize(
    "text", ["", "0", "0h", "-1h", "1h30h", "1,5h30", "half an hour", "1h30 demain", "1001h", "٣h"]
)
def test_what_is_no_time(text: str) -> None:
    assert minutes_of(text) is None


@given(st.integers(1, 60_000))
def test_a_time_that_we_say_is_read_back(minutes: int) -> None:
    assert minutes_of(say_minutes(minutes)) == minutes
