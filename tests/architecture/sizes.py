"""The sizes that a reader can hold in mind: a module of 400 lines, a function of 60."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

MODULE_LINES = 400
FUNCTION_LINES = 60


def oversized(folder: Path) -> Iterator[str]:
    """A sentence for every module and function below `folder` that is too long."""
    for path in sorted(folder.rglob("*.py")):
        source = path.read_text()
        name = path.relative_to(folder.parent)
        # A migration is a list of tables in the order of their making, and is never read again.
        is_migration = path.parent.name == "versions"
        if (lines := source.count("\n")) > MODULE_LINES:
            yield f"{name} has {lines} lines, {MODULE_LINES} are allowed"
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not is_migration:
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > FUNCTION_LINES:
                    yield f"{name}:{node.lineno}: {node.name} has {lines} lines, {FUNCTION_LINES} are allowed"
