"""The rules' data, read by a small reader of our own: no code of the gateway's rulebook."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[3]
_UNITS = {"minute": 60, "hour": 3600, "day": 86400}
_DE = """\
  DE:
    why: contracts that are served from Munich
    zone: Europe/Berlin
    country: DE
    region: BY
    hours: {monday: 08:00-12:00 13:00-17:00, tuesday: 08:00-12:00 13:00-17:00, wednesday: 08:00-12:00 13:00-17:00, thursday: 08:00-12:00 13:00-17:00, friday: 08:00-14:00}
    closed:
      - {day: 2026-12-24, why: Christmas Eve}
      - {day: 2026-12-31, why: "the year's last day"}
"""


def with_german_calendar(text: str) -> str:
    """rules/calendars.yaml with another calendar, as an operator would add it."""
    return text.replace("  GB:\n", _DE + "  GB:\n", 1)


def duration(text: str) -> timedelta:
    """Such as `3 days`."""
    number, unit = text.split()
    return timedelta(seconds=float(number) * _UNITS[unit.rstrip("s")])


@dataclass(frozen=True, slots=True)
class State:
    """One state of the table."""

    becomes: dict[str, list[str]]
    clocks: dict[str, str]
    needs_comment: bool
    needs: list[str]
    on_reply: str
    reopens: bool
    is_open: bool
    follows_up: bool


@dataclass(frozen=True, slots=True)
class Rules:
    """All that the reckoning goes by."""

    states: dict[str, State]
    initial: str
    reopen_window: timedelta
    resolutions: list[str]
    targets: dict[str, dict[str, timedelta]]
    warn_share: float
    priorities: list[str]
    remind_after: list[timedelta]
    close_after: timedelta
    notice: timedelta
    held_every: timedelta
    clock_jump: timedelta
    brake_share: float
    brake_least: int
    matrix: list[dict[str, Any]]
    update_every: timedelta
    calendars: dict[str, Any]
    acknowledged_each: timedelta


def _read(folder: Path, name: str) -> Any:
    return yaml.load((folder / name).read_text(encoding="utf-8"), yaml.BaseLoader)  # noqa: S506  (strings alone)


def read_rules(folder: Path) -> Rules:
    """The rules of a folder."""
    workflow, sla = _read(folder, "workflow.yaml"), _read(folder, "sla.yaml")
    reminders, process = _read(folder, "reminders.yaml"), _read(folder, "escalation/process.yaml")
    waiting, brake = reminders["waiting_customer"], reminders["brake"]
    return Rules(
        states={
            each["id"]: State(
                becomes=each.get("becomes", {}),
                clocks=each["clocks"],
                needs_comment="comment" in each,
                needs=each.get("needs", []),
                on_reply=each.get("customer_reply", ""),
                reopens=each.get("reopens") == "true",
                is_open=each.get("open", "true") == "true",
                follows_up=each.get("follow_up") == "true",
            )
            for each in workflow["states"]
        },
        initial=workflow["initial"],
        reopen_window=timedelta(days=int(workflow["reopen_window_days"])),
        resolutions=[each["id"] for each in workflow["resolutions"]],
        targets={
            priority: {name: duration(each[name]) for name in ("response", "resolution")}
            for priority, each in sla["targets"].items()
        },
        warn_share=float(sla["warn_after"].rstrip("%")) / 100,
        priorities=[each["id"] for each in _read(folder, "priorities.yaml")["priorities"]],
        remind_after=[duration(each) for each in waiting["remind_after"]],
        close_after=duration(waiting["close_after"]),
        notice=duration(waiting["notice"]),
        held_every=duration(reminders["held_mail"]["remind_every"]),
        clock_jump=duration(brake["clock_jump"]),
        brake_share=float(brake["share_of_open"].rstrip("%")) / 100,
        brake_least=int(brake["never_below"]),
        matrix=process["matrix"],
        update_every=timedelta(hours=float(process["update_hours"])),
        calendars=_read(folder, "calendars.yaml")["calendars"],
        acknowledged_each=duration(_read(folder, "storms.yaml")["acknowledgements"]["address"]["one_every"]),
    )


def minutes(text: str) -> tuple[int, int]:
    """`09:00-12:30` as minutes since midnight."""
    found = re.fullmatch(r"(\d\d):(\d\d)-(\d\d):(\d\d)", text)
    if found is None:
        raise ValueError(text)
    a, b, c, d = map(int, found.groups())
    return a * 60 + b, c * 60 + d
