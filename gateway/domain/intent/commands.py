"""Commands: lines that begin with `#` at the very top of the first text part, before anything else."""

from __future__ import annotations

import re
from collections.abc import Mapping

from gateway.domain.intent.folding import fold_in_place
from gateway.domain.intent.result import Command

_LINE = re.compile(r"#([^\W\d_][\w-]{0,40})(?:[ \t\u00a0]+(.*))?")
_MAX_COMMANDS = 20
_MAX_ARGUMENT = 2000
_HEAD_CHARS = _MAX_COMMANDS * (_MAX_ARGUMENT + 50)


def read_commands(text: str, names: Mapping[str, str]) -> tuple[Command, ...]:
    """The commands at the top of `text`, in order.

    Empty lines may stand before the first. A heading (`# Title`) or a number (`#42`) is no command, and
    ends them. A name that is not known is kept, in lower case, so that whoever wrote it can be told.

    Args:
        text: of the first text part.
        names: canonical name by folded name.
    """
    found: list[Command] = []
    position = len(text) - len(text.lstrip("\n\t \u00a0"))
    if not text.startswith("#", position):
        return ()
    for line in text[position : position + _HEAD_CHARS].split("\n"):
        match = _LINE.fullmatch(line.rstrip())
        if match is None or len(found) >= _MAX_COMMANDS:
            break
        folded = fold_in_place(match[1]).decode("ascii")
        found.append(Command(names.get(folded, folded), (match[2] or "").strip()[:_MAX_ARGUMENT]))
    return tuple(found)
