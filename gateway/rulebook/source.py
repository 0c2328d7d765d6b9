"""YAML as it was written: every scalar a string, every place with its line, nothing taken twice.

The usual loaders turn `no` into False and `9:30` into 570; here a value gets its type from the model
that it is read into, and whatever does not fit is refused with file, line and reason.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError
from pydantic_core import ErrorDetails

from gateway.errors import ConfigurationError

_MAX_BYTES = 1 << 20
_MAX_DEPTH = 20

Place = tuple[str | int, ...]
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
"""A text that says something."""
Model = TypeVar("Model", bound="Strict")


class Strict(BaseModel):
    """A part of a file: unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, slots=True)
class Source:
    """A file's content, and the line of each place in it."""

    file: Path
    content: Any
    lines: dict[Place, int]

    def line(self, place: Place) -> int:
        """The line of a place, or of what is nearest around it."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)

    def refuse(self, place: Place, reason: str) -> ConfigurationError:
        """The error for something wrong at a place; to be raised."""
        return ConfigurationError(reason, file=self.file, line=self.line(place))


def read_source(file: Path) -> Source:
    """Read a YAML file.

    Raises:
        ConfigurationError: it cannot be read, is too large, is not YAML, repeats a key or uses an alias.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        with file.open("rb") as stream:
            content = stream.read(_MAX_BYTES + 1)
    except OSError as error:
        raise ConfigurationError(f"cannot be read: {error.strerror}", file=file) from error
    if len(content) > _MAX_BYTES:
        raise ConfigurationError(f"is larger than {_MAX_BYTES} bytes", file=file)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        broken = content.count(b"\n", 0, error.start) + 1
        raise ConfigurationError("is not UTF-8", file=file, line=broken) from error
    try:
        node = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        where = error.problem_mark.line + 1 if error.problem_mark else None
        raise ConfigurationError(f"is not YAML: {error.problem}", file=file, line=where) from error
    except YAMLError as error:
        raise ConfigurationError("is not YAML: it has control characters in it", file=file) from error
    except RecursionError as error:
        raise ConfigurationError("is nested too deeply", file=file) from error
    lines: dict[Place, int] = {}
    return Source(file, {} if node is None else _plain(node, (), lines, file, set()), lines)


def _plain(node: Any, place: Place, lines: dict[Place, int], file: Path, seen: set[int]) -> Any:  # noqa: ANN401
    line = node.start_mark.line + 1
    lines.setdefault(place, line)
    if id(node) in seen:
        raise ConfigurationError("aliases (*name) are not taken; write it out", file=file, line=line)
    if len(place) > _MAX_DEPTH:
        raise ConfigurationError(f"is nested deeper than {_MAX_DEPTH} levels", file=file, line=line)
    seen.add(id(node))
    if node.id == "scalar":
        return str(node.value)
    if node.id == "sequence":
        return [_plain(each, (*place, n), lines, file, seen) for n, each in enumerate(node.value)]
    content: dict[str, Any] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if key_node.id != "scalar":
            raise ConfigurationError("a key must be a word", file=file, line=line)
        key = str(key_node.value)
        if key in content:
            first = lines[(*place, key)]
            raise ConfigurationError(f"{key!r} is at line {first} already", file=file, line=line)
        lines[(*place, key)] = line
        content[key] = _plain(value_node, (*place, key), lines, file, seen)
    return content


def typed(source: Source, model: type[Model]) -> Model:
    """The content as `model`.

    Raises:
        ConfigurationError: the first thing that does not fit, with its line.
    """
    try:
        return model.model_validate(source.content)
    except ValidationError as error:
        found = error.errors()
        # A mistyped key is both unknown and missing; saying what it should have been helps more.
        first = next((each for each in found if each["type"] == "extra_forbidden"), found[0])
        raise source.refuse(first["loc"], _reason(first, model)) from error


_KINDS = {
    "string_type": "must be a text",
    "string_too_short": "must not be empty",
    "list_type": "must be a list",
    "dict_type": "must be a mapping",
    "model_type": "must be a mapping",
}


def _reason(error: ErrorDetails, model: type[BaseModel]) -> str:
    kind, message, place = error["type"], error["msg"].removeprefix("Value error, "), error["loc"]
    name = ".".join(str(part) for part in place)
    if kind == "extra_forbidden":
        return f"there is no key {name!r}; {_hint(str(place[-1]), _keys_at(model, place[:-1]))}"
    if kind == "missing":
        return f"{name!r} is missing"
    if kind in {"literal_error", "enum"}:
        return f"{name!r} cannot be {error['input']!r}; it can be {error['ctx']['expected']}"
    shown = repr(name) if name else "the file"
    if kind in _KINDS:
        return f"{shown} {_KINDS[kind]}"
    return f"{shown}: {message[:1].lower()}{message[1:]}"


def _keys_at(model: type[BaseModel], place: Place) -> list[str]:
    """The keys of the model that stands at `place` in `model`."""
    found = model
    for part in place:
        for name, field in found.model_fields.items():
            if part == (field.alias or name):
                found = next(filter(_is_model, (field.annotation, *get_args(field.annotation))), found)
                break
    return [field.alias or name for name, field in found.model_fields.items()]


def _is_model(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _hint(word: str, allowed: list[str]) -> str:
    near = difflib.get_close_matches(word, allowed, n=1)
    return f"did you mean {near[0]!r}?" if near else f"there are {', '.join(allowed)}"


def known(source: Source, place: Place, word: str, allowed: list[str], what: str) -> str:
    """`word`, when it is one of `allowed`; otherwise a ConfigurationError that names them."""
    if word in allowed:
        return word
    raise source.refuse(place, f"there is no {what} {word!r}; {_hint(word, allowed)}")
