"""P1: processes are killed at random moments while senders that retry go on sending.

A kill comes up to 60 ms after something has happened in a sender's dialogue: it hits the receiver, a
worker, or the whole gateway at once.
"""

from __future__ import annotations

import time

from tests.torture.aftermath import count_mails, count_notifications, judged
from tests.torture.found import Found
from tests.torture.killing import kill_one, kill_whole
from tests.torture.senders import EVENTS, Answers, Senders
from tests.torture.stage import Stage, Tortured

_WHOLE_SHARE = 0.15


def crash_loop(stage: Stage) -> Found:
    """200 kills under four senders."""
    found, answers, sink = Found(), Answers(), stage.sink()
    gateway = stage.gateway(relay_url=f"smtp://127.0.0.1:{sink.port}")
    kills = stage.size(200, 4)
    with gateway.running(), judged(found, gateway, answers, sink):
        with Senders(gateway, answers, "s") as senders:
            for _ in range(kills):
                senders.wait_for(stage.chance.choice(EVENTS))
                time.sleep(stage.chance.uniform(0.0, 0.06))
                _kill(stage, gateway)
        found.count("kills", kills)
        found.count("tries", senders.tries)
        count_mails(found, gateway, senders.acknowledged)
        count_notifications(found, gateway, sink)
    found.at_least("acknowledged", len(senders.acknowledged), kills // 2)
    return found


def _kill(stage: Stage, gateway: Tortured) -> None:
    if stage.chance.random() < _WHOLE_SHARE:
        kill_whole(gateway)
        gateway.start()
        return
    kill_one(gateway, stage.chance.choice(("receiver", "worker")))
    gateway.wait_for(
        lambda: gateway.children("receiver") and gateway.children("worker"), "a restart", patience_s=300
    )
