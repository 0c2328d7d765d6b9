"""Separators and copied header lines: what Outlook and its like put above the history.

-----Message d'origine-----
De : Lea Martin <lea@desk.test>
Envoyé : mardi 3 mars 2026 10:12
À : Chloe Petit
Objet : RE: Accès refusé
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from gateway.domain.reading.folding import fold, has_words
from gateway.domain.reading.tables import QuoteTables

RULE_CHARS = "-_=*~#─━═—–⸺‐‑‒"
_MARGIN = " \t>|*\u00a0\u200e\u200f"
_MAX_LABEL = 30
_MAX_FIELDS = 14
_MAX_CONTINUED = 4
_MIN_UNKNOWN = 3
_MAX_SEPARATOR = 120
_MAX_UNDRAWN = 60
_DATE = re.compile(r"(?:19|20)\d\d|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{1,2}[:.h]\d{2}")
_SECOND_LABEL = re.compile(r"[ \t]([^\W\d_][^\W\d_ ]{1,12})[ \u00a0]?[:：][ \u00a0]")


@dataclass(frozen=True, slots=True)
class HeaderBlock:
    """Header lines copied into a text.

    Attributes:
        first: index of the first line.
        end: index after the last one.
        fields: value by role (from, sent, to, cc, subject); the first of each.
    """

    first: int
    end: int
    fields: dict[str, str]


@dataclass(frozen=True, slots=True)
class Separator:
    """A line that opens the history; `forwarded` is None where its words are not known."""

    forwarded: bool | None


def is_rule(line: str) -> bool:
    """Whether a line is nothing but a drawn line of at least five characters."""
    bare = line.strip(" \t>|")
    return len(bare) >= 5 and not bare.strip(RULE_CHARS + " ")


def read_separator(line: str, tables: QuoteTables) -> Separator | None:
    """What a line of words between dashes opens, or None for any other line."""
    bare = line.strip(" \t>|")
    if len(bare) > _MAX_SEPARATOR or len(bare) < 4:
        return None
    core = bare.strip(RULE_CHARS + " ")
    if not core:
        return None
    dashed = bare[0] in RULE_CHARS and bare[1] in RULE_CHARS
    folded = fold(core)
    if folded in tables.forwards:
        return Separator(forwarded=True) if dashed or bare[-1] in ":：" else None
    if not dashed:
        return None
    if folded in tables.originals:
        return Separator(forwarded=False)
    if bare[-1] not in RULE_CHARS:
        return None
    if any(has_words(folded, phrase) for phrase in tables.forwards):
        return Separator(forwarded=True)
    if any(has_words(folded, phrase) for phrase in tables.originals):
        return Separator(forwarded=False)
    return None


def is_undrawn_separator(line: str, tables: QuoteTables) -> bool:
    """Whether a line above copied header lines says what they are without a drawn line: `Message du 03/03/26 10:12`."""
    folded = fold(line) if len(line) <= _MAX_UNDRAWN else ""
    return bool(folded) and (
        folded in tables.originals or any(folded.startswith(f"{words} ") for words in tables.originals)
    )


def read_label(line: str, tables: QuoteTables) -> tuple[str, str] | None:
    """Role and value of a line that begins with a known label and a colon."""
    colon = line.find(":", 0, _MAX_LABEL + 10)
    if colon < 0:
        colon = line.find("：", 0, _MAX_LABEL + 10)
    if colon < 0:
        return None
    label = line[:colon].strip(_MARGIN).casefold()
    role = tables.labels.get(label)
    if role is None and not label.isascii():
        role = tables.labels.get(fold(label))
    if role is None:
        return None
    return role, line[colon + 1 :].strip(_MARGIN)


def read_header_block(lines: list[str], at: int, end: int, tables: QuoteTables) -> HeaderBlock | None:
    """The header block that begins at `lines[at]`, or None when it is no such thing."""
    fields: dict[str, str] = {}
    count = 0
    last_end = position = at
    role = ""
    continued = 0
    while position < end and count < _MAX_FIELDS:
        line = lines[position]
        labelled = read_label(line, tables)
        if labelled:
            role, value = labelled
            count += 1
            continued = 0
            fields.setdefault(role, value)
            _take_second_label(fields, role, tables)
            last_end = position + 1
        elif not line.strip(_MARGIN):
            following = _next_text(lines, position, end)
            if following is None or following - position > 2 or not read_label(lines[following], tables):
                break
        elif continued < _MAX_CONTINUED and role and _continues(lines, position, end, fields, role, tables):
            fields[role] = f"{fields[role]} {line.strip(_MARGIN)}".strip()
            continued += 1
            last_end = position + 1
        else:
            break
        position += 1
    return HeaderBlock(at, last_end, fields) if _is_plausible(fields) else None


def _take_second_label(fields: dict[str, str], role: str, tables: QuoteTables) -> None:
    """Part `À : abc@abc.be Objet : Panne` on one line, as some phones write it."""
    if role not in ("to", "cc", "sent", "from"):
        return
    value = fields[role]
    for found in _SECOND_LABEL.finditer(value):
        second = tables.labels.get(found[1].casefold())
        if second in ("subject", "to", "sent", "cc"):
            fields.setdefault(second, value[found.end() :].strip(_MARGIN))
            fields[role] = value[: found.start()].strip(_MARGIN)
            return


def _continues(
    lines: list[str], position: int, end: int, fields: dict[str, str], role: str, tables: QuoteTables
) -> bool:
    """Whether a line without a label goes on with the field above: another label comes soon, or it was empty."""
    if role == "other":
        return False
    if not fields[role] and position + 1 < end:
        return True
    for ahead in range(position + 1, min(end, position + _MAX_CONTINUED)):
        if not lines[ahead].strip(_MARGIN):
            return False
        if read_label(lines[ahead], tables):
            return True
    return False


def _next_text(lines: list[str], position: int, end: int) -> int | None:
    for ahead in range(position, min(end, position + 4)):
        if lines[ahead].strip(_MARGIN):
            return ahead
    return None


def _is_plausible(fields: dict[str, str]) -> bool:
    """Whether the fields are a mail's and not a journey's (From: Paris, To: Lyon, Date: 3 March)."""
    roles = {role for role in fields if role != "other"}
    if len(roles) < 2:
        return False
    addressed = any("@" in fields.get(role, "") for role in ("from", "to", "cc"))
    dated = _DATE.search(fields.get("sent", "")) is not None
    if "from" in roles:
        return (addressed and bool(roles & {"sent", "subject", "to"})) or (dated and "subject" in roles)
    return roles >= {"sent", "to", "subject"} and addressed


def read_unknown_block(lines: list[str], at: int, end: int) -> HeaderBlock | None:
    """A header block in a language that the tables lack, told by its shape alone.

    At least three lines of `label: value`, one value with an address and one with a date. Roles by
    what the values hold: the first address is the writer's, the second the recipient's.
    """
    fields: dict[str, str] = {}
    position = at
    addresses = ("from", "to", "cc")
    while position < end and position - at < _MAX_FIELDS:
        line = lines[position].strip(_MARGIN)
        colon = next((line.find(mark) for mark in ":：" if 0 < line.find(mark) <= _MAX_LABEL), -1)
        if colon < 0 or any(char.isdigit() for char in line[:colon]):
            break
        value = line[colon + 1 :].strip(_MARGIN)
        if "@" in value:
            role = next((role for role in addresses if role not in fields), "other")
        elif _DATE.search(value) and "sent" not in fields:
            role = "sent"
        else:
            role = "subject"
        fields.setdefault(role, value)
        position += 1
    if position - at < _MIN_UNKNOWN or not {"from", "sent"} <= set(fields):
        return None
    return HeaderBlock(at, position, fields)
