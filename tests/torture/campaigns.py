"""All campaigns, by name: the promise of each, on what it runs, and what it does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.torture.crash_loop import crash_loop
from tests.torture.every_fault import every_fault
from tests.torture.found import Found
from tests.torture.stage import Stage

_BOTH = ("sqlite", "postgresql+redis")
_SQLITE = ("sqlite",)
_POSTGRESQL = ("postgresql",)


@dataclass(frozen=True, slots=True)
class Campaign:
    """One line of the table.

    Attributes:
        promise: the ones of the README and the documents that it shows.
        runs_on: engines, each with a broker where it has one.
    """

    name: str
    promise: str
    run: Callable[[Stage], Found]
    runs_on: tuple[str, ...] = _SQLITE


CAMPAIGNS = (
    Campaign("crash-loop", "what was answered 250 is there once, whatever is killed", crash_loop, _BOTH),
    Campaign("every-fault", "each fault at each point costs no mail and no double", every_fault, _BOTH),
)
