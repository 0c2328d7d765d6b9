"""When the program speaks up by itself: `rules/reminders.yaml`."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from pathlib import Path

from pydantic import Field

from gateway.domain.brake import BrakeRules
from gateway.domain.timers import ReminderRules, TimerRules
from gateway.rulebook.durations import Duration
from gateway.rulebook.preset import read_rules
from gateway.rulebook.service_levels import Percent
from gateway.rulebook.source import Strict, Words, typed


class WaitingEntry(Strict):
    """See `domain.timers.ReminderRules`."""

    why: Words
    remind_after: list[Duration]
    close_after: Duration
    notice: Duration


class HeldEntry(Strict):
    """How often the desk is told of a mail that waits for its decision."""

    why: Words
    remind_every: Duration


class WordsEntry(Strict):
    """See `domain.timers.TimerRules`."""

    reminder: dict[str, Words]
    closing: dict[str, Words]


class BrakeEntry(Strict):
    """See `domain.brake.BrakeRules`."""

    why: Words
    clock_jump: Duration
    share_of_open: Percent
    never_below: int = Field(ge=0, le=100_000)


class ReminderExample(Strict):
    """What follows in waiting for the customer; durations are reckoned from the last touch.

    Attributes:
        returned: whether the last of the reminders came back.
        next: such as `reminder 2 after 6 days`, `auto_close after 12 days`, or `nothing`.
    """

    sent: list[Duration] = Field(default_factory=list)
    returned: bool = False
    away_until: Duration | None = None
    mail_held: bool = False
    next: Words


class BrakeExample(Strict):
    """Whether closings are held, when the wall clock and the monotonic one say that so much has passed."""

    wall: Duration = timedelta()
    monotonic: Duration = timedelta()
    closings: int
    open: int
    holds: bool


class RemindersExamples(Strict):
    """Of reminders.yaml."""

    waiting: list[ReminderExample] = Field(default_factory=list)
    brake: list[BrakeExample] = Field(default_factory=list)


class RemindersFile(Strict):
    """reminders.yaml."""

    waiting_customer: WaitingEntry
    held_mail: HeldEntry
    words: WordsEntry
    brake: BrakeEntry
    examples: RemindersExamples = Field(default_factory=RemindersExamples)


def load_timer_rules(folder: Path, preset: str = "") -> TimerRules:
    """What the file says.

    Raises:
        ConfigurationError: with file, line and reason for the first thing that is wrong.
    """
    source = read_rules(folder, "reminders.yaml", preset)
    read = typed(source, RemindersFile)
    waiting = read.waiting_customer
    steps = [timedelta(), *waiting.remind_after]
    for number, (before, after) in enumerate(pairwise(steps)):
        if after <= before:
            place = ("waiting_customer", "remind_after", number)
            raise source.refuse(place, "each reminder must be later than what is before it")
    if waiting.close_after <= steps[-1]:
        raise source.refuse(
            ("waiting_customer", "close_after"), "the closing must be later than the last reminder"
        )
    if waiting.notice > min(after - before for before, after in pairwise([*steps, waiting.close_after])):
        raise source.refuse(("waiting_customer", "notice"), "is longer than the time between two reminders")
    words = {"reminder": read.words.reminder, "closing": read.words.closing}
    for name, texts in words.items():
        for language in ("en", "fr"):
            if language not in texts:
                raise source.refuse(("words", name), f"the words in {language!r} are missing")
    return TimerRules(
        ReminderRules(tuple(waiting.remind_after), waiting.close_after, waiting.notice),
        read.held_mail.remind_every,
        words,
        BrakeRules(read.brake.clock_jump, read.brake.share_of_open / 100, read.brake.never_below),
    )
