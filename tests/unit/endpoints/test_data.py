"""The reader of DATA: whatever the bytes and however they are cut, it says what a simple reading says."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.endpoints.data import Content, counts_as_loop, read_data
from gateway.errors import MessageTooBig

LIMIT = 1 << 22
PIECES = st.lists(
    st.sampled_from(
        [b"\r\n", b".", b"\r", b"\n", b"a", b"..", b"\r\n.", b"\n.\n", b"\r\n..", b"bc", b"\x00"]
    ),
    max_size=40,
)


def simple(stream: bytes) -> tuple[bytes, bytes] | None:
    """Lines end at CRLF; a dot alone ends the data; a dot in front is taken off."""
    content = b""
    rest = stream
    while True:
        line, found, rest = rest.partition(b"\r\n")
        if not found:
            return None
        if line == b".":
            return content, rest
        content += line.removeprefix(b".") + b"\r\n"


def read(stream: bytes, cuts: list[int], folder: Path, limit: int = LIMIT) -> tuple[bytes, bytes] | None:
    async def run() -> tuple[bytes, bytes] | None:
        reader = asyncio.StreamReader()
        content = Content(limit, folder)
        reading = asyncio.ensure_future(read_data(reader, content, progress=lambda _: None))
        position = 0
        for cut in sorted({min(cut, len(stream)) for cut in cuts} | {len(stream)}):
            reader.feed_data(stream[position:cut])
            position = cut
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        reader.feed_eof()
        try:
            rest = await reading
        except ConnectionResetError:
            return None
        unread = bytes(await reader.read())
        try:
            return b"".join(content.blocks()), rest + unread
        finally:
            content.close()

    return asyncio.run(run())


@given(PIECES, st.lists(st.integers(0, 80), max_size=6), PIECES)
def test_any_bytes_in_any_blocks_read_like_the_simple_way(
    body: list[bytes], cuts: list[int], after: list[bytes]
) -> None:
    stream = b"".join(body) + b"\r\n.\r\n" + b"".join(after)
    assert read(stream, cuts, Path("/tmp")) == simple(stream)


@pytest.mark.parametrize(
    "end",
    [
        b"\n.\n",
        b"\r.\r",
        b"\n.\r\n",
        b"\r\n.\n",
        b"\r\n.\r",
        b"\n.\r",
        b"\r.\n",
        b"\r\n\x00.\r\n",
        b"\r.\r\n",
    ],
)
def test_what_only_looks_like_the_end_is_content(end: bytes) -> None:
    smuggled = b"a" + end + b"MAIL FROM:<x@evil.test>\r\n"
    content, rest = read(smuggled + b".\r\nQUIT\r\n", [], Path("/tmp")) or (b"", b"")
    assert b"MAIL FROM:<x@evil.test>" in content
    assert rest == b"QUIT\r\n"


def test_a_large_mail_goes_through_a_file(tmp_path: Path) -> None:
    body = b"x" * 70 + b"\r\n"
    content, rest = read(body * 40_000 + b".\r\nQUIT", [100_000, 1_500_000], tmp_path) or (b"", b"")
    assert content == body * 40_000
    assert rest == b"QUIT"
    assert not list(tmp_path.iterdir())


def test_too_much_is_read_to_its_end_and_refused(tmp_path: Path) -> None:
    with pytest.raises(MessageTooBig):
        read(b"y" * 5000 + b"\r\n.\r\n", [], tmp_path, limit=4000)


def test_a_loop_is_told_by_the_header_block_alone() -> None:
    head = b"Received: by a.test\r\n" * 51 + b"Subject: x\r\n\r\n"
    assert counts_as_loop(head, 50)
    assert not counts_as_loop(b"Subject: x\r\n\r\n" + b"Received: by a.test\r\n" * 60, 50)
