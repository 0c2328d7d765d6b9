"""A header block as signatures see it: whole fields with their bytes, in order."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from gateway.parsing.fields import split_block

_FOLD = re.compile(rb"\r?\n[ \t]")


class RawField(NamedTuple):
    """One field: lower-case name, value as it stands after the colon, and all its bytes with CRLF folds."""

    name: str
    value: bytes
    whole: bytes


@dataclass(frozen=True, slots=True)
class RawMail:
    """A mail cut in two."""

    fields: tuple[RawField, ...]
    body: bytes

    def all(self, name: str) -> list[RawField]:
        """The fields of that name, topmost first."""
        return [field for field in self.fields if field.name == name]


def read_raw(raw: bytes) -> RawMail:
    """Cut and named exactly as `parsing` does, so that what is signed is what is shown.

    Raises:
        UnreadableMail: beyond the limits of `gateway.parsing.limits`.
    """
    block, start, _ = split_block(raw, 0, len(raw))
    groups: list[list[bytes]] = []
    for line in block.split(b"\n"):
        if line[:1] in (b" ", b"\t") and groups:
            groups[-1].append(line.removesuffix(b"\r"))
        else:
            groups.append([line.removesuffix(b"\r")])
    fields = []
    for lines in groups:
        whole = b"\r\n".join(lines)
        name, colon, _ = _FOLD.sub(b" ", whole).partition(b":")
        name = name.rstrip(b" \t").lower()
        if colon and name and b" " not in name:
            fields.append(RawField(name.decode("latin-1"), whole.partition(b":")[2], whole))
    return RawMail(tuple(fields), raw[start:])


def unfolded(value: bytes) -> str:
    """A field's value on one line; bytes beyond ASCII as they are in Latin-1."""
    return _FOLD.sub(b" ", value).decode("latin-1")
