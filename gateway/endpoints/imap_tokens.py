"""Access tokens: where they come from, and that a fresh one is there before the old one expires."""

from __future__ import annotations

import http.client
import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from typing import Any, NamedTuple

from gateway.domain.text import clean_line
from gateway.endpoints.imap_secrets import read_secret
from gateway.errors import ConfigurationError, GatewayError, MailboxRefused, MailboxUnavailable
from gateway.settings import MailboxSettings, OAuth2Settings

_TIMEOUT_S = 20.0
_AHEAD_S = 300.0
_LARGEST_ANSWER = 1 << 20
_LIFETIME_S = 3600.0
_GOOGLE_SCOPE = "https://mail.google.com/"
_MICROSOFT_SCOPE = "https://outlook.office365.com/.default"
# RFC 6749 section 5.2: what is wrong with the request stays wrong.
_PASSING_ERRORS = frozenset({"temporarily_unavailable", "server_error", "slow_down"})


class Issued(NamedTuple):
    """An access token, and for how many seconds it is good."""

    token: str
    lifetime_s: float


class TokenKeeper:
    """Keeps one mailbox's token, and fetches the next one five minutes before this one expires.

    Args:
        issue: fetches one; raises MailboxRefused or MailboxUnavailable.
    """

    def __init__(self, issue: Callable[[], Issued]) -> None:
        self._issue = issue
        self._token = ""
        self._expires = 0.0
        self._is_fresh = False
        self.trouble = ""

    def current(self) -> str:
        """A token that is good now.

        Raises:
            MailboxRefused, MailboxUnavailable: there is none. While the last one is still good,
                `trouble` says why there is no newer one.
        """
        left = self._expires - time.monotonic()
        self._is_fresh = False
        if left > _AHEAD_S:
            return self._token
        try:
            issued = self._issue()
        except GatewayError as error:
            if left <= 0:
                raise
            self.trouble = f"the access token expires in {left:.0f} s and cannot be renewed: {error}"
            return self._token
        self._token, self.trouble, self._is_fresh = issued.token, "", True
        self._expires = time.monotonic() + issued.lifetime_s
        return self._token

    def forget(self) -> bool:
        """The server does not take it; whether it was not fresh, so that a new one may do better."""
        was_kept, self._is_fresh, self._expires = not self._is_fresh, False, 0.0
        return was_kept


def token_keeper(settings: MailboxSettings) -> TokenKeeper | None:
    """What keeps the tokens of a mailbox; None when it logs in by password."""
    oauth2 = settings.oauth2
    if oauth2 is None:
        return None
    match oauth2.provider:
        case "file":
            return TokenKeeper(lambda: Issued(read_secret(oauth2.token_file), 0.0))
        case "microsoft":
            return TokenKeeper(_microsoft(oauth2))
        case "google":
            return TokenKeeper(_google(oauth2, settings.user))
        case _:
            return TokenKeeper(lambda: _client_credentials(oauth2))


def _client_credentials(oauth2: OAuth2Settings) -> Issued:
    """RFC 6749 section 4.4, with the standard library."""
    form = {
        "grant_type": "client_credentials",
        "client_id": oauth2.client_id,
        "client_secret": read_secret(oauth2.client_secret_file),
    } | ({"scope": oauth2.scope} if oauth2.scope else {})
    # The settings' reader lets https through, and http on loopback.
    request = urllib.request.Request(oauth2.token_url, urllib.parse.urlencode(form).encode())  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:  # noqa: S310
            said = json.loads(answer.read(_LARGEST_ANSWER))
    except urllib.error.HTTPError as error:
        raise _refusal(_error_of(error), status=error.code) from error
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise MailboxUnavailable(f"no access token: {clean_line(str(error), limit=200)}") from error
    return _issued(said)


def _error_of(error: urllib.error.HTTPError) -> dict[str, Any]:
    try:
        said = json.loads(error.read(_LARGEST_ANSWER))
    except (OSError, ValueError, http.client.HTTPException):
        return {}
    return said if isinstance(said, dict) else {}


def _microsoft(oauth2: OAuth2Settings, http_client: object = None) -> Callable[[], Issued]:
    """Client credentials for Exchange Online (permission IMAP.AccessAsApp), by msal."""

    def issue() -> Issued:
        try:
            import msal
        except ImportError as error:
            raise _missing("msal") from error
        try:
            app = msal.ConfidentialClientApplication(
                oauth2.client_id,
                client_credential=read_secret(oauth2.client_secret_file),
                authority=f"https://login.microsoftonline.com/{oauth2.tenant}",
                http_client=http_client,
                timeout=None if http_client else _TIMEOUT_S,
            )
            said = app.acquire_token_for_client(scopes=[oauth2.scope or _MICROSOFT_SCOPE])
        except (OSError, ValueError) as error:
            # msal says ValueError when it cannot find the directory, for whatever reason.
            raise MailboxUnavailable(f"no access token: {clean_line(str(error), limit=200)}") from error
        return _issued(said)

    return issue


def _google(oauth2: OAuth2Settings, user: str) -> Callable[[], Issued]:
    """A service account that may read the domain's mail, in the name of `user`, by google-auth."""

    def issue() -> Issued:
        try:
            from google.auth.exceptions import RefreshError, TransportError
            from google.auth.transport.requests import Request
            from google.oauth2.service_account import Credentials
        except ImportError as error:
            raise _missing("google-auth") from error
        try:
            credentials = Credentials.from_service_account_file(
                oauth2.key_file, scopes=[oauth2.scope or _GOOGLE_SCOPE], subject=user
            )
        except (OSError, ValueError) as error:
            raise MailboxRefused(f"{oauth2.key_file} is no key of a service account: {error}") from error
        try:
            credentials.refresh(Request())
        except TransportError as error:
            raise MailboxUnavailable(f"no access token: {clean_line(str(error), limit=200)}") from error
        except RefreshError as error:
            said = MailboxUnavailable if error.retryable else MailboxRefused
            raise said(f"no access token: {clean_line(str(error), limit=200)}") from error
        return Issued(credentials.token, _LIFETIME_S)

    return issue


def _issued(said: object) -> Issued:
    if not isinstance(said, dict):
        raise MailboxUnavailable("no access token: the answer makes no sense")
    token, lifetime = said.get("access_token"), said.get("expires_in", _LIFETIME_S)
    if not isinstance(token, str) or not token.isascii() or not token.isprintable():
        raise _refusal(said, status=200)
    try:
        return Issued(token, float(lifetime))
    except (TypeError, ValueError):
        return Issued(token, _LIFETIME_S)


def _refusal(said: dict[str, Any], *, status: int) -> GatewayError:
    code = str(said.get("error", f"HTTP {status}"))
    words = clean_line(f"{code} {said.get('error_description', '')}", limit=200)
    passing = status >= 500 or status == 429 or code in _PASSING_ERRORS
    return (MailboxUnavailable if passing else MailboxRefused)(f"no access token: {words}")


def _missing(package: str) -> ConfigurationError:
    return ConfigurationError(
        f"{package} is not installed; it comes with the extra `oauth2`", file="imap.oauth2.provider"
    )
