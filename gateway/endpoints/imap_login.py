"""Opening a mailbox: the connection, and the login by password or by access token."""

from __future__ import annotations

from imapclient.exceptions import IMAPClientAbortError, LoginError

from gateway.endpoints.imap_connection import BoundedClient
from gateway.endpoints.imap_secrets import read_secret
from gateway.endpoints.imap_session import MailboxSession, is_passing, shown, spoken
from gateway.endpoints.imap_tokens import TokenKeeper
from gateway.errors import MailboxRefused, MailboxUnavailable
from gateway.settings import MailboxSettings

_ATOM_SPECIALS = str.maketrans("", "", ' (){%*"\\]')


def open_mailbox(settings: MailboxSettings, tokens: TokenKeeper | None) -> MailboxSession:
    """A session that has logged in.

    Raises:
        MailboxRefused: the login, or what is needed for one; trying again will not help.
        MailboxUnavailable: the server cannot be reached, or cannot say now.
    """
    secret = read_secret(settings.password_file) if tokens is None else tokens.current()
    # Also when it greets with BYE: it is going down, or has too many connections.
    with spoken(f"{settings.host}:{settings.port} cannot be reached", no=MailboxUnavailable):
        client = BoundedClient(
            settings.host, settings.port, tls=settings.tls == "implicit", ca_file=settings.ca_file
        )
    session = MailboxSession(client)
    try:
        client.allow()
        _log_in(client, settings, secret)
    except LoginError as error:
        session.hang_up()
        # IMAPClient says that of a connection which ended, too.
        if isinstance(error.__context__, IMAPClientAbortError) or is_passing(error):
            raise MailboxUnavailable(f"the login got no answer: {shown(error)}") from error
        if tokens is not None and tokens.forget():
            raise MailboxUnavailable(
                f"the access token is refused; the next is new: {shown(error)}"
            ) from error
        raise MailboxRefused(f"the login as {settings.user} is refused: {shown(error)}") from error
    except (OSError, ValueError) as error:
        session.hang_up()
        raise MailboxUnavailable(f"the login got no answer: {shown(error)}") from error
    return session


def _log_in(client: BoundedClient, settings: MailboxSettings, secret: str) -> None:
    if settings.oauth2 is not None:
        mechanism = settings.oauth2.mechanism
        if mechanism == "auto":
            mechanism = "oauthbearer" if not client.has_capability("AUTH=XOAUTH2") else "xoauth2"
        if mechanism == "xoauth2":
            client.oauth2_login(settings.user, secret)
        else:
            client.oauthbearer_login(settings.user, secret)
    elif client.has_capability("AUTH=PLAIN"):
        # LOGIN takes ASCII alone (RFC 9051 section 6.2.3).
        client.plain_login(settings.user, secret)
    elif not (settings.user + secret).isascii():
        raise LoginError("the server has LOGIN alone, which takes no user or password beyond ASCII")
    else:
        client.login(quoted(settings.user), secret)


def quoted(user: str) -> str:
    """RFC 9051 section 4.3; imaplib quotes passwords alone."""
    if user.translate(_ATOM_SPECIALS) == user:
        return user
    escaped = user.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
