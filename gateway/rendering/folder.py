"""Where the templates are: the configured folder, else the packaged one, else the checkout's."""

from __future__ import annotations

from pathlib import Path

from gateway.errors import ConfigurationError


def templates_folder(configured: str) -> Path:
    """The folder of the templates.

    Raises:
        ConfigurationError: there is none.
    """
    package = Path(__file__).resolve().parent.parent
    places = (
        [Path(configured)] if configured else [package / "_data" / "templates", package.parent / "templates"]
    )
    for place in places:
        if place.is_dir():
            return place
    raise ConfigurationError("there is no such folder of templates", file=places[0])


def template_names(folder: Path) -> list[str]:
    """The names of the mail templates in the folder of the templates.

    Raises:
        ConfigurationError: there are none.
    """
    root = folder / "mail"
    names = sorted(path.name for path in root.glob("[!_]*") if path.is_dir())
    if not names:
        raise ConfigurationError("there are no templates", file=root)
    return names
