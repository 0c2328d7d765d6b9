"""`gateway settings`: every value, where it comes from and what it is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, TextIO

from gateway.settings import Settings
from gateway.settings.values import without_password


def show(settings: Settings, *, as_json: bool, stream: TextIO) -> None:
    """Print all settings: for people by section, as JSON one object a line. Passwords as `***`."""
    if as_json:
        for key, value, help_text in _values(settings):
            entry = {"key": key, "value": value, "origin": str(settings.origins[key]), "help": help_text}
            stream.write(json.dumps(entry, ensure_ascii=False) + "\n")
        return
    stream.write(f"# {settings.file or 'no settings file: defaults and environment'}\n")
    section = ""
    for key, value, help_text in _values(settings):
        where, _, name = key.rpartition(".")
        if where != section:
            section = where
            stream.write(f"\n[{section}]\n")
        line = f"{name} = {json.dumps(value, ensure_ascii=False)}"
        stream.write(f"{line:<48}  # {settings.origins[key]}: {help_text}\n")


def _values(settings: Settings) -> Iterator[tuple[str, object, str]]:
    for name in ("gateway", "desk", "smtp", "lmtp", "imap", "relay", "trust", "web"):
        section = getattr(settings, name)
        if isinstance(section, tuple):
            for number, mailbox in enumerate(section, start=1):
                yield from _section_values(mailbox, f"{name}.{number}")
        else:
            yield from _section_values(section, name)


def _section_values(section: Any, where: str) -> Iterator[tuple[str, object, str]]:  # noqa: ANN401 - of any section's class
    inner = {}
    for field in fields(section):
        value = getattr(section, field.name)
        if is_dataclass(value):
            inner[field.name] = value
        elif value is not None:
            yield f"{where}.{field.name}", _shown(value), field.metadata["help"]
    for name, value in inner.items():
        yield from _section_values(value, f"{where}.{name}")


def _shown(value: object) -> object:
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, str) and "://" in value:
        return without_password(value)
    return value
