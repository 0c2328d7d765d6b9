"""The receiver process: one event loop, until SIGTERM."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from gateway.endpoints.receiver import Receiver

_PULSE_S = 1.0


class Ready(Protocol):
    """Told once mail is taken."""

    def __call__(self, **addresses: object) -> None:
        """By name, where the receiver listens."""


def run_receiver(receiver: Receiver, *, ready: Ready, pulse: Callable[[], None]) -> None:
    """Listen until SIGTERM or SIGINT; SIGHUP reads the certificates again.

    Args:
        pulse: called every second, as long as the loop turns.
    """
    try:
        import uvloop
    except ImportError:
        asyncio.run(_receive(receiver, ready, pulse))
    else:
        uvloop.run(_receive(receiver, ready, pulse))


async def _receive(receiver: Receiver, ready: Ready, pulse: Callable[[], None]) -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    addresses = await receiver.start()
    loop.add_signal_handler(signal.SIGHUP, receiver.reload_tls)
    ready(**addresses)
    while not ended.is_set():
        pulse()
        with suppress(TimeoutError):
            await asyncio.wait_for(ended.wait(), _PULSE_S)
    await receiver.stop()
