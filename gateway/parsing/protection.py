"""Signed and encrypted mail: told, and kept as it came. Nothing is decrypted, and no signature is judged here."""

from __future__ import annotations

from gateway.parsing.parts import Part

_ENVELOPES = frozenset(("application/pkcs7-mime", "application/x-pkcs7-mime"))


def protections(parts: list[Part], text: str) -> list[str]:
    """What keeps a mail from being read or claims to prove it, one sentence each."""
    found = []
    for part in parts:
        if part.type == "multipart/encrypted":
            found.append("encrypted with PGP/MIME (RFC 3156): kept as it came")
        elif part.type in _ENVELOPES:
            signed = part.parameters.get("smime-type", "").lower() == "signed-data"
            what = "signed with S/MIME, the text within the signature" if signed else "encrypted with S/MIME"
            found.append(f"{what} (RFC 8551): kept as it came")
        elif part.type == "multipart/signed":
            found.append("signed: the signature is not judged")
    if text.startswith("-----BEGIN PGP MESSAGE-----") or "\n-----BEGIN PGP MESSAGE-----" in text:
        found.append("encrypted with PGP in the text: kept as it came")
    return found
