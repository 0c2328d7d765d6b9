"""How long to wait after a failure: twice as long after each, up to five minutes, and never in step."""

from __future__ import annotations

import random

_FIRST_S = 1.0
_LONGEST_S = 300.0


class Backoff:
    """The pauses of one mailbox."""

    def __init__(self, chance: random.Random | None = None) -> None:
        self._chance = chance or random.Random()  # noqa: S311  (nobody gains by guessing a pause)
        self._failures = 0

    def next_s(self) -> float:
        """Seconds to wait after one more failure; up to a quarter less, so that many do not come at once."""
        longest = min(_LONGEST_S, _FIRST_S * 2.0 ** min(self._failures, 16))
        self._failures += 1
        return longest * self._chance.uniform(0.75, 1.0)

    def reset(self) -> None:
        """Something went well."""
        self._failures = 0
