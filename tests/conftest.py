"""What all tests share: real servers, hypothesis profiles, an environment without settings in it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import NoReturn, TypeVar

import pytest
from hypothesis import HealthCheck, settings

from tests.services import Postgres, Rabbitmq, Redis, Unavailable
from tests.services import postgres as find_postgres
from tests.services import rabbitmq as find_rabbitmq
from tests.services import redis as find_redis

Server = TypeVar("Server", Postgres, Redis, Rabbitmq)
IS_CI = os.environ.get("CI", "").lower() in {"1", "true"}

# A deadline would judge the machine, which is shared; pytest's timeout bounds a test as a whole.
settings.register_profile("here", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("here"), derandomize=True, print_blob=True)
settings.load_profile("ci" if IS_CI else "here")


def missing(reason: str) -> NoReturn:
    """Skip a test for want of a server; where all servers have to be there, fail."""
    if IS_CI:
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def _found(find: Callable[[], Server]) -> Server:
    try:
        return find()
    except Unavailable as error:
        missing(str(error))


# What takes longest is begun first: two processes that share the files end together.
_FIRST = ("torture", "acceptance", "integration")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Campaigns, stories, servers, and then everything that is quick."""
    items.sort(key=lambda item: _place(item.path.parts))


def _place(parts: tuple[str, ...]) -> int:
    return next((place for place, folder in enumerate(_FIRST) if folder in parts), len(_FIRST))


@pytest.fixture(autouse=True)
def no_settings_by_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a developer has set for the gateway is not for its tests."""
    for name in os.environ:
        if name.startswith("GATEWAY_") and not name.startswith("GATEWAY_TEST_"):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    server = _found(find_postgres)
    yield server
    server.close()


@pytest.fixture(scope="session")
def redis_server() -> Iterator[Redis]:
    server = _found(find_redis)
    yield server
    server.close()


@pytest.fixture(scope="session")
def rabbitmq_server() -> Iterator[Rabbitmq]:
    server = _found(find_rabbitmq)
    yield server
    server.close()


@pytest.fixture
def postgres_url(postgres_server: Postgres) -> Iterator[str]:
    """The SQLAlchemy URL of an empty database."""
    with postgres_server.database() as url:
        yield url


@pytest.fixture
def redis_url(redis_server: Redis) -> Iterator[str]:
    """The URL of an empty Redis database."""
    with redis_server.database() as url:
        yield url


@pytest.fixture
def amqp_url(rabbitmq_server: Rabbitmq) -> Iterator[str]:
    """The URL of a virtual host without queues."""
    with rabbitmq_server.vhost() as url:
        yield url
