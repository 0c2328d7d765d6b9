"""PostgreSQL, Redis and RabbitMQ for tests: one that runs here already, or one of our own.

A server of one's own has `start`, `stop` and `kill`, listens on a private port and keeps its files
in a private folder, so that a test may do to it what it likes.
"""

from tests.services.postgres import OwnPostgres, Postgres, postgres
from tests.services.process import Unavailable, free_port
from tests.services.rabbitmq import OwnRabbitmq, Rabbitmq, rabbitmq
from tests.services.redis import OwnRedis, Redis, redis

__all__ = [
    "OwnPostgres",
    "OwnRabbitmq",
    "OwnRedis",
    "Postgres",
    "Rabbitmq",
    "Redis",
    "Unavailable",
    "free_port",
    "postgres",
    "rabbitmq",
    "redis",
]
