"""All settings with their defaults and help, one frozen class a section.

Standard library only: the receiving process reads them, and has to stay small.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gateway.settings import values

# The folders of rules/presets/; with a `rules_dir` of its own, a desk may have others.
PRESETS = ("learning-saas", "partner-24x7", "industrial-erp", "erp-flex", "customer-care")
REQUIRED = object()


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value comes from: `default`, a file and its line, or an environment variable."""

    source: str
    line: int | None = None

    def __str__(self) -> str:
        return self.source if self.line is None else f"{self.source}:{self.line}"


def _setting(default: object, read: values.Reader, help_text: str) -> Any:  # noqa: ANN401 - as dataclasses.field
    """One key: `default` is what the file would say, and goes through `read` as that does."""
    # A URL may hold a password, and a repr may end in a log.
    hidden = read in {values.database_url, values.broker_url, values.relay_url}
    return field(repr=not hidden, metadata={"default": default, "read": read, "help": help_text})


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewaySettings:
    """Where the gateway keeps things, and what it works with."""

    data_dir: Path = _setting("var", values.path, "folder for everything that is kept outside the database")
    database_url: str = _setting(
        "sqlite:///var/gateway.db", values.database_url, "`sqlite:///path` or `postgresql+psycopg://…`"
    )
    broker_url: str = _setting(
        "", values.broker_url, "empty for the embedded broker, or `redis://…` or `amqp://…`"
    )
    workers: int = _setting(1, values.whole(1, 64), "worker processes started by `gateway serve`")
    operator: str = _setting(
        "", values.optional_address, "who is told of alarms, at most once a day of each; empty for nobody"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskSettings:
    """Who the desk is and by which rules it works."""

    file: Path = _setting("desk.yaml", values.path, "the desk file: addresses, teams, people, organisations")
    preset: str = _setting("partner-24x7", values.some_text, "the set of rules to start from")
    rules_dir: str = _setting("", values.optional_path, "folder of rules; empty for the shipped ones")
    templates_dir: str = _setting("", values.optional_path, "folder of templates; empty for the shipped ones")


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpSettings:
    """Reception by SMTP."""

    listen: str = _setting("127.0.0.1:2525", values.listen, "`host:port` to listen on; empty for off")
    listen_tls: str = _setting("", values.listen, "`host:port` for implicit TLS; empty for off")
    hostname: str = _setting("", values.text, "name in the greeting; empty for the machine's own")
    certificate: str = _setting(
        "", values.optional_path, "PEM file of the certificate and its chain; with it STARTTLS is offered"
    )
    key: str = _setting("", values.optional_path, "PEM file of the certificate's private key")
    max_message_bytes: int = _setting(
        26_214_400, values.whole(65_536, 268_435_456), "largest mail that is taken, LMTP and IMAP included"
    )
    max_connections: int = _setting(200, values.whole(1, 10_000), "connections at the same time")
    max_connections_per_peer: int = _setting(
        20, values.whole(1, 10_000), "connections at the same time from one address"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LmtpSettings:
    """Reception by LMTP, from a mail server in front."""

    listen: str = _setting("", values.listen_or_unix, "`host:port` or `unix:/path`; empty for off")


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuth2Settings:
    """Where the access tokens of a mailbox come from."""

    provider: str = _setting(
        "client-credentials",
        values.one_of("client-credentials", "microsoft", "google", "file"),
        "`client-credentials` (any server: RFC 6749 section 4.4), `microsoft`, `google` (a service "
        "account) or `file` (another program keeps the token fresh)",
    )
    token_url: str = _setting("", values.token_url, "for `client-credentials`: where tokens are issued")
    tenant: str = _setting("", values.text, "for `microsoft`: the directory's id or domain")
    client_id: str = _setting("", values.text, "for `client-credentials` and `microsoft`: who asks")
    client_secret_file: str = _setting("", values.optional_path, "file that holds the client's secret alone")
    key_file: str = _setting("", values.optional_path, "for `google`: the service account's JSON key")
    token_file: str = _setting(
        "", values.optional_path, "for `file`: the access token alone; read at each login"
    )
    scope: str = _setting("", values.text, "what is asked for; empty for the provider's IMAP scope")
    mechanism: str = _setting(
        "auto",
        values.one_of("auto", "xoauth2", "oauthbearer"),
        "how the token is shown; `auto` takes what the server offers",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxSettings:
    """A mailbox to fetch from; `[[imap]]` may be there any number of times."""

    name: str = _setting(REQUIRED, values.some_text, "what logs call it, and what its position is kept under")
    host: str = _setting(REQUIRED, values.some_text, "the IMAP server")
    port: int = _setting(993, values.whole(1, 65_535), "its port")
    tls: str = _setting("implicit", values.one_of("implicit", "none"), "`implicit`, or `none` on loopback")
    ca_file: str = _setting(
        "", values.optional_path, "PEM file of the authorities to trust; empty for the system's"
    )
    user: str = _setting(REQUIRED, values.some_text, "the account")
    password_file: str = _setting("", values.optional_path, "file that holds the password alone")
    oauth2: OAuth2Settings | None = field(
        default=None,
        metadata={"help": "instead of a password: a table of the keys below", "section": OAuth2Settings},
    )
    folder: str = _setting("INBOX", values.some_text, "folder to fetch from")
    after: str = _setting(
        "move:Processed",
        values.after_fetch,
        "what happens to a fetched mail: `move:FOLDER`, `seen` or `delete`",
    )
    recipient: str = _setting(REQUIRED, values.some_text, "the desk address that the mailbox stands for")
    first_sync: str = _setting(
        "ask",
        values.one_of("ask", "all", "new-only"),
        "mail that was there before: `ask` waits for `gateway mailboxes sync`, `all` files it without "
        "a single mail going out, `new-only` leaves it alone",
    )
    poll_s: int = _setting(
        60, values.whole(1, 1500), "seconds between two looks at a server that announces nothing"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RelaySettings:
    """The way out."""

    url: str = _setting(
        "file:var/sent",
        values.relay_url,
        "`file:folder` (one .eml a mail), `smtp://[user:password@]host:port[?starttls=required]` or `smtps://…`",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustSettings:
    """Whose word counts about who wrote a mail."""

    authserv_ids: tuple[str, ...] = _setting(
        [], values.texts, "whose Authentication-Results count (the authserv-id in them)"
    )
    relays: tuple[str, ...] = _setting(
        [],
        values.relays,
        "from which peers they count: addresses or networks; `imap`, `pipe`, `lmtp` for mail handed over without one",
    )
    verify: str = _setting(
        "auto",
        values.one_of("auto", "off"),
        "`auto`: judge DKIM, SPF and DMARC ourselves when the peer is no such relay; `off`: ask the DNS nothing",
    )
    staff: str = _setting(
        "token+dkim", values.one_of("token+dkim", "token"), "what an act of the staff by mail needs"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSettings:
    """The portal and the console."""

    listen: str = _setting("127.0.0.1:8025", values.listen, "`host:port` to listen on; empty for off")
    base_url: str = _setting(
        "http://127.0.0.1:8025", values.base_url, "the same as people reach it, for links in mail"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmSettings:
    """Beyond which an operator has to look; see `gateway.operator`."""

    process_s: int = _setting(
        60,
        values.whole(2, 3600),
        "seconds without a sign of life of a process; after three times as long it is replaced",
    )
    inbound_minutes: int = _setting(
        10, values.whole(1, 10_080), "minutes for which a mail may wait to be read"
    )
    outbox_minutes: int = _setting(
        60, values.whole(1, 10_080), "minutes for which a notification may wait to leave"
    )
    disk_free_mb: int = _setting(
        512, values.whole(0, 10_000_000), "mebibytes that should be left where mail is kept"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that can be set.

    Attributes:
        file: the file they were read from, absolute; None when there was none.
        origins: where each value comes from, by key (`smtp.listen`, `imap.1.host`).
    """

    gateway: GatewaySettings
    desk: DeskSettings
    smtp: SmtpSettings
    lmtp: LmtpSettings
    imap: tuple[MailboxSettings, ...]
    relay: RelaySettings
    trust: TrustSettings
    web: WebSettings
    alarms: AlarmSettings
    file: Path | None
    origins: Mapping[str, Origin]

    @property
    def links_to(self) -> str:
        """The web's address as mails name it; empty when it is off.

        Where only `web.listen` was set, links lead there.
        """
        if not self.web.listen:
            return ""
        said = (
            self.origins["web.base_url"].source != "default" or self.origins["web.listen"].source == "default"
        )
        return self.web.base_url if said else f"http://{self.web.listen}"


SECTIONS: Mapping[str, type] = {
    "gateway": GatewaySettings,
    "desk": DeskSettings,
    "smtp": SmtpSettings,
    "lmtp": LmtpSettings,
    "imap": MailboxSettings,
    "relay": RelaySettings,
    "trust": TrustSettings,
    "web": WebSettings,
    "alarms": AlarmSettings,
}
