"""From a file and the environment to `Settings`: an unknown or wrong key is refused where it stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import Any, NoReturn

from gateway.errors import ConfigurationError
from gateway.settings.checks import check
from gateway.settings.document import Document, read_document
from gateway.settings.environment import Given, environment_values
from gateway.settings.sections import REQUIRED, SECTIONS, MailboxSettings, OAuth2Settings, Origin, Settings

_LOOKED_UP = (Path("gateway.toml"), Path("/etc/gateway/gateway.toml"))
_DEFAULT = Origin("default")


def load_settings(config: Path | None, environ: Mapping[str, str]) -> Settings:
    """The settings of `config`, with what the environment says instead.

    Args:
        config: the file; None for `gateway.toml` in the working directory, then
            `/etc/gateway/gateway.toml`, then no file at all.
        environ: `GATEWAY_SECTION__KEY` for any key but those of mailboxes. A list is written as in
            TOML, or with commas.

    Raises:
        ConfigurationError: an unknown key, section or variable, or a wrong value; with file and line.
    """
    file = config or next((path for path in _LOOKED_UP if path.is_file()), None)
    document = Document("", {}, {}) if file is None else read_document(file)
    base = Path.cwd() if file is None else file.absolute().parent
    reading = _Reading(document, base)
    return reading.settings(None if file is None else file.absolute(), environment_values(environ))


class _Reading:
    """One reading of one file."""

    def __init__(self, document: Document, base: Path) -> None:
        self._document = document
        self._base = base
        self._origins: dict[str, Origin] = {}

    def settings(self, file: Path | None, environment: Mapping[tuple[str, str], Given]) -> Settings:
        for name in self._document.tables:
            if name not in SECTIONS:
                origin = self._origin(name)
                _refuse(f"unknown section [{name}]{_near(name, SECTIONS)}", origin)
        sections: dict[str, Any] = {}
        for name, section in SECTIONS.items():
            if section is MailboxSettings:
                sections[name] = self._mailboxes()
                continue
            given = self._table(self._document.tables.get(name, {}), name)
            given |= {key: value for (where, key), value in environment.items() if where == name}
            sections[name] = self._section(section, given, name)
        settings = Settings(**sections, file=file, origins=MappingProxyType(self._origins))
        check(settings)
        return settings

    def _mailboxes(self) -> tuple[MailboxSettings, ...]:
        tables = self._document.tables.get("imap", [])
        if not isinstance(tables, list):
            _refuse("mailboxes are written as [[imap]], with two brackets", self._origin("imap"))
        mailboxes = []
        for number, table in enumerate(tables, start=1):
            path = ("imap", str(number))
            given = self._table(table, *path)
            oauth2 = given.pop("oauth2", None)
            values: dict[str, Any] = {}
            if oauth2 is not None:
                inner = self._table(oauth2.raw, *path, "oauth2")
                values["oauth2"] = self._section(OAuth2Settings, inner, *path, "oauth2")
            mailboxes.append(self._section(MailboxSettings, given, *path, **values))
        return tuple(mailboxes)

    def _table(self, table: object, *path: str) -> dict[str, Given]:
        if not isinstance(table, dict):
            _refuse(f"{path[0]} is a section: write [{path[0]}] and its keys below", self._origin(*path))
        return {key: Given(raw, self._origin(*path, key)) for key, raw in table.items()}

    def _section(self, section: type, given: Mapping[str, Given], *path: str, **values: Any) -> Any:  # noqa: ANN401 - of the class that is given
        known = [field.name for field in fields(section)]
        for key, value in given.items():
            if key not in known:
                _refuse(f"unknown key {'.'.join((*path, key))}{_near(key, known)}", value.origin)
        for field in fields(section):
            if "read" not in field.metadata:
                values.setdefault(field.name, None)
                continue
            value = given.get(field.name, Given(field.metadata["default"], _DEFAULT))
            if value.raw is REQUIRED:
                _refuse(
                    f"{'.'.join(path)} lacks the key {field.name}: {field.metadata['help']}",
                    self._origin(*path),
                )
            try:
                values[field.name] = field.metadata["read"](value.raw, self._base)
            except ValueError as error:
                raise ConfigurationError(
                    f"{'.'.join((*path, field.name))}: {error}",
                    file=value.origin.source,
                    line=value.origin.line,
                ) from error
            self._origins[".".join((*path, field.name))] = value.origin
        return section(**values)

    def _origin(self, *path: str) -> Origin:
        return Origin(self._document.name, self._document.line(*path))


def _near(word: str, known: Iterable[str]) -> str:
    known = list(known)
    close = get_close_matches(word.lower(), known, n=1)
    return f"; is {close[0]} meant?" if close else f"; there are {', '.join(known)}"


def _refuse(reason: str, origin: Origin) -> NoReturn:
    raise ConfigurationError(reason, file=origin.source, line=origin.line)
