"""What templates may do with values beside printing them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from markupsafe import Markup, escape


def quote(text: str, limit: int = 600) -> str:
    """Somebody's words set off with `> `, cut at a line or word where they are long."""
    return "\n".join(f"> {line}".rstrip() for line in excerpt(text, limit).split("\n"))


def excerpt(text: str, limit: int = 600) -> str:
    """The beginning of a text."""
    text = text.strip()
    if len(text) <= limit:
        return text
    cut = max(text.rfind(" ", 0, limit), text.rfind("\n", 0, limit), limit // 2)
    return text[:cut].rstrip() + " […]"


def lines(text: str) -> Markup:
    """Text as HTML that keeps its lines."""
    return escape(text.strip()).replace("\n", Markup("<br>\n"))


def filesize(size: int, language: str = "en") -> str:
    """A size for people: 12 kB, 3.4 MB; `o` for octets and a decimal comma in French."""
    unit = "o" if language == "fr" else "B"
    if size < 1000:
        return f"{size} {unit}"
    if size < 1_000_000:
        return f"{round(size / 1000)} k{unit}"
    shown = f"{size / 1_000_000:.1f} M{unit}"
    return shown.replace(".", ",") if language == "fr" else shown


FILTERS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {"quote": quote, "excerpt": excerpt, "lines": lines, "filesize": filesize}
)
