"""What settings must be together; each alone has been checked by its reader."""

from __future__ import annotations

import ipaddress
from typing import NoReturn

from gateway.errors import ConfigurationError
from gateway.settings.sections import PRESETS, MailboxSettings, Settings


def check(settings: Settings) -> None:
    """Raise ConfigurationError, where the first of two that do not go together stands."""
    smtp = settings.smtp
    if bool(smtp.certificate) != bool(smtp.key):
        given, other = ("certificate", "key") if smtp.certificate else ("key", "certificate")
        _refuse(settings, f"smtp.{given}", f"smtp.{other} is needed too")
    if smtp.listen_tls and not smtp.certificate:
        _refuse(settings, "smtp.listen_tls", "implicit TLS needs smtp.certificate and smtp.key")
    if not settings.desk.rules_dir and settings.desk.preset not in PRESETS:
        _refuse(
            settings, "desk.preset", f"expected one of {', '.join(PRESETS)}, not {settings.desk.preset!r}"
        )
    names: set[str] = set()
    for number, mailbox in enumerate(settings.imap, start=1):
        _check_mailbox(settings, mailbox, f"imap.{number}")
        if mailbox.name in names:
            _refuse(settings, f"imap.{number}.name", f"two mailboxes are called {mailbox.name!r}")
        names.add(mailbox.name)


def _check_mailbox(settings: Settings, mailbox: MailboxSettings, where: str) -> None:
    if bool(mailbox.password_file) == (mailbox.oauth2 is not None):
        _refuse(settings, f"{where}.name", "a mailbox needs either password_file or oauth2")
    if mailbox.tls == "none" and not _is_loopback(mailbox.host):
        _refuse(
            settings,
            f"{where}.tls",
            f"without TLS the password of {mailbox.host} would be sent in clear; "
            'tls = "none" is for loopback only',
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _refuse(settings: Settings, key: str, reason: str) -> NoReturn:
    origin = settings.origins[key]
    raise ConfigurationError(f"{key}: {reason}", file=origin.source, line=origin.line)
