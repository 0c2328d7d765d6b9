"""Content-Type and Content-Disposition: a value and its parameters (RFC 2045, RFC 2231)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

from gateway.parsing.charsets import decode
from gateway.parsing.limits import PARAMETERS
from gateway.parsing.words import decode_words

_VALUE = re.compile(r"[ \t]*([^;\s()]*)")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)("?)', re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_SECTION = re.compile(r"([^*]+)\*(?:(\d{1,4})(\*)?)?")


@dataclass(frozen=True, slots=True)
class Structured:
    """A value in lower case and its parameters, names in lower case."""

    value: str
    parameters: dict[str, str] = field(default_factory=dict)


def read_structured(text: str) -> Structured:
    """The value and parameters of a MIME header field, however they are quoted or cut up."""
    match = _VALUE.match(text)
    value = match.group(1).lower() if match else ""
    semicolon = text.find(";")
    if semicolon < 0:
        return Structured(value)
    return Structured(value, _joined(_split(text, semicolon + 1)))


def _split(text: str, position: int) -> list[tuple[str, str]]:
    """(name, value) pairs as they stand; values are unquoted. Unquoted ones go up to the semicolon."""
    pairs: list[tuple[str, str]] = []
    end = len(text)
    while position < end and len(pairs) < PARAMETERS:
        equals = text.find("=", position)
        if equals < 0:
            break
        name = text[position:equals].rpartition(";")[2].strip().lower()
        start = equals + 1
        while start < end and text[start] in " \t\r\n":
            start += 1
        quoted = _QUOTED.match(text, start)
        if quoted:
            value = quoted.group(1)
            if "\\" in value:
                value = _ESCAPE.sub(r"\1", value)
            semicolon = text.find(";", quoted.end())
        else:
            semicolon = text.find(";", start)
            value = text[start : semicolon if semicolon >= 0 else end].strip()
        if name:
            pairs.append((name, value))
        position = semicolon + 1 if semicolon >= 0 else end
    return pairs


def _joined(pairs: list[tuple[str, str]]) -> dict[str, str]:
    """Parameters with their RFC 2231 sections put together and decoded."""
    parameters: dict[str, str] = {}
    sections: dict[str, dict[int, tuple[str, bool]]] = {}
    for name, value in pairs:
        section = _SECTION.fullmatch(name) if "*" in name else None
        if section is None:
            parameters.setdefault(name, decode_words(value))
        else:
            number = int(section.group(2) or 0)
            encoded = section.group(3) is not None or section.group(2) is None
            sections.setdefault(section.group(1), {}).setdefault(number, (value, encoded))
    for name, parts in sections.items():
        parameters[name] = _decoded(parts)
    return parameters


def _decoded(parts: dict[int, tuple[str, bool]]) -> str:
    charset = ""
    content = b""
    for position, number in enumerate(sorted(parts)):
        value, encoded = parts[number]
        if encoded and position == 0 and value.count("'") >= 2:
            # charset'language'text
            charset, _, rest = value.partition("'")
            value = rest.partition("'")[2]
        content += unquote_to_bytes(value) if encoded else value.encode("utf-8", "surrogateescape")
    text = decode(content, charset)[0]
    return decode_words(text) if "=?" in text else text
