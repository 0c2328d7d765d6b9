"""Settings from environment variables: `GATEWAY_SMTP__LISTEN` is `listen` of `[smtp]`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import Field, dataclass, fields
from difflib import get_close_matches
from typing import Any

from gateway.errors import ConfigurationError
from gateway.settings.sections import SECTIONS, MailboxSettings, Origin

_PREFIX = "GATEWAY_"
# GATEWAY_LOG is of gateway.logs; Kubernetes sets the others for a service that is called gateway.
_NOT_OURS = ("GATEWAY_LOG", "GATEWAY_TEST_", "GATEWAY_SERVICE_", "GATEWAY_PORT")


@dataclass(frozen=True, slots=True)
class Given:
    """A value as it was given, not yet read, and where."""

    raw: object
    origin: Origin


def environment_values(environ: Mapping[str, str]) -> dict[tuple[str, str], Given]:
    """The values of all variables that are settings, by section and key.

    Raises:
        ConfigurationError: a variable looks like a setting and is none.
    """
    known = {
        f"{_PREFIX}{section}__{field.name}".upper(): (section, field)
        for section, content in SECTIONS.items()
        if content is not MailboxSettings
        for field in fields(content)
    }
    found: dict[tuple[str, str], Given] = {}
    for name in sorted(environ):
        if not name.startswith(_PREFIX):
            continue
        if name in known:
            section, field = known[name]
            found[section, field.name] = Given(_raw(environ[name], field), Origin(f"variable {name}"))
        elif name.startswith(f"{_PREFIX}IMAP__"):
            raise ConfigurationError(
                "mailboxes cannot be set by environment, only by [[imap]]", file=f"variable {name}"
            )
        elif "__" in name or not name.startswith(_NOT_OURS):
            close = get_close_matches(name, known, n=1)
            raise ConfigurationError(
                "is no setting" + (f"; is {close[0]} meant?" if close else ""), file=f"variable {name}"
            )
    return found


def _raw(word: str, field: Field[Any]) -> object:
    """The value that TOML would have given; what does not fit is left for the reader to refuse."""
    default = field.metadata["default"]
    if isinstance(default, int):
        return int(word) if word.strip().isascii() and word.strip().lstrip("-").isdigit() else word
    if isinstance(default, list):
        if word.lstrip().startswith("["):
            try:
                return tomllib.loads(f"list = {word}")["list"]
            except tomllib.TOMLDecodeError:
                return word
        return [item.strip() for item in word.split(",") if item.strip()]
    return word
