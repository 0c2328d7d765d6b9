"""What a page's form sends back, and how we know that this browser has been shown this page.

A page carries a seal over the instant, the link, what was shown, and a cookie that was set with the page.
So whoever acts has fetched the page before, in the same browser, not long ago, and acts on what it said.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import parse_qsl

from gateway.ports import Signer

COOKIE = "page"
VALID_S = 15 * 60
"""How long a page may stand open."""
MAX_BODY_BYTES = 32 * 1024
_MAX_FIELDS = 20
_COOKIE_CHARS = 64
STALE, NO_COOKIE = "page-stale", "page-cookie"
"""Problems, as the templates know them."""


def read_form(body: bytes, content_type: str) -> dict[str, str] | None:
    """The fields of a form as browsers send it (application/x-www-form-urlencoded); None for anything else."""
    if content_type.partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        return None
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, max_num_fields=_MAX_FIELDS, errors="replace"
        )
    except ValueError:
        return None
    return dict(pairs)


def new_cookie() -> str:
    """128 bits that nobody can guess."""
    return secrets.token_hex(16)


def seal_page(signer: Signer, link: str, shown: str, cookie: str, *, now: datetime) -> str:
    """The form's hidden field."""
    issued = str(int(now.timestamp()))
    return f"{issued}.{signer.seal(_words(issued, link, shown, cookie))}"


def page_problem(
    signer: Signer, form: Mapping[str, str], link: str, shown: str, cookie: str, *, now: datetime
) -> str:
    """Why this browser has not been shown this page lately, or empty."""
    if not cookie:
        return NO_COOKIE
    issued, _, seal = form.get("page", "")[:200].partition(".")
    if not (issued.isascii() and issued.isdecimal() and len(issued) <= 12):
        return STALE
    if not 0 <= now.timestamp() - int(issued) <= VALID_S:
        return STALE
    return "" if signer.is_sealed(_words(issued, link, shown, cookie), seal) else STALE


def _words(issued: str, link: str, shown: str, cookie: str) -> str:
    hashed = hashlib.sha256(link.encode()).hexdigest()
    return f"{issued}|{hashed}|{cookie[:_COOKIE_CHARS]}|{shown}"
