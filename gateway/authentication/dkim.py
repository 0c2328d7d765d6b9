"""Whether a DKIM signature is valid (RFC 6376, RFC 8301, RFC 8463)."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from gateway.authentication.canonical import canonical_body, canonical_field, without_value
from gateway.authentication.header_fields import RawField, RawMail
from gateway.authentication.lookups import Lookups
from gateway.authentication.signature import BadSignature, Signature, decode_base64, read_tags

# RFC 8301 section 3.2: shorter RSA keys are never valid; longer ones than this are nobody's.
MIN_RSA_BITS = 1024
MAX_RSA_BITS = 8192
_ED25519_BYTES = 32

Verify = Callable[[bytes, bytes], None]


def verify(signature: Signature, mail: RawMail, lookups: Lookups, bodies: dict[str, bytes]) -> str:
    """A remark on the key (it is only being tested), or an empty string, when the signature is valid.

    Args:
        bodies: canonical bodies by form, kept for the mail's other signatures.

    Raises:
        BadSignature: it is not valid.
        DnsUnavailable: the key could not be looked up.
    """
    # The cheap half first: a body that was changed needs no key.
    form = signature.body_canonical
    if form not in bodies:
        bodies[form] = canonical_body(mail.body, form)
    body = bodies[form]
    if signature.length is not None and signature.length > len(body):
        raise BadSignature("the body is shorter than l=")
    signed_body = body if signature.length is None else memoryview(body)[: signature.length]
    if hashlib.sha256(signed_body).digest() != signature.body_hash:
        raise BadSignature("the body has been changed")
    check, remark = _key(signature, lookups)
    try:
        check(signature.value, _signed_header(signature, mail))
    except InvalidSignature as error:
        raise BadSignature("the signature does not fit the header") from error
    return remark


def _signed_header(signature: Signature, mail: RawMail) -> bytes:
    """The signed fields, each name taking the lowest that is left (section 5.4.2), then the signature."""
    left: dict[str, list[RawField]] = defaultdict(list)
    for field in mail.fields:
        left[field.name].append(field)
    form = signature.header_canonical
    hashed = [canonical_field(left[name].pop(), form) for name in signature.names if left[name]]
    hashed.append(canonical_field(without_value(signature.field), form))
    return b"\r\n".join(hashed)


def _key(signature: Signature, lookups: Lookups) -> tuple[Verify, str]:
    """What checks a signature with the published key (section 3.6.1), and a remark on it."""
    found = lookups.records(f"{signature.selector}._domainkey.{signature.domain}", "TXT")
    if not found:
        raise BadSignature("no key is published")
    if len(found) > 1:
        raise BadSignature("several keys are published under one name")
    tags = read_tags(found[0])
    if tags.get("v", "DKIM1") != "DKIM1":
        raise BadSignature("the key's record is of another version")
    if not tags.get("p"):
        raise BadSignature("the key has been revoked")
    if "sha256" not in _words(tags.get("h", "sha256")) or not _words(tags.get("s", "*")) & {"*", "email"}:
        raise BadSignature("the key is not for this use")
    flags = _words(tags.get("t", ""))
    if "s" in flags and signature.identity_domain != signature.domain:
        raise BadSignature("the key is not for subdomains")
    kind = tags.get("k", "rsa").lower()
    if kind != signature.algorithm.partition("-")[0]:
        raise BadSignature("the key is of another algorithm")
    check = _rsa(decode_base64(tags["p"])) if kind == "rsa" else _ed25519(decode_base64(tags["p"]))
    return check, "its key is marked as being tested" if "y" in flags else ""


def _words(text: str) -> set[str]:
    return {word.strip(" \t").lower() for word in text.split(":")}


def _rsa(der: bytes) -> Verify:
    try:
        key = load_der_public_key(der)
    except ValueError as error:
        raise BadSignature("the published key cannot be read") from error
    if not isinstance(key, RSAPublicKey) or not MIN_RSA_BITS <= key.key_size <= MAX_RSA_BITS:
        raise BadSignature("the key's size is not accepted")
    rsa = key
    return lambda value, signed: rsa.verify(value, signed, PKCS1v15(), SHA256())


def _ed25519(raw: bytes) -> Verify:
    if len(raw) != _ED25519_BYTES:
        raise BadSignature("the key's size is not accepted")
    key = Ed25519PublicKey.from_public_bytes(raw)
    # RFC 8463 section 3: the hash is what is signed.
    return lambda value, signed: key.verify(value, hashlib.sha256(signed).digest())
