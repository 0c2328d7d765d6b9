"""What signatures cover is what is shown: two readers of one header block, one list of fields."""

from __future__ import annotations

from collections import Counter

from hypothesis import example, given
from hypothesis import strategies as st

from gateway.authentication.header_fields import read_raw, unfolded
from gateway.parsing.fields import read_fields, split_block

BLOCKS = st.lists(
    st.sampled_from(
        [b"From", b"Subject", b"To", b":", b" ", b"\t", b"\r\n", b"\n", b"\r", b"a", b"\r\n ", b"\xe9", b"-"]
    ),
    max_size=40,
).map(b"".join)


@given(BLOCKS)
@example(b"Subject\r\n : hidden\r\nSubject: shown\r\n\r\n")
@example(b"To: x\r\na b: c\r\nFrom: y\r\n\r\n")
@example(b"From:a\r\ngarbage\r\n : b\r\n\r\n")
def test_both_readers_see_the_same_fields(raw: bytes) -> None:
    block, start, _ = split_block(raw, 0, len(raw))
    shown = read_fields(block).by_name

    read = read_raw(raw)

    assert Counter(field.name for field in read.fields) == {
        name: len(values) for name, values in shown.items()
    }
    assert read.body == raw[start:]


@given(BLOCKS)
def test_both_readers_see_the_same_values(raw: bytes) -> None:
    raw = raw.replace(b"\xe9", b"e")
    block, _, _ = split_block(raw, 0, len(raw))
    shown = read_fields(block).by_name

    for name, values in shown.items():
        signed = [unfolded(field.whole).partition(":")[2] for field in read_raw(raw).all(name)]
        assert [value.strip(" \t\r") for value in signed] == values
