"""Between the facts and the rules: whether there is a storm, in which a mail is counted instead of read.

How much passes stands in rules/storms.yaml. What passes takes a token of every bucket that counts it; a mail
that one of them does not let pass takes none. A known customer's is put off until its turn has come.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from gateway.domain.classification import Classified, Kind
from gateway.domain.decision import Decision, Outcome
from gateway.domain.evidence import Level
from gateway.domain.held import FoldMail
from gateway.domain.permissions import Role
from gateway.domain.storm import Bucket, BucketState, Counted, Flood, StormRules, Writer
from gateway.pipeline.apply_rules import Facts
from gateway.ports import Storms

_PERSONS = frozenset({Kind.PERSON, Kind.LIST})
# "Merci", "ok pour moi": short texts are equal without being a flood.
_FEWEST_LETTERS = 40
_MOST_LETTERS = 2000
# Why a mail is held that a bucket does not let pass.
RATE = "rate"
_OUTCOMES = {Kind.BOUNCE: Outcome.BOUNCE}


def content_key(classified: Classified) -> str:
    """What the text says, whatever numbers, spaces and case; empty where it says too little to tell."""
    text = classified.mail.subject + "\n" + (classified.zones.reply or classified.mail.text)
    letters = "".join(filter(str.isalpha, text[: 3 * _MOST_LETTERS // 2].casefold()))[:_MOST_LETTERS]
    return hashlib.sha256(letters.encode()).hexdigest()[:24] if len(letters) >= _FEWEST_LETTERS else ""


def sender_key(identity: str | None) -> str:
    """Whose mail it is; all that have no one author are one."""
    return identity or "nobody"


def keys_of(classified: Classified, identity: str | None, rules: StormRules) -> Iterator[tuple[str, bool]]:
    """The buckets that may count a mail, but for those that count on a ticket, and whether they are shared."""
    values = _values(classified, identity, ticket=None)
    for bucket in rules.buckets:
        if Counted.TICKET not in bucket.by:
            key = _key(bucket, values)
            if key is not None:
                yield key, bucket.is_shared
    yield f"{rules.acknowledgement.id} {sender_key(identity)}", False
    yield rules.acknowledged_customers.id, True
    yield rules.acknowledged_strangers.id, True


def weigh(
    classified: Classified,
    facts: Facts,
    storms: Storms,
    rules: StormRules,
    *,
    staff_token_suffices: bool,
    now: datetime,
) -> Flood | None:
    """What keeps the mail from passing, or None: then it has taken its tokens.

    Args:
        classified: as it was read first, our own words still in it.
    """
    if facts.first_id != facts.inbound_id or facts.ours or facts.released:
        return None
    writer = writer_of(facts)
    if _is_staff(facts, staff_token_suffices=staff_token_suffices):
        return None
    ticket = facts.ticket.number if facts.ticket else None
    if ticket is None and facts.returned is not None:
        ticket = facts.returned.ticket
    values = _values(classified, facts.evidence.identity, ticket=ticket)
    is_person = classified.kind in _PERSONS
    counting: dict[str, tuple[Bucket, BucketState | None]] = {}
    for bucket in rules.buckets:
        key = _key(bucket, values) if writer in bucket.of else None
        # Automatic mail has no effect but on its ticket.
        if key is not None and (is_person or Counted.TICKET in bucket.by):
            state = storms.state(key, ticket if Counted.TICKET in bucket.by else None)
            counting[key] = (bucket, state)
    for key, (bucket, state) in counting.items():
        wait = bucket.wait(state.free_at if state else None, now)
        if not bucket.admits(state.free_at if state else None, now):
            slowed = writer is Writer.KNOWN and wait <= rules.slowed_at_most
            if slowed:
                take(storms, key, bucket, state, ticket, now=now)
            return Flood(bucket, key, now + wait if slowed else None)
    for key, (bucket, state) in counting.items():
        take(storms, key, bucket, state, ticket if Counted.TICKET in bucket.by else None, now=now)
    return None


def writer_of(facts: Facts) -> Writer:
    """Who writes, as far as a storm goes."""
    author = facts.author
    is_customer = author is not None and author.is_customer
    if facts.evidence.level >= Level.E2 and (is_customer or facts.role is Role.REQUESTER):
        return Writer.KNOWN
    return Writer.CLAIMED if is_customer else Writer.STRANGER


def folded(flood: Flood, classified: Classified, facts: Facts, storms: Storms) -> Decision:
    """What becomes of a mail that does not pass and is not put off: it is held, and counted."""
    state = storms.state(flood.key)
    ticket = facts.ticket.number if facts.ticket else state.ticket if state else None
    bucket = flood.bucket
    is_person = classified.kind in _PERSONS
    outcome = Outcome.HELD if is_person else _OUTCOMES.get(classified.kind, Outcome.AUTO_REPLY)
    return Decision(
        outcome,
        (FoldMail(ticket, flood.key, bucket.id, facts.desk_address),),
        ticket,
        f"{RATE}: a storm, more than {bucket.at_once} mails by {bucket.id}",
        f"{RATE}, {bucket.id}: hold",
    )


def take(
    storms: Storms,
    key: str,
    bucket: Bucket,
    state: BucketState | None,
    ticket: int | None,
    *,
    now: datetime,
) -> None:
    """One more has passed."""
    if state is None or state.free_at <= now:
        # It was empty: whatever storm there was is over.
        state = BucketState(key, ticket, now, None, 0)
    storms.put(replace(state, free_at=bucket.taken(state.free_at, now)), now=now)


def _is_staff(facts: Facts, *, staff_token_suffices: bool) -> bool:
    level = facts.evidence.level
    proven = level is Level.E4 or (level is Level.E2 and staff_token_suffices)
    return proven and facts.author is not None and facts.author.is_staff


def _values(classified: Classified, identity: str | None, *, ticket: int | None) -> dict[Counted, str]:
    sender = sender_key(identity)
    return {
        Counted.TICKET: str(ticket) if ticket is not None else "",
        Counted.DOMAIN: sender.rpartition("@")[2],
        Counted.SENDER: sender,
        Counted.CONTENT: content_key(classified),
    }


def _key(bucket: Bucket, values: dict[Counted, str]) -> str | None:
    """The key of the bucket that counts a mail, or None where the mail has not what it counts by."""
    found = [values[each] for each in bucket.by]
    return " ".join((bucket.id, *found)) if all(found) else None
