"""A DKIM-Signature field, read strictly (RFC 6376 section 3.5)."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

from gateway.authentication.header_fields import RawField, unfolded
from gateway.authentication.lookups import domain_name

ALGORITHMS = ("rsa-sha256", "ed25519-sha256")
_CANONICAL = ("simple", "relaxed")
_MAX_NAMES = 200
_TAG = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_DIGITS = re.compile(r"[0-9]{1,12}")
_SPACE = re.compile(r"[ \t\r\n]+")


class BadSignature(ValueError):
    """The signature cannot be right, whatever the mail and the key are; the text says why."""


@dataclass(frozen=True, slots=True)
class Signature:
    """What one signature says.

    Attributes:
        names: of the signed fields, lower case, in the order in which they are hashed.
        length: `l=`, the signed bytes of the canonical body; None for all of it.
        signed_at, expires_at: seconds since 1970, or None.
        field: the DKIM-Signature field itself.
    """

    domain: str
    selector: str
    algorithm: str
    header_canonical: str
    body_canonical: str
    names: tuple[str, ...]
    body_hash: bytes
    value: bytes
    identity_domain: str
    length: int | None
    signed_at: int | None
    expires_at: int | None
    field: RawField


def read_tags(text: str) -> dict[str, str]:
    """A tag list (RFC 6376 section 3.2).

    Raises:
        BadSignature: it is none, or a tag stands twice.
    """
    tags: dict[str, str] = {}
    for item in text.rstrip(" \t\r\n;").split(";"):
        name, equals, value = item.partition("=")
        name = name.strip(" \t\r\n")
        if not equals or not _TAG.fullmatch(name):
            raise BadSignature("not a list of tags")
        if name in tags:
            raise BadSignature(f"two {name}= tags")
        tags[name] = value.strip(" \t\r\n")
    return tags


def read_signature(field: RawField) -> Signature:
    """The signature in a field.

    Raises:
        BadSignature: by RFC 6376 section 6.1.1 it cannot be valid.
    """
    tags = read_tags(unfolded(field.value))
    if tags.get("v") != "1":
        raise BadSignature("not version 1")
    algorithm = tags.get("a", "").lower()
    if algorithm not in ALGORITHMS:
        # RFC 8301 section 3.1: rsa-sha1 proves nothing any more.
        raise BadSignature(f"algorithm {algorithm[:40] or 'missing'}")
    header_canonical, _, body_canonical = tags.get("c", "simple/simple").lower().partition("/")
    body_canonical = body_canonical or "simple"
    if header_canonical not in _CANONICAL or body_canonical not in _CANONICAL:
        raise BadSignature("unknown canonicalization")
    names = tuple(name.strip(" \t").lower() for name in tags.get("h", "").split(":"))
    if "from" not in names or len(names) > _MAX_NAMES:
        raise BadSignature("From is not signed" if "from" not in names else "too many signed fields")
    domain = domain_name(tags.get("d", ""))
    selector = tags.get("s", "").lower()
    if domain is None or "." not in domain or domain_name(f"{selector}._domainkey.{domain}") is None:
        raise BadSignature("no proper domain and selector")
    identity = domain_name(tags["i"].rpartition("@")[2]) if "i" in tags else domain
    if identity is None or not f".{identity}".endswith(f".{domain}"):
        raise BadSignature("i= is not within d=")
    if tags.get("q", "dns/txt") != "dns/txt":
        raise BadSignature("keys are looked up by dns/txt only")
    return Signature(
        domain=domain,
        selector=selector,
        algorithm=algorithm,
        header_canonical=header_canonical,
        body_canonical=body_canonical,
        names=names,
        body_hash=decode_base64(tags.get("bh", "")),
        value=decode_base64(tags.get("b", "")),
        identity_domain=identity,
        length=_number(tags, "l"),
        signed_at=_number(tags, "t"),
        expires_at=_number(tags, "x"),
        field=field,
    )


def decode_base64(text: str) -> bytes:
    """Base64 with white space anywhere in it, and not empty; raises BadSignature."""
    try:
        decoded = base64.b64decode(_SPACE.sub("", text), validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadSignature("not base64") from error
    if not decoded:
        raise BadSignature("an empty hash or signature")
    return decoded


def _number(tags: dict[str, str], name: str) -> int | None:
    if name not in tags:
        return None
    if not _DIGITS.fullmatch(tags[name]):
        raise BadSignature(f"{name}= is no number")
    return int(tags[name])
