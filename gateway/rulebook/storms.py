"""`rules/storms.yaml`: how much mail passes, and its examples."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import Field

from gateway.domain.storm import Bucket, Counted, StormRules, Writer
from gateway.rulebook.durations import Duration, say_duration
from gateway.rulebook.policy_files import Id
from gateway.rulebook.preset import read_rules
from gateway.rulebook.reading_examples import ReadingExample
from gateway.rulebook.source import Source, Strict, Words, known, typed

_EPOCH = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
_FIELDS = ("{count}", "{limit}", "{first}", "{last}", "{ticket}")
_MOST = 100_000


class LimitEntry(Strict):
    """See `domain.storm.Bucket`."""

    at_once: int = Field(ge=1, le=10_000_000)
    one_every: Duration
    why: Words


class BucketEntry(LimitEntry):
    """A limit with what it counts."""

    id: Id
    by: list[Counted]
    of: list[Writer] = Field(min_length=1)


class AcknowledgementsEntry(Strict):
    """Of what goes to addresses that nothing proves."""

    address: LimitEntry
    customers: LimitEntry
    strangers: LimitEntry


class StormExample(Strict):
    """How many of so many mails pass."""

    bucket: str
    mails: int = Field(ge=1, le=_MOST)
    within: Duration
    passing: int = Field(alias="pass")


class StormsFile(Strict):
    """storms.yaml."""

    buckets: list[BucketEntry]
    slowed_at_most: Duration
    acknowledgements: AcknowledgementsEntry
    note: dict[str, Words]
    examples: list[StormExample] = Field(default_factory=list)


def load_storm_rules(folder: Path, preset: str = "") -> StormRules:
    """What the file says.

    Raises:
        ConfigurationError: with file, line and reason for the first thing that is wrong.
    """
    return _read(read_rules(folder, "storms.yaml", preset))


def run_storm_examples(folder: Path, preset: str = "") -> Iterator[ReadingExample]:
    """Run the file's examples; raises ConfigurationError."""
    source = read_rules(folder, "storms.yaml", preset)
    rules = _read(source)
    caps = (rules.acknowledgement, rules.acknowledged_customers, rules.acknowledged_strangers)
    every = {each.id: each for each in (*rules.buckets, *caps)}
    for number, example in enumerate(typed(source, StormsFile).examples):
        place = ("examples", number)
        known(source, (*place, "bucket"), example.bucket, list(every), "bucket")
        passing = _passing(every[example.bucket], example.mails, example.within)
        shown = f"{example.mails} mails by {example.bucket} within {say_duration(example.within)}"
        yield ReadingExample("storms.yaml", shown, f"{example.passing} pass", f"{passing} pass")


def _passing(bucket: Bucket, mails: int, within: timedelta) -> int:
    free_at: datetime | None = None
    passed = 0
    for number in range(mails):
        now = _EPOCH + within * number / max(1, mails - 1)
        if bucket.admits(free_at, now):
            free_at = bucket.taken(free_at, now)
            passed += 1
    return passed


def _read(source: Source) -> StormRules:
    read = typed(source, StormsFile)
    buckets: dict[str, Bucket] = {}
    for number, each in enumerate(read.buckets):
        if each.id in buckets:
            raise source.refuse(("buckets", number, "id"), f"{each.id!r} is there twice")
        buckets[each.id] = _bucket(source, ("buckets", number), each.id, each, each.by, each.of)
    for language in ("en", "fr"):
        text = read.note.get(language, "")
        for field in _FIELDS:
            if field not in text:
                raise source.refuse(("note", language), f"the words in {language!r} lack {field}")
    caps = read.acknowledgements
    place = ("acknowledgements",)
    return StormRules(
        tuple(buckets.values()),
        _bucket(source, (*place, "address"), "acknowledgement", caps.address, [], list(Writer)),
        _bucket(source, (*place, "customers"), "acknowledged-customers", caps.customers, [], list(Writer)),
        _bucket(source, (*place, "strangers"), "acknowledged-strangers", caps.strangers, [], list(Writer)),
        read.slowed_at_most,
        tuple(read.note.items()),
    )


def _bucket(
    source: Source,
    place: tuple[str | int, ...],
    name: str,
    entry: LimitEntry,
    by: list[Counted],
    of: list[Writer],
) -> Bucket:
    if entry.one_every <= timedelta():
        raise source.refuse((*place, "one_every"), "must be longer than nothing")
    return Bucket(name, tuple(by), frozenset(of), entry.at_once, entry.one_every, entry.why)
