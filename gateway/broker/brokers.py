"""The Dramatiq broker of the settings: in this process, on Redis or on RabbitMQ.

A message only says that rows wait; it may be lost, late or doubled at no cost but time. So nothing
is retried or dead-lettered by the broker, and a message that is older than the sweeper is dropped.
"""

from __future__ import annotations

from collections.abc import Callable

from dramatiq import Broker
from dramatiq.brokers.stub import StubBroker
from dramatiq.middleware import AgeLimit, Middleware, ShutdownNotifications

from gateway.errors import ConfigurationError, GatewayError

__all__ = ["QUEUES", "Broker", "open_broker", "probe"]

QUEUES = ("inbound", "outbox")
_MAX_AGE_MS = 60_000


def open_broker(url: str) -> Broker:
    """A broker with the queues of `QUEUES`; connects when it is first used.

    Raises:
        ConfigurationError: the URL names no broker that we know, or its driver is not installed.
    """
    scheme = url.partition("://")[0]
    middleware: list[Middleware] = [AgeLimit(max_age=_MAX_AGE_MS), ShutdownNotifications()]
    try:
        if not url:
            broker: Broker = StubBroker(middleware=middleware)
        elif scheme in {"redis", "rediss", "unix"}:
            from dramatiq.brokers.redis import RedisBroker

            broker = RedisBroker(url=url, middleware=middleware, namespace="gateway", dead_message_ttl=1)
        elif scheme in {"amqp", "amqps"}:
            from dramatiq.brokers.rabbitmq import RabbitmqBroker

            broker = RabbitmqBroker(url=url, middleware=middleware, confirm_delivery=False)
        else:
            raise ConfigurationError(
                f"no broker for {scheme}://; expected redis://, amqp:// or nothing", file="gateway.broker_url"
            )
    except ImportError as error:
        raise ConfigurationError(
            f"the driver for {scheme}:// is not installed ({error.name})", file="gateway.broker_url"
        ) from error
    return broker


def probe(url: str) -> str:
    """Reach the broker of `url`; what to say of it.

    Raises:
        GatewayError: it cannot be reached.
    """
    if not url:
        return "embedded"
    broker = open_broker(url)
    try:
        connect: Callable[[], object] = (
            broker.client.ping if hasattr(broker, "client") else lambda: getattr(broker, "connection")  # noqa: B009
        )
        connect()
    except Exception as error:
        raise GatewayError(f"cannot be reached: {type(error).__name__}") from error
    finally:
        broker.close()
    return url.partition("://")[0]
