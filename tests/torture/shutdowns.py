"""P20: SIGTERM under load, to the receiver and to the whole: only 250 and 421, and nothing lost."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from functools import partial

from tests.torture.aftermath import count_mails, count_notifications, judged
from tests.torture.found import Found
from tests.torture.senders import CUT_OFF, UNREACHED, Answers, Senders
from tests.torture.stage import Stage, Tortured

_SESSIONS = 20
_ANSWERS = {UNREACHED, 250, 421}


def shutdowns(stage: Stage) -> Found:
    """50 times SIGTERM under 20 sessions; every fifth goes to the supervisor."""
    found, answers, sink = Found(), Answers(), stage.sink()
    gateway = stage.gateway(relay_url=f"smtp://127.0.0.1:{sink.port}")
    times, unclean = stage.size(50, 3), 0
    with gateway.running(), judged(found, gateway, answers, sink):
        with Senders(gateway, answers, "s", count=_SESSIONS) as senders:
            for number in range(times):
                senders.wait_for("answered", 60.0)
                time.sleep(stage.chance.uniform(0.0, 0.1))
                if number % 5 == 4 or (stage.short and number == times - 1):
                    unclean += gateway.stop() != 0
                    gateway.start()
                    continue
                (receiver,) = gateway.wait_for(lambda: gateway.children("receiver"), "a receiver")
                with suppress(ProcessLookupError):
                    os.kill(receiver, signal.SIGTERM)
                gateway.wait_for(partial(_another, gateway, receiver), "another receiver", 60)
        found.count("SIGTERM", times)
        found.none("ends that were not clean", unclean)
        found.none("cut off without a word", answers.codes[CUT_OFF])
        other = set(answers.codes) - _ANSWERS
        found.none("other answers", sum(answers.codes[each] for each in other), sorted(other))
        found.count("421", answers.codes[421])
        count_mails(found, gateway, senders.acknowledged)
        count_notifications(found, gateway, sink)
    return found


def _another(gateway: Tortured, gone: int) -> bool:
    return any(each != gone for each in gateway.children("receiver"))
