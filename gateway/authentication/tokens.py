"""Signed tokens in lower-case base32: reply addresses, bounce addresses, Message-IDs.

A token is `version and key id | ticket | contact | notification | MAC`, the three numbers as
variable-length integers and the MAC 128 bits of HMAC-SHA-256 over purpose and payload. It proves
that we issued an address to that contact; it does not prove who is writing to it.

Lower case, because mail systems fold local parts although RFC 5321 section 2.4 keeps their case.
The subaddress follows RFC 5233 section 4 with `+` as separator.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping

from gateway.domain.action import ActionToken
from gateway.domain.token import Purpose, Token
from gateway.errors import ForgedToken

MAC_BYTES = 16
KEY_BYTES = 32
_MAX_KID = 255
# One byte of key id, three of the smallest numbers, the MAC; and three numbers of 63 bits.
_MIN_CHARS = 32
_MAX_CHARS = 72
_SHAPE = re.compile(r"[a-z2-7]{32,72}", re.ASCII)
# Of an action: five numbers and the act's name more.
_ACTION_SHAPE = re.compile(r"[a-z2-7]{40,160}", re.ASCII)


class TokenSigner:
    """Signs with the newest key and accepts all keys that have not been retired.

    Args:
        keys: secrets of at least 32 bytes by key id (0 to 255).
        signing: the key id to sign with.
    """

    def __init__(self, keys: Mapping[int, bytes], *, signing: int) -> None:
        for kid, secret in keys.items():
            if not 0 <= kid <= _MAX_KID or len(secret) < KEY_BYTES:
                raise ValueError("a key has an id of 0 to 255 and at least 32 bytes")
        # Hashing a keyed state's copy costs half of keying it again.
        self._states = {
            (kid, purpose): hmac.new(secret, purpose.encode() + b"\0", hashlib.sha256)
            for kid, secret in keys.items()
            for purpose in Purpose
        }
        self._signing = signing

    @property
    def signing(self) -> int:
        """The id of the key that signs."""
        return self._signing

    def sign(self, token: Token, purpose: Purpose) -> str:
        """The token as 33 to 72 lower-case letters and digits."""
        payload = bytes([self._signing]) + b"".join(
            _varint(number) for number in (token.ticket, token.contact, token.notification)
        )
        signed = payload + self._mac(self._signing, purpose, payload)
        return base64.b32encode(signed).decode("ascii").rstrip("=").lower()

    def read(self, text: str, purpose: Purpose) -> Token | None:
        """The token in `text`, or None when `text` does not have the shape of one.

        Raises:
            ForgedToken: the shape is ours and the signature is not, or not any more.
        """
        text = text.lower()
        payload = self._payload(text, purpose) if _SHAPE.fullmatch(text) else None
        if payload is None:
            return None
        numbers, rest = _varints(payload[1:], 3)
        if len(numbers) != 3 or rest:
            raise ForgedToken("signed by us, and not a token")
        return Token(*numbers)

    def sign_action(self, token: ActionToken, kid: int | None = None) -> str:
        """The token of a link, in lower-case letters and digits: no client cuts an address at them.

        Args:
            kid: of the key to sign with; None for the newest.

        Raises:
            ForgedToken: that key has been retired.
        """
        kid = self._signing if kid is None else kid
        if (kid, Purpose.ACTION) not in self._states:
            raise ForgedToken("signed with a key that has been retired")
        numbers = (token.ticket, token.contact, token.notification, token.about, token.expires_at)
        payload = bytes([kid]) + b"".join(map(_varint, numbers)) + token.act.encode("ascii")
        signed = payload + self._mac(kid, Purpose.ACTION, payload)
        return base64.b32encode(signed).decode("ascii").rstrip("=").lower()

    def read_action(self, text: str) -> ActionToken | None:
        """The token of a link, or None for any other word; raises ForgedToken. No letter is folded."""
        payload = self._payload(text, Purpose.ACTION) if _ACTION_SHAPE.fullmatch(text) else None
        if payload is None:
            return None
        numbers, rest = _varints(payload[1:], 5)
        if len(numbers) != 5 or not rest:
            raise ForgedToken("signed by us, and not a link's")
        return ActionToken(rest.decode("ascii"), *numbers)

    def seal(self, words: str) -> str:
        """What proves later that these words were ours: on a page, and of no use anywhere else."""
        return self._mac(self._signing, Purpose.PAGE, words.encode()).hex()

    def is_sealed(self, words: str, seal: str) -> bool:
        """Whether `seal` was made of exactly these words, by any key in use."""
        found = [
            hmac.compare_digest(seal.encode(), self._mac(kid, purpose, words.encode()).hex().encode())
            for kid, purpose in self._states
            if purpose is Purpose.PAGE
        ]
        return any(found)

    def _payload(self, text: str, purpose: Purpose) -> bytes | None:
        """What was signed; None where `text` is no base32, raises ForgedToken."""
        try:
            signed = base64.b32decode(text.upper() + "=" * (-len(text) % 8))
        except binascii.Error:
            return None
        payload, mac = signed[:-MAC_BYTES], signed[-MAC_BYTES:]
        kid = payload[0] if payload else -1
        if (kid, purpose) not in self._states:
            raise ForgedToken("signed with a key that is not ours")
        if not hmac.compare_digest(mac, self._mac(kid, purpose, payload)):
            raise ForgedToken("the signature does not fit")
        # base32's last letter has spare bits: only the spelling that we wrote is accepted.
        if base64.b32encode(signed).decode("ascii").rstrip("=").lower() != text:
            raise ForgedToken("not spelt as it was issued")
        return payload

    def _mac(self, kid: int, purpose: Purpose, payload: bytes) -> bytes:
        state = self._states[kid, purpose].copy()
        state.update(payload)
        return state.digest()[:MAC_BYTES]


def _varint(number: int) -> bytes:
    """LEB128: seven bits a byte, lowest first."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _varints(data: bytes, count: int) -> tuple[list[int], bytes]:
    """At most `count` numbers, and what stands behind them; fewer where the last one does not end."""
    numbers: list[int] = []
    value = shift = 0
    for place, byte in enumerate(data):
        if len(numbers) == count:
            return numbers, data[place:]
        value |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            numbers.append(value)
            value = shift = 0
    return numbers, b""
