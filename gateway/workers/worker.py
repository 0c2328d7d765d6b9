"""The worker process: listens for bells, drains what waits, and can be killed at any moment."""

from __future__ import annotations

import faulthandler
import logging
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack
from types import FrameType

import dramatiq
from dramatiq.brokers.stub import StubBroker

from gateway.broker.bells import PipeListener, bell_message
from gateway.workers.actors import declare_actors
from gateway.workers.drain import Drain
from gateway.workers.lifeline import Lifeline
from gateway.workers.sweeper import Sweeper

log = logging.getLogger(__name__)

# A batch that takes longer has met a mail that hangs: the process ends, and its mails are tried alone.
STEP_LIMIT_S = 90.0
_STOP_TIMEOUT_MS = 20_000
_SWITCH_S = 0.0005
# Dramatiq looks so often whether it is to end, and so late, at most, for a message on Redis.
_LOOK_MS = 200


def watched(step: Callable[[], bool]) -> Callable[[], bool]:
    """`step`, in a process that dies, saying where it was, when the step does not end.

    The watch runs in a thread of C that needs no interpreter lock, so it also ends a loop in C.
    Only one step of a process can be watched.
    """

    def limited() -> bool:
        faulthandler.dump_traceback_later(STEP_LIMIT_S, exit=True)
        try:
            return step()
        finally:
            faulthandler.cancel_dump_traceback_later()

    return limited


def run_worker(
    broker: dramatiq.Broker,
    drains: list[Drain],
    swept: list[Drain],
    *,
    listener: PipeListener | None,
    lifeline: Lifeline,
) -> None:
    """Drain until SIGTERM.

    Args:
        drains: rung for, each by its bell, and looked after by the sweeper.
        swept: looked after by the sweeper alone.
        listener: the bell of the embedded broker; None when the broker is on a server.
    """
    ended = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        ended.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    # Whoever talks to the relay waits for the lock of the interpreter at each of its replies.
    sys.setswitchinterval(_SWITCH_S)
    declare_actors(broker, drains)
    worker = dramatiq.Worker(broker, worker_threads=max(1, len(drains)), worker_timeout=_LOOK_MS)
    sweeper = Sweeper([*drains, *swept])
    with ExitStack() as stack:
        worker.start()
        stack.callback(worker.stop, timeout=_STOP_TIMEOUT_MS)
        sweeper.start()
        stack.callback(sweeper.stop)
        if listener is not None:
            hearing = threading.Thread(
                target=_hear, args=(listener, broker, drains), name="bells", daemon=True
            )
            hearing.start()
            stack.callback(hearing.join)
            stack.callback(listener.stop)
        for drain in (*drains, *swept):
            stack.callback(drain.stop)
        lifeline.ready()
        ended.wait()
        log.debug("worker.stopping")


def _hear(listener: PipeListener, broker: dramatiq.Broker, drains: list[Drain]) -> None:
    """Pass rings on to the embedded broker, unless one is already waiting there."""
    if not isinstance(broker, StubBroker):
        return
    waiting = {drain.name: drain for drain in drains}
    for name in listener.rings():
        if name in waiting and broker.queues[name].qsize() == 0:
            broker.enqueue(bell_message(name))
