"""A TOML file, and in which line each of its keys stands."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from gateway.errors import ConfigurationError

_MAX_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Document:
    """What a settings file says; `name` is how messages call it."""

    name: str
    tables: dict[str, object]
    lines: dict[tuple[str, ...], int]

    def line(self, *path: str) -> int | None:
        """The line of a key, or of the nearest table around it that can be found."""
        while path:
            if path in self.lines:
                return self.lines[path]
            path = path[:-1]
        return None


def read_document(file: Path) -> Document:
    """Read a TOML file.

    Raises:
        ConfigurationError: there is none, it cannot be read, or it is not TOML.
    """
    try:
        with file.open("rb") as stream:
            content = stream.read(_MAX_BYTES + 1)
    except OSError as error:
        raise ConfigurationError(f"cannot be read: {error.strerror}", file=file) from error
    if len(content) > _MAX_BYTES:
        raise ConfigurationError("larger than 1 MiB: hardly a settings file", file=file)
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise ConfigurationError("is not UTF-8", file=file, line=line) from error
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"is not TOML: {error}", file=file, line=_line_of(error, text)) from error
    return Document(str(file), tables, _key_lines(text))


def _line_of(error: tomllib.TOMLDecodeError, text: str) -> int:
    found = re.search(r"at line (\d{1,9})", str(error))
    return int(found[1]) if found else text.rstrip().count("\n") + 1


def _key_lines(text: str) -> dict[tuple[str, ...], int]:
    """The line of each table and key, by path; tables of an array are numbered from 1.

    For messages only: `tomllib` gives no positions. A line within a text or list that runs over
    several lines may be taken for a key; the first line of a path counts.
    """
    lines: dict[tuple[str, ...], int] = {}
    arrays: dict[str, int] = {}
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.split("\n"), start=1):
        words = line.partition("#")[0].strip()
        if words.startswith("[[") and words.endswith("]]"):
            name = words[2:-2].strip().strip("\"'")
            arrays[name] = arrays.get(name, 0) + 1
            table = (name, str(arrays[name]))
            lines.setdefault((name,), number)
        elif words.startswith("[") and words.endswith("]"):
            table = _path(words[1:-1])
            if table[0] in arrays:
                table = (table[0], str(arrays[table[0]]), *table[1:])
        elif "=" in words:
            lines.setdefault((*table, *_path(words.partition("=")[0])), number)
            continue
        lines.setdefault(table, number)
    lines.pop((), None)
    return lines


def _path(dotted: str) -> tuple[str, ...]:
    return tuple(word.strip().strip("\"'") for word in dotted.split("."))
