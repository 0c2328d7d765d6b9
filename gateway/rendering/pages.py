"""The web's pages, by the templates of `templates/portal/`: compiled once, tried before they are used."""

from __future__ import annotations

import base64
import hashlib
import tomllib
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined, TemplateError, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from gateway.errors import ConfigurationError
from gateway.rendering.filters import FILTERS
from gateway.rendering.renderer import LANGUAGES

NOTICES = ("unknown", "busy", "unreadable", "trouble")
"""Pages that are about nothing in particular."""
_STEPS = ("ask", "done", "used", "expired", "unavailable")
_FALLBACK = "en"


def moment(instant: datetime, language: str) -> str:
    """A date and a time of day for people, in UTC."""
    return f"{instant:%d/%m/%Y à %H:%M} UTC" if language == "fr" else f"{instant:%Y-%m-%d, %H:%M} UTC"


class Pages:
    """All pages of a folder of templates."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._environment = ImmutableSandboxedEnvironment(
            loader=FileSystemLoader(folder),
            undefined=StrictUndefined,
            # Everything is HTML here, and most of it was written by strangers.
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._environment.filters.update(FILTERS, moment=moment)
        try:
            self._style = (folder / "portal" / "style.css").read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ConfigurationError(
                f"cannot be read: {error.strerror}", file=folder / "portal" / "style.css"
            ) from error

    @property
    def style_source(self) -> str:
        """What a Content-Security-Policy calls the pages' one style sheet."""
        digest = hashlib.sha256(self._style.encode()).digest()
        return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"

    def render(self, name: str, language: str, context: Mapping[str, Any]) -> str:
        """A page in the reader's language, else in English."""
        language = language if language in LANGUAGES else _FALLBACK
        template = self._environment.get_template(f"portal/{language}/{name}.html")
        # The templates' own text: a style sheet has nothing to escape.
        style = Markup(self._style)  # noqa: S704
        return template.render({**context, "style": style, "language": language})

    def check(self, acts: Collection[str]) -> None:
        """Try every page in every language and at every step.

        Args:
            acts: whose pages there have to be.

        Raises:
            ConfigurationError: with file and reason for the first that is wrong.
        """
        context = self._sample()
        for language in LANGUAGES:
            for name in NOTICES:
                self._try(name, language, {})
            for name in sorted(acts):
                for step in _STEPS:
                    self._try(name, language, {**context, "step": step})
                    self._try(
                        name,
                        language,
                        {**context, "step": step, "escalation": None, "by_mail": True, "problem": "?"},
                    )

    def _try(self, name: str, language: str, context: Mapping[str, Any]) -> None:
        file = self._folder / "portal" / language / f"{name}.html"
        try:
            self.render(name, language, context)
        except TemplateSyntaxError as error:
            raise ConfigurationError(
                error.message or "is no template", file=error.filename or file, line=error.lineno
            ) from error
        except TemplateError as error:
            raise ConfigurationError(error.message or "is missing", file=file) from error
        except Exception as error:
            raise ConfigurationError(f"{type(error).__name__}: {error}", file=file) from error

    def _sample(self) -> dict[str, Any]:
        """A mail's sample, and what `pipeline.act_by_link` adds to it."""
        folder = self._folder / "mail"
        common = tomllib.loads((folder / "_sample.toml").read_text(encoding="utf-8"))
        file = folder / "escalation-requested" / "template.toml"
        own = tomllib.loads(file.read_text(encoding="utf-8"))["sample"]
        at = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
        return {
            **common,
            **own,
            "mail": {
                "number": 17,
                "author": "Bob <bob@other.test>",
                "subject": "Re: Module Paie bloqué",
                "reason": "written by somebody who does not take part in the ticket",
                "text": "Bonjour,\n\nje suis le collègue de Chloé, pouvez-vous me mettre en copie ?",
            },
            "asked": "Merci d'escalader ce ticket.",
            "by_mail": False,
            "entry": {"kind": "priority", "from": "low", "to": "high"},
            "undo_minutes": 30,
            "alerts": [
                {
                    "number": 3,
                    "title": "Lenteurs",
                    "text": "Un correctif arrive.",
                    "since": "?",
                    "updated": "",
                }
            ],
            "undo": "https://support.example.test/a/ahkq2",
            "used_at": at,
            "expires_at": at,
            "problem": "",
            "given": {},
            "page": "sealed",
        }
