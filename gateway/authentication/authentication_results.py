"""Authentication-Results fields, read strictly (RFC 8601 section 2.2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

_MAX_CHARS = 16_384
_MAX_NESTED = 5
_SPACE = " \t"
_SPECIAL = ';="()'


@dataclass(frozen=True, slots=True)
class MethodResult:
    """What one method said.

    Attributes:
        properties: values by `ptype.property`, such as `header.d`.
        comment: the comments beside it, joined.
    """

    method: str
    result: str
    properties: Mapping[str, str]
    comment: str


@dataclass(frozen=True, slots=True)
class AuthenticationResults:
    """One field; `authserv_id` in lower case."""

    authserv_id: str
    results: tuple[MethodResult, ...]


class _Malformed(ValueError):
    """Not within the grammar."""


_Kind = Literal["word", "quoted", "comment", ";", "="]
_Token = tuple[_Kind, str]


def read_authentication_results(value: str) -> AuthenticationResults | None:
    """The field, or None when any of it is outside the grammar.

    Args:
        value: unfolded.
    """
    if len(value) > _MAX_CHARS:
        return None
    try:
        head, *statements = _statements(_tokens(value))
        words = [text for kind, text in head if kind != "comment"]
        if not words or any(kind not in ("word", "quoted", "comment") for kind, _ in head):
            return None
        # The version of RFC 8601 section 2.2 is 1 or left out; another one has another grammar.
        if words[1:] not in ([], ["1"]) or not statements:
            return None
        if len(statements) == 1 and [text for kind, text in statements[0] if kind != "comment"] == ["none"]:
            return AuthenticationResults(words[0].lower(), ())
        return AuthenticationResults(words[0].lower(), tuple(map(_result, statements)))
    except _Malformed:
        return None


def authserv_id(value: str) -> str:
    """Who a field says it is from, as far as that can be told of one that cannot be read."""
    try:
        for kind, text in _tokens(value[:_MAX_CHARS]):
            if kind != "comment":
                return text.lower()
    except _Malformed:
        pass
    return ""


def _tokens(value: str) -> Iterator[_Token]:
    position, end = 0, len(value)
    while position < end:
        char = value[position]
        if char in _SPACE:
            position += 1
        elif char == "(":
            position, text = _comment(value, position)
            yield "comment", text
        elif char == '"':
            position, text = _quoted(value, position)
            yield "quoted", text
        elif char in (";", "="):
            yield (";", char) if char == ";" else ("=", char)
            position += 1
        else:
            start = position
            while position < end and "!" <= value[position] <= "~" and value[position] not in _SPECIAL:
                position += 1
            if position == start:
                raise _Malformed
            yield "word", value[start:position]


def _comment(value: str, start: int) -> tuple[int, str]:
    depth, position = 0, start
    while position < len(value):
        char = value[position]
        if char == "\\":
            position += 1
        elif char == "(":
            depth += 1
            if depth > _MAX_NESTED:
                raise _Malformed
        elif char == ")":
            depth -= 1
            if not depth:
                return position + 1, value[start + 1 : position]
        position += 1
    raise _Malformed


def _quoted(value: str, start: int) -> tuple[int, str]:
    text: list[str] = []
    position = start + 1
    while position < len(value):
        char = value[position]
        if char == '"':
            return position + 1, "".join(text)
        if char == "\\":
            position += 1
            char = value[position : position + 1]
        text.append(char)
        position += 1
    raise _Malformed


def _statements(tokens: Iterator[_Token]) -> list[list[_Token]]:
    """The tokens between semicolons; a final semicolon ends nothing."""
    statements: list[list[_Token]] = [[]]
    for token in tokens:
        if token[0] == ";":
            statements.append([])
        else:
            statements[-1].append(token)
    if len(statements) > 1 and not statements[-1]:
        statements.pop()
    return statements


def _result(statement: list[_Token]) -> MethodResult:
    """`method = result`, then `reason = value` and `ptype.property = value` in any number."""
    comment = " ".join(text for kind, text in statement if kind == "comment")
    tokens = [token for token in statement if token[0] != "comment"]
    if not tokens or len(tokens) % 3:
        raise _Malformed
    pairs: list[tuple[str, str]] = []
    for name, equals, value in zip(tokens[::3], tokens[1::3], tokens[2::3], strict=True):
        if name[0] != "word" or equals[0] != "=" or value[0] not in ("word", "quoted"):
            raise _Malformed
        pairs.append((name[1].lower(), value[1]))
    (method, result), *rest = pairs
    method, _, version = method.partition("/")
    properties = dict(rest)
    if len(properties) != len(rest) or version not in ("", "1") or not _is_keyword(method):
        raise _Malformed
    if any(name != "reason" and not all(map(_is_keyword, name.split(".", 1))) for name in properties):
        raise _Malformed
    if any("." not in name for name in properties if name != "reason"):
        raise _Malformed
    return MethodResult(method, result.lower(), properties, comment)


def _is_keyword(text: str) -> bool:
    return bool(text) and text.isascii() and text.replace("-", "").replace("_", "").isalnum()
