"""Where `gateway inspect` finds mails: files, folders, mailbox files, standard input."""

from __future__ import annotations

import mmap
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_SEPARATOR = re.compile(rb"(?:\A|\n\r?\n)From [^\n]{1,200}\d\d:\d\d[^\n]{0,60}\n")
_LARGEST = 128 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Source:
    """One mail: a file, or the bytes from `start` to `end` of one.

    Attributes:
        shown: how it is called in what is printed.
        content: of standard input, which cannot be read twice; else None.
    """

    path: str
    shown: str
    start: int = 0
    end: int | None = None
    content: bytes | None = None

    def read(self) -> bytes:
        """The bytes of the mail, at most 128 MiB of them.

        Raises:
            OSError: it cannot be read.
        """
        if self.content is not None:
            return self.content
        with Path(self.path).open("rb") as file:
            file.seek(self.start)
            return file.read(_LARGEST if self.end is None else min(self.end - self.start, _LARGEST))


def find_sources(paths: list[str]) -> Iterator[Source]:
    """All mails below `paths`, in order; folders sorted. Nothing is held but one folder's names.

    Raises:
        FileNotFoundError: a path that was named does not exist.
    """
    for path in paths:
        if path == "-":
            yield Source("-", "-", content=sys.stdin.buffer.read(_LARGEST))
        elif Path(path).is_dir():
            for folder, subfolders, names in os.walk(path):
                subfolders.sort()
                for name in sorted(names):
                    yield from _mails_of_file(Path(folder, name))
        elif Path(path).exists():
            yield from _mails_of_file(Path(path))
        else:
            raise FileNotFoundError(path)


def _mails_of_file(path: Path) -> Iterator[Source]:
    if not path.is_file():
        return
    shown = str(path).encode("utf-8", "backslashreplace").decode("utf-8")
    try:
        starts = _mailbox_starts(path)
    except OSError:
        starts = []
    if len(starts) < 2:  # a mail of its own, with or without a separator line
        yield Source(str(path), shown)
        return
    for number, (start, end) in enumerate(zip(starts, [*starts[1:], None], strict=True), 1):
        yield Source(str(path), f"{shown}#{number}", start, end)


def _mailbox_starts(path: Path) -> list[int]:
    """Where the mails of a mailbox file begin (RFC 4155); empty for any other file."""
    with path.open("rb") as file:
        if file.read(5) != b"From ":
            return []
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return [content.find(b"From ", match.start()) for match in _SEPARATOR.finditer(content)]
