"""The servers that other tests rest on can be had, used and killed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import TypeVar

import dramatiq
import psycopg
import pytest
import redis as redis_client
from dramatiq.brokers.rabbitmq import RabbitmqBroker

from tests.conftest import missing
from tests.services import OwnPostgres, OwnRabbitmq, OwnRedis, Postgres, Redis, Unavailable

Own = TypeVar("Own", OwnPostgres, OwnRedis, OwnRabbitmq)
pytestmark = pytest.mark.timeout(180)


def test_each_test_has_a_database_of_its_own(postgres_server: Postgres) -> None:
    def prepare(url: str) -> None:
        with psycopg.connect(_libpq(url)) as connection:
            connection.execute("CREATE TABLE kept (word text)")

    with postgres_server.database(prepare) as first, postgres_server.database(prepare) as second:
        assert first != second
        for url in (first, second):
            with psycopg.connect(_libpq(url)) as connection:
                assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)
                connection.execute("INSERT INTO kept VALUES ('x')")


def test_each_test_has_a_redis_database_of_its_own(redis_server: Redis) -> None:
    with redis_server.database() as first, redis_server.database() as second:
        assert first != second
    with redis_client.Redis.from_url(first) as connection:
        assert connection.dbsize() == 0


def test_queues_of_an_earlier_test_are_gone(amqp_url: str) -> None:
    with closing(RabbitmqBroker(url=amqp_url, confirm_delivery=True)) as broker:
        broker.declare_queue("inbound")
        broker.enqueue(dramatiq.Message("inbound", "drain", (), {}, {}))

        assert broker.get_queue_message_counts("inbound")[0] == 1


def test_own_postgres_keeps_what_was_committed_through_a_kill() -> None:
    server = _or_missing(OwnPostgres)
    try:
        server.start()
        with server.database() as url:
            with psycopg.connect(_libpq(url)) as connection:
                connection.execute("CREATE TABLE kept AS SELECT 1 AS word")
            server.kill()
            assert not server.is_there()
            server.start()
            with psycopg.connect(_libpq(url)) as connection:
                assert connection.execute("SELECT word FROM kept").fetchone() == (1,)
    finally:
        server.close()


def test_own_redis_forgets_through_a_kill() -> None:
    server = _or_missing(OwnRedis)
    try:
        server.start()
        with server.database():
            server.kill()
            assert not server.is_there()
            server.start()
    finally:
        server.close()


def test_own_rabbitmq_can_be_killed_and_started_again() -> None:
    server = _or_missing(OwnRabbitmq)
    try:
        server.start()
        with server.vhost() as url:
            server.kill()
            assert not server.is_there()
            server.start()
            broker = RabbitmqBroker(url=url)
            broker.declare_queue("inbound")
            broker.close()
        server.stop()
    finally:
        server.close()


def _or_missing(make: Callable[[], Own]) -> Own:
    try:
        return make()
    except Unavailable as error:
        missing(str(error))


def _libpq(url: str) -> str:
    return url.replace("+psycopg", "", 1)
