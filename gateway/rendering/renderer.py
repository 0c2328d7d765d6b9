"""From a notification to bytes, by templates that are compiled once and tried before they are used."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined, Template, TemplateError, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from gateway.domain.address import Mailbox
from gateway.domain.notification import Notification
from gateway.errors import ConfigurationError, UnsafeMail
from gateway.rendering.filters import FILTERS
from gateway.rendering.folder import template_names
from gateway.rendering.headers import harmless
from gateway.rendering.mime import build

LANGUAGES = ("en", "fr")
"""What every template speaks; a folder may add others, for all of its templates or for some."""
_FALLBACK = "en"
_PARTS = ("subject.txt", "body.txt", "body.html")
_KEYS = frozenset({"description", "sample"})
_SAMPLE_DATE = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


class _Environment(ImmutableSandboxedEnvironment):
    """What a template asks of a mapping is one of its keys first: `ticket.items` is no method.

    Jinja looks for an attribute first, and the exception that this costs for every key is a third of
    the time of a mail.
    """

    def getattr(self, obj: object, attribute: str) -> object:
        if type(obj) is dict and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)


@dataclass(frozen=True, slots=True)
class _Parts:
    subject: Template
    text: Template
    html: Template


class TemplateRenderer:
    """All templates of a folder, each compiled when it is first used."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._environment = _Environment(
            loader=FileSystemLoader(folder),
            undefined=StrictUndefined,
            autoescape=lambda name: bool(name) and name.endswith(".html"),
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._environment.filters.update(FILTERS)
        self._known = frozenset(
            (name, language) for name in template_names(folder) for language in self._languages(name)
        )
        self._templates: dict[tuple[str, str], _Parts] = {}

    @cached_property
    def samples(self) -> dict[str, dict[str, Any]]:
        """What each template is tried with, by its name; raises ConfigurationError."""
        return {name: self._sample(name) for name in sorted({name for name, _ in self._known})}

    def check(self) -> None:
        """Try every template in every language.

        Raises:
            ConfigurationError: with file, line and reason for the first template that is wrong, or that
                does not render its own sample.
        """
        for name, language in sorted(self._known):
            self._templates[name, language] = self._compiled(name, language)
        for notification in self.examples():
            self._try(notification)
            self._try(replace(notification, context=_sparse(self.samples[notification.template])))

    def subject(self, notification: Notification) -> str:
        """The subject alone, one harmless line."""
        _, parts = self._parts(notification)
        return harmless(parts.subject.render(_context(notification)))

    def text(self, notification: Notification) -> str:
        """The text part alone."""
        _, parts = self._parts(notification)
        return parts.text.render(_context(notification))

    def render(self, notification: Notification) -> bytes:
        """The mail, in the wanted language or else in English.

        Raises:
            UnsafeMail: the result is not what was meant.
        """
        notification, parts = self._parts(notification)
        context = _context(notification)
        return build(
            notification,
            harmless(parts.subject.render(context)),
            parts.text.render(context),
            parts.html.render(context),
        )

    def _parts(self, notification: Notification) -> tuple[Notification, _Parts]:
        """The templates, and the notification in the language that they are in."""
        key = (notification.template, notification.language)
        if key not in self._known:
            notification = replace(notification, language=_FALLBACK)
            key = (notification.template, _FALLBACK)
        parts = self._templates.get(key)
        if parts is None:
            parts = self._templates[key] = self._compiled(*key)
        return notification, parts

    def examples(self) -> Iterator[Notification]:
        """A notification for every template and language, from the template's own sample."""
        for name, language in sorted(self._known):
            sample = self.samples[name]
            yield Notification(
                template=name,
                language=language,
                sender=Mailbox("Support", "support@example.test"),
                to=Mailbox("Chloé Petit", "chloe@acme.test"),
                reply_to="support+sample@example.test",
                message_id="sample@example.test",
                in_reply_to="request@acme.test",
                references=("request@acme.test",),
                ticket=sample["ticket"]["number"],
                subject=sample["ticket"]["subject"],
                auto_submitted="auto-generated",
                date=_SAMPLE_DATE,
                context=sample,
            )

    def _languages(self, name: str) -> list[str]:
        found = {path.name for path in (self._folder / "mail" / name).iterdir() if path.is_dir()}
        return sorted(found | set(LANGUAGES))

    def _sample(self, name: str) -> dict[str, Any]:
        file = self._folder / "mail" / name / "template.toml"
        try:
            read = tomllib.loads(file.read_text(encoding="utf-8"))
            common = tomllib.loads((self._folder / "mail" / "_sample.toml").read_text(encoding="utf-8"))
        except OSError as error:
            raise ConfigurationError(
                f"cannot be read: {error.strerror}", file=error.filename or file
            ) from error
        except tomllib.TOMLDecodeError as error:
            raise ConfigurationError(f"is not TOML: {error}", file=file) from error
        for key in read.keys() - _KEYS:
            raise ConfigurationError(
                f"there is no key {key!r}; there are {', '.join(sorted(_KEYS))}", file=file
            )
        return _merged(common, read.get("sample", {}))

    def _compiled(self, name: str, language: str) -> _Parts:
        return _Parts(*(self._template(f"mail/{name}/{language}/{part}") for part in _PARTS))

    def _template(self, name: str) -> Template:
        try:
            return self._environment.get_template(name)
        except TemplateSyntaxError as error:
            raise ConfigurationError(
                error.message or "is no template", file=error.filename or name, line=error.lineno
            ) from error
        except TemplateError as error:
            raise ConfigurationError("is missing", file=self._folder / name) from error
        except UnicodeDecodeError as error:
            raise ConfigurationError("is not UTF-8", file=self._folder / name) from error

    def _try(self, notification: Notification) -> None:
        file = self._folder / "mail" / notification.template / notification.language
        try:
            self.render(notification)
        except TemplateError as error:
            found, line = _place(error, file)
            raise ConfigurationError(str(error.message), file=found, line=line) from error
        except UnsafeMail as error:
            raise ConfigurationError(f"makes a mail that may not leave: {error}", file=file) from error
        except Exception as error:
            # A template is a program: it may divide by zero, or add a number to a text.
            found, line = _place(error, file)
            raise ConfigurationError(f"{type(error).__name__}: {error}", file=found, line=line) from error


def _context(notification: Notification) -> dict[str, Any]:
    """With what notifications of earlier versions lack."""
    return {"links": (), **notification.context}


def _merged(common: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """`common` with what `own` says instead, a level deep."""
    merged = dict(common)
    for key, value in own.items():
        inner = merged.get(key)
        merged[key] = {**inner, **value} if isinstance(inner, dict) and isinstance(value, dict) else value
    for name in (
        "comment",
        "change",
        "held",
        "returned",
        "escalation",
        "claim",
        "answer",
        "sla",
        "reminder",
        "first_answer",
    ):
        merged.setdefault(name, None)
    return merged


def _sparse(sample: Mapping[str, Any]) -> dict[str, Any]:
    """The same without what may be missing, so that a template is also tried there."""
    ticket = {**sample["ticket"], "subject": "", "organisation": "", "requester": {"name": "", "address": ""}}
    comment = sample["comment"]
    return {
        **sample,
        "desk": {**sample["desk"], "phone": ""},
        "recipient": {**sample["recipient"], "name": ""},
        "ticket": {**ticket, "priority_chosen": True},
        "comment": comment and {**comment, "verified": not comment["verified"]},
        "attachments": [{**each, "taken": not each["taken"]} for each in sample["attachments"]],
        "links": [],
    }


def _place(error: BaseException, otherwise: Path) -> tuple[Path, int | None]:
    """The template's file and line, which Jinja puts into the traceback."""
    place: tuple[Path, int | None] = (otherwise, None)
    frame = error.__traceback__
    while frame is not None:
        name = frame.tb_frame.f_code.co_filename
        if name.endswith((".txt", ".html")):
            place = (Path(name), frame.tb_lineno)
        frame = frame.tb_next
    return place
