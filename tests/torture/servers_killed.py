"""P8 and P9: the database and the broker are killed, stopped, cut off and wiped under load.

Each on a server of our own, which holds nothing but this campaign's data.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress

import sqlalchemy as sa

from gateway.storage.schema import inbound
from tests.services import OwnPostgres, OwnRabbitmq, OwnRedis
from tests.torture.aftermath import count_mails, count_notifications, judged
from tests.torture.found import Found
from tests.torture.killing import kill_one
from tests.torture.senders import Answers, Senders
from tests.torture.stage import Stage, Tortured

# The sweeper looks every second, and a process that was killed needs some to start, longer on a busy machine.
_SLOWEST_S = 45.0


def database_killed(stage: Stage) -> Found:
    """PostgreSQL: killed as by a power cut, stopped, and all connections cut, also between COMMIT and its answer."""
    server = OwnPostgres()
    stage.stack.callback(server.close)
    server.start()
    url = stage.stack.enter_context(server.database())

    def kill() -> None:
        server.kill()
        time.sleep(stage.chance.uniform(0.0, 0.5))
        server.start()

    def stop() -> None:
        server.stop()
        time.sleep(stage.chance.uniform(0.0, 0.5))
        server.start()

    def cut() -> None:
        with sa.create_engine(url).connect() as connection:
            connection.execute(
                sa.text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
                )
            )

    found, answers, sink = Found(), Answers(), stage.sink()
    gateway = stage.gateway(relay_url=f"smtp://127.0.0.1:{sink.port}", database_url=url)
    deeds: list[Callable[[], object]] = [kill] * stage.size(20, 1)
    deeds += [stop] * stage.size(10, 1) + [cut] * stage.size(40, 3)
    with gateway.running(), judged(found, gateway, answers, sink):
        _under_load(stage, found, gateway, answers, deeds)
        count_notifications(found, gateway, sink)
    return found


def broker_killed(stage: Stage) -> Found:
    """Redis or RabbitMQ: killed, stopped, wiped; and workers killed at their work."""
    is_redis = stage.broker != "rabbitmq"
    server = OwnRedis() if is_redis else OwnRabbitmq()
    stage.stack.callback(server.close)
    server.start()
    opened = server.database() if isinstance(server, OwnRedis) else server.vhost()
    url = stage.stack.enter_context(opened)

    def kill() -> None:
        server.kill()
        time.sleep(stage.chance.uniform(0.0, 0.5))
        server.start()

    def stop() -> None:
        server.stop()
        server.start()

    def wipe() -> None:
        server.wipe()

    found, answers, sink = Found(), Answers(), stage.sink()
    gateway = stage.gateway(relay_url=f"smtp://127.0.0.1:{sink.port}", broker_url=url)
    deeds: list[Callable[[], object]] = [kill, stop, wipe, lambda: kill_one(gateway, "worker")]
    with gateway.running(), judged(found, gateway, answers, sink):
        _under_load(stage, found, gateway, answers, deeds * stage.size(20, 1))
        count_notifications(found, gateway, sink)
        with gateway.gateway().database.read() as connection:
            rows = connection.execute(sa.select(inbound.c.received_at, inbound.c.settled_at)).all()
        slowest = max((row.settled_at - row.received_at).total_seconds() for row in rows)
        found.at_most("slowest s", round(slowest, 1), _SLOWEST_S)
    return found


def _under_load(
    stage: Stage, found: Found, gateway: Tortured, answers: Answers, deeds: list[Callable[[], object]]
) -> None:
    """Do each in turn, while senders send."""
    stage.chance.shuffle(deeds)
    with Senders(gateway, answers, "s") as senders:
        for deed in deeds:
            senders.wait_for("answered", 30.0)
            time.sleep(stage.chance.uniform(0.0, 0.2))
            with suppress(sa.exc.OperationalError):
                # A server that was cut off while it cut others off.
                deed()
    found.count("deeds", len(deeds))
    count_mails(found, gateway, senders.acknowledged)
    found.at_least("acknowledged", len(senders.acknowledged), len(deeds))
