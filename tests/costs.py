"""What reading costs as its input grows, measured so that a neighbour on the machine does not count."""

from __future__ import annotations

import time
from collections.abc import Callable

TRIES = 12
NOISE_S = 0.05


def cost_s(run: Callable[[], object]) -> float:
    """The processor's seconds that `run` took."""
    begun = time.process_time()
    run()
    return time.process_time() - begun


def small_and_large_s(small: Callable[[], object], large: Callable[[], object]) -> tuple[float, float]:
    """The least that each took; `large` is four times `small`, and takes at most six times its time.

    Single runs are slowed by whatever else the machine does; what is not linear is slow at every try.

    Raises:
        AssertionError: it was more than that at all of the tries.
    """
    least_small = least_large = float("inf")
    for _ in range(TRIES):
        least_small = min(least_small, cost_s(small))
        least_large = min(least_large, cost_s(large))
        if least_large <= 6 * least_small + NOISE_S:
            return least_small, least_large
    raise AssertionError(f"{least_small * 1000:.1f} ms, then {least_large * 1000:.1f} ms")
