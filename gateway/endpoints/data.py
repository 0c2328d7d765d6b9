"""The content of one mail as it comes over the wire, read in blocks and kept in bounded memory."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from gateway import faults
from gateway.errors import MessageTooBig

_BLOCK = 1 << 16
_IN_MEMORY = 1 << 20
_END = b"\r\n.\r\n"


class SpooledContent:
    """The bytes of a large mail in a file that has no name; iterates in blocks, any number of times."""

    def __init__(self, folder: Path) -> None:
        self._file: IO[bytes] = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  (closed with the mail)
        faults.reached("spool.opened")

    def write(self, block: bytes) -> None:
        """Append."""
        self._file.write(block)

    def __iter__(self) -> Iterator[bytes]:
        """The bytes in blocks of a mebibyte; safe from another thread."""
        self._file.flush()
        position = 0
        while block := os.pread(self._file.fileno(), _IN_MEMORY, position):
            position += len(block)
            yield block

    def close(self) -> None:
        """Let the file go."""
        self._file.close()


class Content:
    """Takes the blocks of one mail: a list while it is small, a file from a mebibyte on.

    When the file fails, the rest of the mail is still read, and thrown away: it must not be taken for commands.

    Args:
        limit: bytes from which on everything is thrown away.
    """

    def __init__(self, limit: int, folder: Path) -> None:
        self._limit = limit
        self._folder = folder
        self._blocks: list[bytes] = []
        self._spool: SpooledContent | None = None
        self._trouble: Exception | None = None
        self.size = 0

    def write(self, block: bytes) -> None:
        """Append, unless there is too much already or something has failed."""
        self.size += len(block)
        if self.size > self._limit or self._trouble is not None:
            self._blocks.clear()
            self.close()
            return
        try:
            self._append(block)
        except Exception as error:  # noqa: BLE001  (raised by `blocks`, after the final dot)
            self._trouble = error

    def _append(self, block: bytes) -> None:
        if self._spool is not None:
            self._spool.write(block)
        else:
            self._blocks.append(block)
            if self.size > _IN_MEMORY:
                self._spool = SpooledContent(self._folder)
                for each in self._blocks:
                    self._spool.write(each)
                self._blocks.clear()

    def blocks(self) -> tuple[bytes, ...] | SpooledContent:
        """The whole content, in one block when it is small.

        Raises:
            MessageTooBig: there was too much.
            Exception: what has failed meanwhile.
        """
        if self._trouble is not None:
            raise self._trouble
        if self.size > self._limit:
            raise MessageTooBig("more than smtp.max_message_bytes")
        return self._spool if self._spool is not None else (b"".join(self._blocks),)

    def close(self) -> None:
        """Let the file go, if there is one."""
        if self._spool is not None:
            self._spool.close()
            self._spool = None


async def read_data(
    reader: asyncio.StreamReader, content: Content, *, progress: Callable[[int], None]
) -> bytes:
    """Read up to the final dot into `content`, transparency undone; returns what came after it.

    Only CRLF.CRLF ends it (RFC 5321 section 4.1.1.4): whatever else looks like an end is content.

    Args:
        progress: told the number of bytes of each block.

    Raises:
        ConnectionResetError: the peer went away before the end.
    """
    # The line end of the command: the mail's first line may begin with a dot too.
    held, skip = b"\r\n", 2
    while True:
        block = await reader.read(_BLOCK)
        if not block:
            raise ConnectionResetError
        progress(len(block))
        data = held + block
        end = data.find(_END)
        if end >= 0:
            content.write(data[: end + 2].replace(b"\r\n.", b"\r\n")[skip:])
            return data[end + len(_END) :]
        keep = _beginning_of_end(data)
        whole = data[: len(data) - keep].replace(b"\r\n.", b"\r\n")
        held = data[len(data) - keep :]
        if len(whole) > skip or not skip:
            content.write(whole[skip:])
            skip = 0
        elif whole:
            skip -= len(whole)


def _beginning_of_end(data: bytes) -> int:
    """How many of the last bytes may be the beginning of the end."""
    for length in range(min(len(_END) - 1, len(data)), 0, -1):
        if _END.startswith(data[-length:]):
            return length
    return 0


def counts_as_loop(head: bytes, most: int) -> bool:
    """Whether more than `most` hosts have stamped the mail (RFC 5321 section 6.3).

    Args:
        head: the mail's beginning; only its header block is looked at.
    """
    end = head.find(b"\r\n\r\n")
    block = (b"\r\n" + head[: end if end >= 0 else len(head)]).lower()
    return block.count(b"\r\nreceived:") > most
