"""Ending processes as a power cut does."""

from __future__ import annotations

import os
import signal
from contextlib import suppress

from tests.running import RunningGateway

ROLES = ("receiver", "imap", "worker", "web")


def kill_one(gateway: RunningGateway, role: str) -> bool:
    """Kill a process of that role, which the supervisor starts again; whether there was one."""
    for victim in gateway.children(role)[:1]:
        with suppress(ProcessLookupError):
            os.kill(victim, signal.SIGKILL)
            return True
    return False


def kill_whole(gateway: RunningGateway) -> None:
    """Kill all processes at once, without starting any again."""
    assert gateway.process is not None
    victims = [each for role in ROLES for each in gateway.children(role)]
    gateway.process.kill()
    for victim in victims:
        with suppress(ProcessLookupError):
            os.kill(victim, signal.SIGKILL)
    gateway.process.wait()
    gateway.process = None
