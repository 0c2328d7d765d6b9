"""What a non-delivery report says (RFC 3464)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FailedRecipient:
    """One recipient of a report.

    Attributes:
        address: the original recipient, whom we wrote to; else the final one.
        status: enhanced status code (RFC 3463) such as 5.1.1, or empty.
        action: failed, delayed, delivered, relayed or expanded.
        permanent: whether trying again is of no use.
        reason: an id of rules/bounces.yaml.
        diagnostic: the remote server's words, cleaned.
    """

    address: str
    status: str
    action: str
    permanent: bool
    reason: str
    diagnostic: str


@dataclass(frozen=True, slots=True)
class BounceReport:
    """All recipients of a report and the Message-ID of the mail that came back (or empty)."""

    recipients: tuple[FailedRecipient, ...]
    original_message_id: str
