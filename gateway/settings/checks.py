"""What settings must be together; each alone has been checked by its reader."""

from __future__ import annotations

from typing import NoReturn

from gateway.errors import ConfigurationError
from gateway.settings.sections import PRESETS, MailboxSettings, OAuth2Settings, Settings
from gateway.settings.values import is_loopback

_NEEDED = {
    "client-credentials": ("token_url", "client_id", "client_secret_file"),
    "microsoft": ("tenant", "client_id", "client_secret_file"),
    "google": ("key_file",),
    "file": ("token_file",),
}


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
    places: set[tuple[str, str, str]] = set()
    for number, mailbox in enumerate(settings.imap, start=1):
        _check_mailbox(settings, mailbox, f"imap.{number}")
        if mailbox.name in names:
            _refuse(settings, f"imap.{number}.name", f"two mailboxes are called {mailbox.name!r}")
        names.add(mailbox.name)
        place = (mailbox.user, mailbox.host, _folder(mailbox.folder))
        if place in places:
            _refuse(settings, f"imap.{number}.name", "two mailboxes are the same folder of one account")
        places.add(place)


def _folder(name: str) -> str:
    """RFC 9051 section 5.1: INBOX is one name however it is written."""
    return "INBOX" if name.upper() == "INBOX" else name


def _check_mailbox(settings: Settings, mailbox: MailboxSettings, where: str) -> None:
    if bool(mailbox.password_file) == (mailbox.oauth2 is not None):
        _refuse(settings, f"{where}.name", "a mailbox needs either password_file or oauth2")
    if mailbox.oauth2 is not None:
        _check_oauth2(settings, mailbox.oauth2, where)
    verb, _, target = mailbox.after.partition(":")
    if verb == "move" and _folder(target) == _folder(mailbox.folder):
        _refuse(settings, f"{where}.after", "moves what was fetched to where it is fetched from")
    if mailbox.tls == "none" and not is_loopback(mailbox.host):
        _refuse(
            settings,
            f"{where}.tls",
            f"without TLS the password of {mailbox.host} would be sent in clear; "
            'tls = "none" is for loopback only',
        )


def _check_oauth2(settings: Settings, oauth2: OAuth2Settings, where: str) -> None:
    for key in _NEEDED[oauth2.provider]:
        if not getattr(oauth2, key):
            _refuse(settings, f"{where}.name", f"oauth2 by {oauth2.provider} needs the key {key}")


def _refuse(settings: Settings, key: str, reason: str) -> NoReturn:
    origin = settings.origins[key]
    raise ConfigurationError(f"{key}: {reason}", file=origin.source, line=origin.line)
