"""Rows as lines of JSON, the same from every database, so that one may be restored into another."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa

from gateway.storage.columns import Document, Instant

_ROWS = 2000
# Of a table with bytes in it, of which each row may hold a mebibyte.
_LARGE_ROWS = 16


def shape_of(table: sa.Table) -> tuple[tuple[str, str], ...]:
    """The columns of a table, with the kind of each: bytes, bool, int, instant or text."""
    return tuple((column.name, _kind(column.type)) for column in table.columns)


def dumped(connection: sa.Connection, table: sa.Table) -> Iterator[bytes]:
    """Each row as a line, in the order of the key."""
    kinds = [kind for _, kind in shape_of(table)]
    columns = [
        sa.type_coerce(column, sa.Text) if isinstance(column.type, Document) else column
        for column in table.columns
    ]
    at_once = _LARGE_ROWS if "bytes" in kinds else _ROWS
    written = {
        position: how for position, kind in enumerate(kinds) if (how := _WRITTEN.get(kind)) is not None
    }
    rows = connection.execution_options(yield_per=at_once).execute(
        sa.select(*columns).order_by(*table.primary_key)
    )
    for row in rows:
        values = list(row)
        for position, how in written.items():
            if values[position] is not None:
                values[position] = how(values[position])
        yield _ENCODE(values).encode("utf-8", "surrogatepass") + b"\n"


def read(line: bytes, kinds: Sequence[str]) -> list[Any]:
    """The values of a line, each of its kind.

    Raises:
        ValueError: it is no row of such columns.
    """
    values: Any = json.loads(line)
    if not isinstance(values, list) or len(values) != len(kinds):
        raise ValueError("a row has other columns than its table")
    row: list[Any] = values
    for position, (value, kind) in enumerate(zip(values, kinds, strict=True)):
        if value is None:
            continue
        if type(value) is not _PLAIN[kind]:
            raise ValueError(f"{value!r:.40} is no {kind}")
        if kind == "instant":
            row[position] = _instant(str(value))
        elif kind == "bytes":
            row[position] = str(value).encode("latin-1")
    return row


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(f"{text:.40} has no time zone")
    return instant.astimezone(UTC)


_ENCODE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
# Each byte is the character of its number: most mail is text, and stays so.
_WRITTEN: Mapping[str, Callable[[Any], str]] = MappingProxyType(
    {"instant": datetime.isoformat, "bytes": lambda value: bytes(value).decode("latin-1")}
)
_PLAIN: Mapping[str, type] = MappingProxyType(
    {"instant": str, "bytes": str, "text": str, "bool": bool, "int": int}
)
KINDS = frozenset(_PLAIN)


def _kind(type_: sa.types.TypeEngine[Any]) -> str:
    if isinstance(type_, Instant):
        return "instant"
    if isinstance(type_, sa.LargeBinary):
        return "bytes"
    if isinstance(type_, sa.Boolean):
        return "bool"
    if isinstance(type_, sa.Integer):
        return "int"
    if isinstance(type_, Document | sa.String):
        return "text"
    raise TypeError(f"a backup does not know the column type {type_!r}")
