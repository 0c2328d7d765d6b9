"""How commands print: JSON, one object a line, or a table that a person reads."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any


def instant(value: datetime | None) -> str | None:
    """ISO 8601 in UTC, whole seconds."""
    return None if value is None else value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def print_json(value: object) -> None:
    """One object on one line."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")


def print_table(headings: Sequence[str], rows: Iterable[Sequence[Any]], *, empty: str) -> None:
    """A table as wide as the terminal, or `empty` where there is nothing to show."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="ellipsis", no_wrap=True)
    for row in rows:
        table.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
    if not table.row_count:
        print(empty)
        return
    # A pipe is no terminal: nothing is cut there.
    console = Console(width=None if sys.stdout.isatty() else 240)
    console.print(table)


class Progress:
    """Says on standard error how far a long work has come, every few seconds; a short one says nothing."""

    _EVERY_S = 5.0

    def __init__(self) -> None:
        self._last = time.monotonic()

    def __call__(self, words: str) -> None:
        """`words` are the present state of it."""
        if time.monotonic() - self._last >= self._EVERY_S:
            self._last = time.monotonic()
            print(f"… {words}", file=sys.stderr, flush=True)
