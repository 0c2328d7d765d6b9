"""What HTML elements mean to a reader of text: blocks, quotes, signatures, things not shown."""

from __future__ import annotations

import re

_VOID = "area base br col embed hr img input link meta param source track wbr"
_NOT_SHOWN = "script style title template noembed noframes xml select svg math object"
_BLOCKS = (
    "address article aside body center dd details dialog div dl dt fieldset figcaption figure footer form"
    " header hgroup html legend main nav section summary table tbody tfoot thead tr caption"
)
_SPACED = "h1 h2 h3 h4 h5 h6 blockquote ul ol pre"
VOID = frozenset(_VOID.split())
NOT_SHOWN = frozenset(_NOT_SHOWN.split())
BLOCKS = frozenset(_BLOCKS.split())
SPACED = frozenset(_SPACED.split())
CELLS = frozenset(("td", "th"))

_HIDDEN = re.compile(
    r"display[ \t]*:[ \t]*none|visibility[ \t]*:[ \t]*hidden|mso-hide[ \t]*:[ \t]*all", re.IGNORECASE
)
_NO_MARGIN = re.compile(r"margin(?:-bottom)?[ \t]*:[ \t]*0", re.IGNORECASE)
_NO_BORDER = re.compile(r"border[ \t]*:[ \t]*(?:none|0)", re.IGNORECASE)

# Class and id of the container in which a client puts what it quotes, by client: Yahoo, Proton,
# Tutanota, Zoho, Zimbra, Outlook for iOS, Mail.ru, FastMail, Front, Superhuman, Spark, Mailspring.
_QUOTES = (
    "yahoo_quoted protonmail_quote tutanota_quote zmail_extra_quote front-blockquote gh_quote"
    " orimsghtmlseperator mailru-blockquote sh-quoted-content yj6qo_quote gmail_quote_blockquote"
    " thread-quote freebirdquote mb_quote"
)
# The line above the quote: Gmail, Thunderbird, Mailspring, Apple.
_ATTRIBUTIONS = "gmail_attr moz-cite-prefix reply-header protonmail_quote_header"
_SIGNATURES = (
    "gmail_signature gmail_signature_prefix moz-signature protonmail_signature_block signature"
    " applemailsignature ms-outlook-mobile-signature mailsignature zmail_signature tutanota_signature"
    " x_signature elementtoproof_signature outlooksignature"
)
_QUOTE_NAMES = frozenset(_QUOTES.split())
_ATTRIBUTION_NAMES = frozenset(_ATTRIBUTIONS.split())
_SIGNATURE_NAMES = frozenset(_SIGNATURES.split())


def is_hidden(attributes: dict[str, str]) -> bool:
    """Whether an element is not shown on the screen."""
    if "hidden" in attributes:
        return True
    style = attributes.get("style")
    return bool(style and _HIDDEN.search(style))


def is_tight_paragraph(attributes: dict[str, str]) -> bool:
    """Whether a paragraph is shown without an empty line after it, as Outlook writes all of them."""
    if attributes.get("class", "").startswith(("Mso", "x_Mso")):
        return True
    style = attributes.get("style")
    return bool(style and _NO_MARGIN.search(style))


def container(tag: str, attributes: dict[str, str]) -> str:
    """What an element contains: quote, attribution, signature, or an empty string."""
    if tag == "blockquote":
        style = attributes.get("style")
        # Gmail and Outlook on the web indent the writer's own text with a borderless blockquote.
        indented = bool(style and _NO_BORDER.search(style)) and attributes.get("type", "").lower() != "cite"
        return "" if indented and "quote" not in attributes.get("class", "") else "quote"
    if not attributes:
        return ""
    names = attributes.get("class", "").lower().split()
    if "id" in attributes:
        names.append(attributes["id"].lower())
    for name in names:
        if name in _SIGNATURE_NAMES:
            return "signature"
        if name in _QUOTE_NAMES:
            return "quote"
        if name in _ATTRIBUTION_NAMES:
            return "attribution"
    return ""
