"""The storm breaker: token buckets, each kept as the one instant at which it would be empty again.

A bucket lets so many mails through at once, and then one every so often. What it keeps is `free_at`, which
every mail moves on by `one_every` (the generic cell rate algorithm of ATM, ITU-T I.371): no counters to add
up, nothing that runs, and a storm is over by itself when that instant has passed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Writer(StrEnum):
    """Who writes, as far as a storm goes."""

    KNOWN = "known"
    """A customer of the desk, proven (E2 or better)."""
    CLAIMED = "claimed"
    """An address of a customer's, and nothing proves who writes from it."""
    STRANGER = "stranger"
    """Anybody else, proven or not."""


class Counted(StrEnum):
    """What a bucket counts by."""

    TICKET = "ticket"
    DOMAIN = "domain"
    SENDER = "sender"
    CONTENT = "content"
    """The text, whoever sends it: its letters alone."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """One limit.

    Attributes:
        by: what it counts by; of nothing, it counts all mail together.
        of: whose mail it counts.
        at_once: how many mails pass when it has been quiet.
        one_every: and then so often one more.
    """

    id: str
    by: tuple[Counted, ...]
    of: frozenset[Writer]
    at_once: int
    one_every: timedelta
    why: str

    @property
    def is_shared(self) -> bool:
        """Whether it counts people together who have nothing to do with each other.

        Workers fill such a bucket without waiting for each other, and may let through as many mails more as
        they settle at the same time.
        """
        return set(self.by) <= {Counted.DOMAIN}

    def admits(self, free_at: datetime | None, now: datetime) -> bool:
        """Whether one more mail passes."""
        return self.wait(free_at, now) <= timedelta()

    def wait(self, free_at: datetime | None, now: datetime) -> timedelta:
        """How long until one more passes; zero or less where it does now."""
        if free_at is None:
            return timedelta()
        return free_at - now - (self.at_once - 1) * self.one_every

    def taken(self, free_at: datetime | None, now: datetime) -> datetime:
        """Its instant when one more has passed."""
        return max(now, free_at or now) + self.one_every


@dataclass(frozen=True, slots=True)
class BucketState:
    """A bucket as it is.

    Attributes:
        key: the bucket's id with what it counts by.
        ticket: the one it counts on, or the one whose note counts its storm.
        began_at: of the storm that goes on, or None.
        folded: mails of that storm that did not pass.
    """

    key: str
    ticket: int | None
    free_at: datetime
    began_at: datetime | None
    folded: int


@dataclass(frozen=True, slots=True)
class Flood:
    """A mail that a bucket does not let pass.

    Attributes:
        until: when a known customer's mail is read instead; None for a mail that is folded.
    """

    bucket: Bucket
    key: str
    until: datetime | None


@dataclass(frozen=True, slots=True)
class StormRules:
    """rules/storms.yaml.

    Attributes:
        buckets: in the order in which they are asked; the first that is full decides.
        acknowledgement: to one address that nothing proves.
        acknowledged_customers, acknowledged_strangers: to all of them together.
        slowed_at_most: a known customer's mail is put off by no more; what is beyond is held.
        note: of a storm, by language, with `{count}`, `{first}` and `{last}`.
    """

    buckets: tuple[Bucket, ...]
    acknowledgement: Bucket
    acknowledged_customers: Bucket
    acknowledged_strangers: Bucket
    slowed_at_most: timedelta
    note: tuple[tuple[str, str], ...]

    def words(self, language: str) -> str:
        """The note, else in English."""
        texts = dict(self.note)
        return texts.get(language) or texts["en"]
