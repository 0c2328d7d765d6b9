"""YAML as it was written: every scalar a string, every place with its line, nothing taken twice.

The usual loaders turn `no` into False and `9:30` into 570; here a value gets its type from the model
that it is read into, and whatever does not fit is refused with file, line and reason.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_args

import yaml
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
    """A file's content, and the line of each place in it.

    Attributes:
        files: of places that another file has laid over this one.
    """

    file: Path
    content: Any
    lines: dict[Place, int]
    files: dict[Place, Path] = field(default_factory=dict)

    def line(self, place: Place) -> int:
        """The line of a place, or of what is nearest around it."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)

    def refuse(self, place: Place, reason: str) -> ConfigurationError:
        """The error for something wrong at a place; to be raised."""
        while place and place not in self.lines:
            place = place[:-1]
        return ConfigurationError(
            reason, file=self.files.get(place, self.file), line=self.lines.get(place, 1)
        )


def read_source(file: Path) -> Source:
    """Read a YAML file.

    Raises:
        ConfigurationError: it cannot be read, is too large, is not YAML, repeats a key or uses an alias.
    """
    return parse_source(file, read_text(file))


def read_text(file: Path) -> str:
    """A file's text; raises ConfigurationError when it cannot be read, is too large or is not UTF-8."""
    try:
        with file.open("rb") as stream:
            content = stream.read(_MAX_BYTES + 1)
    except OSError as error:
        raise ConfigurationError(f"cannot be read: {error.strerror}", file=file) from error
    if len(content) > _MAX_BYTES:
        raise ConfigurationError(f"is larger than {_MAX_BYTES} bytes", file=file)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        broken = content.count(b"\n", 0, error.start) + 1
        raise ConfigurationError("is not UTF-8", file=file, line=broken) from error


def parse_source(file: Path, text: str) -> Source:
    """Read YAML; raises ConfigurationError when it is none, repeats a key or uses an alias."""
    try:
        # The C parser is twenty times faster, and every process and command reads all rules.
        return _Reading(file, yaml.parse(text, Loader=yaml.CSafeLoader)).source()
    except yaml.MarkedYAMLError as error:
        where = error.problem_mark.line + 1 if error.problem_mark else None
        raise ConfigurationError(f"is not YAML: {error.problem}", file=file, line=where) from error
    except yaml.YAMLError as error:
        raise ConfigurationError("is not YAML: it has control characters in it", file=file) from error


class _Reading:
    """One file's events, as plain values; never deeper than `_MAX_DEPTH`."""

    def __init__(self, file: Path, events: Iterator[yaml.Event]) -> None:
        self._file = file
        self._events = events
        self._lines: dict[Place, int] = {}

    def source(self) -> Source:
        """The one document of the file."""
        content: Any = {}
        documents = 0
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise self._refused(event, "there is a second document; a file holds one")
                content = self._value(next(self._events), ())
        return Source(self._file, {} if content == "" else content, self._lines)

    def _value(self, event: yaml.Event, place: Place) -> Any:  # noqa: ANN401
        self._lines.setdefault(place, _line(event))
        if isinstance(event, yaml.AliasEvent):
            raise self._refused(event, "aliases (*name) are not taken; write it out")
        if len(place) > _MAX_DEPTH:
            raise self._refused(event, f"is nested deeper than {_MAX_DEPTH} levels")
        if isinstance(event, yaml.ScalarEvent):
            return str(event.value)
        if isinstance(event, yaml.SequenceStartEvent):
            items: list[Any] = []
            while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
                items.append(self._value(event, (*place, len(items))))
            return items
        content: dict[str, Any] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                raise self._refused(event, "a key must be a word")
            key = str(event.value)
            if key in content:
                first = self._lines[(*place, key)]
                raise self._refused(event, f"{key!r} is at line {first} already")
            self._lines[(*place, key)] = _line(event)
            content[key] = self._value(next(self._events), (*place, key))
        return content

    def _refused(self, event: yaml.Event, reason: str) -> ConfigurationError:
        return ConfigurationError(reason, file=self._file, line=_line(event))


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark is not None else 1


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
        for name, entry in found.model_fields.items():
            if part == (entry.alias or name):
                found = next(filter(_is_model, (entry.annotation, *get_args(entry.annotation))), found)
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
