"""How each value is read: from what TOML gave, to a checked and typed value.

A reader takes the raw value and the folder that relative paths start from. It raises ValueError with
a sentence that begins with what was expected.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from pathlib import Path
from urllib.parse import SplitResult, quote, unquote, urlsplit

Reader = Callable[[object, Path], object]

_LARGEST_PORT = 65535


def text(raw: object, base: Path) -> str:
    """Any text on one line."""
    if not isinstance(raw, str):
        raise ValueError(f"expected text in quotes, not {_kind(raw)}")
    if not raw.isprintable():
        raise ValueError("expected text on one line, without control characters")
    return raw


def some_text(raw: object, base: Path) -> str:
    """Text that is not empty."""
    if not (value := text(raw, base)):
        raise ValueError("expected text that is not empty")
    return value


def texts(raw: object, base: Path) -> tuple[str, ...]:
    """A list of texts."""
    if not isinstance(raw, list | tuple):
        raise ValueError(f"expected a list of texts, not {_kind(raw)}")
    return tuple(some_text(item, base) for item in raw)


_HANDED_OVER = ("imap", "lmtp", "pipe")


def relays(raw: object, base: Path) -> tuple[str, ...]:
    """A list of IP addresses or networks, each in its usual form, and of ways in without an address."""
    found = []
    for item in texts(raw, base):
        if item in _HANDED_OVER:
            found.append(item)
            continue
        try:
            found.append(str(ipaddress.ip_network(item, strict=False)))
        except ValueError as error:
            ways = ", ".join(_HANDED_OVER)
            raise ValueError(
                f"expected IP addresses or networks like 10.0.0.0/8, or {ways}, not {item!r}"
            ) from error
    return tuple(found)


def whole(least: int, most: int) -> Reader:
    """A whole number from `least` to `most`."""

    def read(raw: object, base: Path) -> int:
        if not isinstance(raw, int) or isinstance(raw, bool):
            raise ValueError(f"expected a whole number, not {_kind(raw)}")
        if not least <= raw <= most:
            raise ValueError(f"expected a number from {least} to {most}, not {raw}")
        return raw

    return read


def one_of(*choices: str) -> Reader:
    """One of a few words."""

    def read(raw: object, base: Path) -> str:
        if (value := text(raw, base)) not in choices:
            raise ValueError(f"expected one of {', '.join(choices)}, not {value!r}")
        return value

    return read


def path(raw: object, base: Path) -> Path:
    """A file or folder, made absolute; it need not exist."""
    return base / Path(some_text(raw, base)).expanduser()


def optional_path(raw: object, base: Path) -> str:
    """A file or folder, made absolute, or nothing."""
    return str(path(raw, base)) if text(raw, base) else ""


def listen(raw: object, base: Path) -> str:
    """`host:port`, `[v6 address]:port`, or nothing; port 0 is any free one."""
    value = text(raw, base)
    if value:
        host, _, port = value.rpartition(":")
        bracketed = host.startswith("[") and host.endswith("]")
        if bracketed:
            host = host[1:-1]
        if not host or " " in host or (":" in host) != bracketed or not _is_port(port):
            raise ValueError(f'expected "host:port" or "[v6 address]:port", or "" for off, not {value!r}')
    return value


def listen_or_unix(raw: object, base: Path) -> str:
    """What `listen` takes, or `unix:/path`."""
    value = text(raw, base)
    if not value.startswith("unix:"):
        return listen(raw, base)
    return f"unix:{path(value.removeprefix('unix:'), base)}"


def database_url(raw: object, base: Path) -> str:
    """`sqlite:///path` with the path made absolute, or `postgresql+psycopg://…`."""
    value = text(raw, base)
    scheme, _, rest = value.partition("://")
    if scheme in {"sqlite", "sqlite+pysqlite"}:
        name, mark, query = rest.removeprefix("/").partition("?")
        if not rest.startswith("/") or not name or name == ":memory:":
            raise ValueError("expected sqlite:///path: the mail must be on disk before it is answered")
        return f"{scheme}:///{quote(str(base / unquote(name)))}{mark}{query}"
    if scheme in {"postgresql", "postgresql+psycopg"} and "/" in rest:
        split_url(value)
        return value
    raise ValueError("expected sqlite:///path or postgresql+psycopg://user:password@host/name")


def broker_url(raw: object, base: Path) -> str:
    """Nothing for the embedded broker, or the URL of Redis or RabbitMQ."""
    value = text(raw, base)
    if value and split_url(value).scheme not in {"redis", "rediss", "amqp", "amqps"}:
        raise ValueError('expected redis://host:port/0, amqp://user:password@host:port/vhost, or ""')
    return value


def relay_url(raw: object, base: Path) -> str:
    """Where mail leaves: a folder made absolute, or a relay."""
    value = text(raw, base)
    scheme, _, rest = value.partition(":")
    if scheme == "file":
        return f"file:{path(rest.removeprefix('//'), base)}"
    if scheme not in {"smtp", "smtps"} or not split_url(value).hostname:
        raise ValueError(
            "expected file:folder, smtp://[user:password@]host:port[?starttls=required] or smtps://…"
        )
    return value


def base_url(raw: object, base: Path) -> str:
    """An address of the web without the slash at its end."""
    value = text(raw, base)
    parts = split_url(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("expected http://host or https://host, with a path if need be")
    return value.rstrip("/")


def token_url(raw: object, base: Path) -> str:
    """Nothing, or an address of the web to which a secret may be sent: https, or http on loopback."""
    value = text(raw, base)
    if value:
        parts = split_url(value)
        safe = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))
        if not safe or not parts.hostname:
            raise ValueError("expected https://host/path: a secret is sent there")
    return value


def optional_address(raw: object, base: Path) -> str:
    """A mail address, or nothing."""
    value = text(raw, base)
    local_part, _, domain = value.rpartition("@")
    if value and (not local_part or "." not in domain or " " in value):
        raise ValueError(f"expected a mail address, not {value!r}")
    return value


def is_loopback(host: str) -> bool:
    """Whether what is sent to `host` stays on this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def after_fetch(raw: object, base: Path) -> str:
    """What happens to a fetched mail: `move:FOLDER`, `seen` or `delete`."""
    value = text(raw, base)
    verb, _, folder = value.partition(":")
    if value not in {"seen", "delete"} and (verb != "move" or not folder.strip()):
        raise ValueError(f"expected move:FOLDER, seen or delete, not {value!r}")
    return value


def split_url(url: str) -> SplitResult:
    """The parts of a URL; the words of the error hold none of it, for there may be a password in it."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        # The cause is left out: it quotes the part that it took for the port.
        raise ValueError(
            "expected a URL: its host or port cannot be read (in a password, write / : @ as %2F %3A %40)"
        ) from None
    return parts


def without_password(url: str) -> str:
    """`url` with `***` for each password, fit to be shown."""
    scheme, mark, rest = url.partition("://")
    place, question, query = rest.partition("?")
    account, at, host = place.rpartition("@")
    user, colon, _ = account.partition(":")
    hidden = "&".join(
        f"{name}=***" if "pass" in name.lower() else f"{name}{equals}{value}"
        for name, equals, value in (word.partition("=") for word in query.split("&"))
    )
    return f"{scheme}{mark}{user}{colon}{'***' if colon else ''}{at}{host}{question}{hidden}"


def _is_port(word: str) -> bool:
    return (
        word.isascii()
        and word.isdigit()
        and len(word) <= len(str(_LARGEST_PORT))
        and int(word) <= _LARGEST_PORT
    )


def _kind(raw: object) -> str:
    names = {
        bool: "true or false",
        int: "a number",
        float: "a number",
        str: "text",
        list: "a list",
        dict: "a table",
    }
    return names.get(type(raw), "a date or time")
