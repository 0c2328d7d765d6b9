"""Step 1: which recipients are ours. Answered from memory, before a byte of the mail is sent."""

from __future__ import annotations

from collections.abc import Callable

from gateway.domain.address import author_key
from gateway.domain.desk import Desk
from gateway.domain.our_addresses import BOUNCE_LOCAL_PART, subaddress
from gateway.domain.token import Purpose
from gateway.errors import UnknownRecipient
from gateway.ports import Signer

# RFC 5321 section 4.5.1 and RFC 2142 section 5.
_ALWAYS = frozenset({"postmaster", "abuse"})


def check_recipient(address: str, desk: Desk, signer: Signer) -> None:
    """Return when mail to `address` is for the desk.

    Raises:
        UnknownRecipient: nobody has that address.
        ForgedToken: it is spelt like one that we issue, and we did not issue it.
    """
    key = author_key(address)
    if key in desk.addresses or key in _ALWAYS:
        return
    local_part, _, domain = key.rpartition("@")
    if local_part in _ALWAYS and domain in _domains(desk):
        return
    sub = subaddress(key, desk)
    if sub is not None:
        purpose = Purpose.BOUNCE if sub.local_part == BOUNCE_LOCAL_PART else Purpose.REPLY
        if signer.read(sub.detail, purpose) is not None:
            return
    raise UnknownRecipient("not an address of the desk")


def _domains(desk: Desk) -> set[str]:
    return {desk.domain, *(key.rpartition("@")[2] for key in desk.addresses)}


class RecipientCheck:
    """`check_recipient` with the desk and the keys as they are at the moment."""

    def __init__(self, current: Callable[[], tuple[Desk, Signer]]) -> None:
        self._current = current

    def __call__(self, address: str) -> None:
        """Return when mail to `address` is for the desk; raises what `check_recipient` does."""
        desk, signer = self._current()
        check_recipient(address, desk, signer)
