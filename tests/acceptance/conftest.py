"""Every story runs on the embedded default and on the production engines."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.acceptance.customer import Customer
from tests.running import RunningGateway

ENGINES = ("sqlite", "postgres+redis", "postgres+rabbitmq")
_NAMES = itertools.count(1)


@pytest.fixture(scope="session", params=ENGINES)
def gateway(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningGateway]:
    """A running gateway; each story has a customer of its own, so that they share it."""
    database, _, broker = request.param.partition("+")
    with ExitStack() as stack:
        database_url = broker_url = ""
        if database == "postgres":
            server = request.getfixturevalue("postgres_server")
            database_url = stack.enter_context(server.database())
        if broker == "redis":
            broker_url = stack.enter_context(request.getfixturevalue("redis_server").database())
        if broker == "rabbitmq":
            broker_url = stack.enter_context(request.getfixturevalue("rabbitmq_server").vhost())
        made = RunningGateway(
            tmp_path_factory.mktemp("gateway"),
            database_url=database_url,
            broker_url=broker_url,
            # The desk's own mail is not signed here.
            extra='[trust]\nstaff = "token"\n',
        )
        with made.running():
            yield made
            made.settled()
        # Whatever the stories of a session were, the ledger's law holds.
        assert made.breaches() == []


@pytest.fixture
def chloe(gateway: RunningGateway) -> Customer:
    """A French customer of Acme whom nobody has seen before."""
    return Customer(gateway, "Chloe Petit", f"chloe.{next(_NAMES)}@acme.test")
