"""Presets: files of the same names as those of `rules/`, laid over them, each with its `why`.

Mappings are merged, entries with an `id` by their id (`remove: true` takes one out), and everything
else is replaced. Whatever is wrong afterwards is refused with the file and line that it came from.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gateway.errors import ConfigurationError
from gateway.rulebook.source import Place, Source, read_source

_PRESETS = "presets"


def preset_names(folder: Path) -> list[str]:
    """The presets of a folder of rules."""
    home = folder / _PRESETS
    return sorted(path.name for path in home.iterdir() if path.is_dir()) if home.is_dir() else []


def read_rules(folder: Path, name: str, preset: str) -> Source:
    """A file of the rules as the preset makes it.

    Args:
        name: relative to `folder`.
        preset: empty for the rules as they are.

    Raises:
        ConfigurationError: there is no such preset, or one of the files is wrong.
    """
    base = read_source(folder / name)
    if not preset:
        return base
    home = folder / _PRESETS / preset
    if not home.is_dir():
        raise ConfigurationError(
            f"there is no preset {preset!r}; there are {', '.join(preset_names(folder))}",
            file=folder / _PRESETS,
        )
    path = home / name
    return _Overlay(base, read_source(path)).merged() if path.is_file() else base


def check_files(folder: Path, preset: str) -> None:
    """Refuse a file of the preset that lies over nothing."""
    home = folder / _PRESETS / preset
    for path in sorted(home.rglob("*.yaml")):
        if not (folder / path.relative_to(home)).is_file():
            raise ConfigurationError("there is no such file in the rules that it could change", file=path)


class _Overlay:
    """One file over another."""

    def __init__(self, base: Source, over: Source) -> None:
        self._base = base
        self._over = over
        self._lines = dict(base.lines)
        self._files = dict(base.files)

    def merged(self) -> Source:
        """The file that they come to."""
        content = self._over.content
        if not isinstance(content, dict) or not str(content.get("why", "")).strip():
            raise self._over.refuse((), "a preset's file says why: `why` is missing")
        changes = {key: value for key, value in content.items() if key != "why"}
        found = self._mapping(self._base.content, changes, (), ())
        return Source(self._base.file, found, self._lines, self._files)

    def _value(self, base: Any, over: Any, place: Place, source: Place) -> Any:  # noqa: ANN401
        self._mark(place, source)
        if isinstance(base, dict) and isinstance(over, dict):
            return self._mapping(base, over, place, source)
        if _has_ids(base) and _has_ids(over):
            return self._entries(base, over, place, source)
        self._mark_all(over, place, source)
        return over

    def _mapping(
        self, base: dict[str, Any], over: dict[str, Any], place: Place, source: Place
    ) -> dict[str, Any]:
        merged = dict(base)
        for key, value in over.items():
            if key in base:
                merged[key] = self._value(base[key], value, (*place, key), (*source, key))
            else:
                self._mark_all(value, (*place, key), (*source, key))
                merged[key] = value
        return merged

    def _entries(
        self, base: list[dict[str, Any]], over: list[dict[str, Any]], place: Place, source: Place
    ) -> list[dict[str, Any]]:
        """The base's entries in their order, changed or taken out, and the new ones behind them."""
        order = {entry["id"]: number for number, entry in enumerate(base)}
        changes = {entry["id"]: (number, entry) for number, entry in enumerate(over)}
        merged: list[dict[str, Any]] = []
        marks: list[tuple[Place, Place | None]] = []
        for name, (number, entry) in changes.items():
            if entry.get("remove") == "true" and name not in order:
                raise self._over.refuse((*source, number), f"there is no {name!r} that could be removed")
        for name in dict.fromkeys((*order, *changes)):
            at = (*place, len(merged))
            number, entry = changes.get(name, (-1, {}))
            if entry.get("remove") == "true":
                continue
            if name in order:
                marks.append((at, (*place, order[name])))
            if name not in order:
                merged.append(entry)
            else:
                merged.append({**base[order[name]], **entry})
        self._move(marks, place)
        for position, found in enumerate(merged):
            if found["id"] in changes:
                number, entry = changes[found["id"]]
                for key in entry:
                    self._mark_all(entry[key], (*place, position, key), (*source, number, key))
                if found["id"] not in order:
                    self._mark((*place, position), (*source, number))
        return merged

    def _move(self, marks: list[tuple[Place, Place | None]], place: Place) -> None:
        """Entries stand elsewhere after others were taken out: their lines go with them."""
        old = {key: line for key, line in self._lines.items() if key[: len(place)] == place and key != place}
        for key in old:
            del self._lines[key]
        for new, before in marks:
            if before is None:
                continue
            for key, line in old.items():
                if key[: len(before)] == before:
                    self._lines[(*new, *key[len(before) :])] = line

    def _mark(self, place: Place, source: Place) -> None:
        self._lines[place] = self._over.line(source)
        self._files[place] = self._over.file

    def _mark_all(self, value: Any, place: Place, source: Place) -> None:  # noqa: ANN401
        self._mark(place, source)
        inner = (
            value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        )
        for key, each in inner:
            self._mark_all(each, (*place, key), (*source, key))


def _has_ids(value: Any) -> bool:  # noqa: ANN401
    return isinstance(value, list) and bool(value) and all(isinstance(e, dict) and "id" in e for e in value)
