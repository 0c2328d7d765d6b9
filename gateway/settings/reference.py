"""The table of all settings, for the README."""

from __future__ import annotations

from dataclasses import fields

from gateway.settings.sections import REQUIRED, SECTIONS, MailboxSettings


def settings_reference() -> str:
    """Every key with default and help, as a Markdown table."""
    rows = ["| key | default | what it is |", "| --- | --- | --- |"]
    for name, section in SECTIONS.items():
        table = f"[[{name}]]" if section is MailboxSettings else f"[{name}]"
        for field in fields(section):
            default = _as_toml(field.metadata.get("default", REQUIRED))
            rows.append(f"| `{table}` `{field.name}` | {default} | {field.metadata['help']} |")
    return "\n".join(rows) + "\n"


def _as_toml(default: object) -> str:
    if default is REQUIRED:
        return ""
    if isinstance(default, str):
        return f'`"{default}"`'
    return f"`{default}`"
