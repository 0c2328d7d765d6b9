"""Where the rules are: the configured folder, else the packaged one, else the checkout's."""

from __future__ import annotations

from pathlib import Path

from gateway.errors import ConfigurationError


def rules_folder(configured: str) -> Path:
    """The folder of the rules.

    Raises:
        ConfigurationError: there is none.
    """
    package = Path(__file__).resolve().parent.parent
    places = [Path(configured)] if configured else [package / "_data" / "rules", package.parent / "rules"]
    for place in places:
        if place.is_dir():
            return place
    raise ConfigurationError("there is no such folder of rules", file=places[0])
