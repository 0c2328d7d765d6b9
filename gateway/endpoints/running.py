"""The receiver process: one event loop, until SIGTERM."""

from __future__ import annotations

import asyncio
import signal
from typing import Protocol

from gateway.endpoints.receiver import Receiver


class Ready(Protocol):
    """Told once mail is taken."""

    def __call__(self, **addresses: object) -> None:
        """By name, where the receiver listens."""


def run_receiver(receiver: Receiver, *, ready: Ready) -> None:
    """Listen until SIGTERM or SIGINT; SIGHUP reads the certificates again."""
    try:
        import uvloop
    except ImportError:
        asyncio.run(_receive(receiver, ready))
    else:
        uvloop.run(_receive(receiver, ready))


async def _receive(receiver: Receiver, ready: Ready) -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    addresses = await receiver.start()
    loop.add_signal_handler(signal.SIGHUP, receiver.reload_tls)
    ready(**addresses)
    await ended.wait()
    await receiver.stop()
