"""From `relay.url` to a way out."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from gateway.errors import ConfigurationError, RelayDeferred
from gateway.ports import Transport
from gateway.transports.folder import FolderTransport
from gateway.transports.smtp import Relay, SmtpTransport


def open_transport(url: str) -> Transport:
    """The way out of `url`; connects when the first mail is sent.

    Raises:
        ConfigurationError: the URL names none.
    """
    if url.startswith("file:"):
        return FolderTransport(Path(url.removeprefix("file:")))
    return SmtpTransport(_relay(url))


def probe(url: str) -> str:
    """Try the way out without a mail; what was found.

    Raises:
        RelayDeferred: it cannot be used now.
    """
    if not url.startswith("file:"):
        return SmtpTransport(_relay(url)).probe()
    folder = Path(url.removeprefix("file:"))
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RelayDeferred(f"{folder}: {error.strerror}") from error
    return f"mails are written to {folder}"


def _relay(url: str) -> Relay:
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
        raise ConfigurationError(
            "expected file:folder, smtp://host:port or smtps://host:port", file="relay.url"
        )
    unknown = set(query) - {"starttls", "ca"}
    if unknown or query.get("starttls", ["required"]) != ["required"]:
        raise ConfigurationError("the parameters are starttls=required and ca=/path", file="relay.url")
    implicit = parts.scheme == "smtps"
    tls = "implicit" if implicit else "required" if "starttls" in query else "none"
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if user and tls == "none" and parts.hostname not in {"localhost", "127.0.0.1", "::1"}:
        raise ConfigurationError("a login needs smtps:// or ?starttls=required", file="relay.url")
    return Relay(
        host=parts.hostname,
        port=parts.port or (465 if implicit else 25),
        tls=tls,
        user=user,
        password=password,
        ca_file=query.get("ca", [""])[0],
    )
