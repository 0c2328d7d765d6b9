"""The table of all settings, for the README."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from gateway.settings.sections import REQUIRED, SECTIONS, MailboxSettings


def settings_reference() -> str:
    """Every key with default and help, as a Markdown table."""
    rows = ["| key | default | what it is |", "| --- | --- | --- |"]
    for name, section in SECTIONS.items():
        rows += _rows(f"[[{name}]]" if section is MailboxSettings else f"[{name}]", section, "")
    return "\n".join(rows) + "\n"


def _rows(table: str, section: type, prefix: str) -> Iterator[str]:
    for field in fields(section):
        default = _as_toml(field.metadata.get("default", REQUIRED))
        yield f"| `{table}` `{prefix}{field.name}` | {default} | {field.metadata['help']} |"
        if "section" in field.metadata:
            yield from _rows(table, field.metadata["section"], f"{prefix}{field.name}.")


def _as_toml(default: object) -> str:
    if default is REQUIRED:
        return ""
    if isinstance(default, str):
        return f'`"{default}"`'
    return f"`{default}`"
