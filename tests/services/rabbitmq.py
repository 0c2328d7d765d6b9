"""RabbitMQ, and a virtual host of it for the tests of one process."""

from __future__ import annotations

import logging
import os
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pika
from pika.exceptions import AMQPError, ChannelClosedByBroker

from tests.services.process import ServerProcess, Unavailable, answers, free_port, program

_USUAL = "amqp://guest:guest@127.0.0.1:5672"
# Debian's wrapper in /usr/sbin changes the user and forgets the environment.
_BINARIES = "/usr/lib/rabbitmq/bin"
# Dramatiq keeps delayed and dead messages in queues of their own beside each.
_QUEUES = [f"{name}{suffix}" for name in ("inbound", "outbox") for suffix in ("", ".DQ", ".XQ")]
_CONTROL_TIMEOUT_S = 60


class Rabbitmq:
    """A server with a virtual host of ours, made when it is first asked for."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._vhost = ""

    @contextmanager
    def vhost(self) -> Iterator[str]:
        """The URL of a virtual host without queues; one at a time."""
        if not self._vhost:
            self._vhost = self._make_vhost()
        url = f"{self._url}/{self._vhost}"
        self._delete_queues(url)
        yield url

    def is_there(self) -> bool:
        """Whether it answers and takes our word for who we are."""
        if not answers(urlsplit(self._url).port or 5672):
            return False
        pika_log = logging.getLogger("pika")
        level = pika_log.level
        # While a server starts, pika reports each refusal with a traceback.
        pika_log.setLevel(logging.CRITICAL)
        try:
            pika.BlockingConnection(_parameters(f"{self._url}/%2F")).close()
        except (AMQPError, OSError):
            return False
        finally:
            pika_log.setLevel(level)
        return True

    def close(self) -> None:
        """Remove the virtual host."""
        if self._vhost:
            self._control("delete_vhost", self._vhost)
            self._vhost = ""

    def _make_vhost(self) -> str:
        name = f"gateway-test-{secrets.token_hex(6)}"
        user = urlsplit(self._url).username or "guest"
        self._control("add_vhost", name)
        self._control("set_permissions", "-p", name, user, ".*", ".*", ".*")
        return name

    def _control(self, *words: str) -> None:
        command = [program("rabbitmqctl"), *words]
        if os.geteuid() != 0:
            command = ["sudo", "--non-interactive", *command]
        _run(command, dict(os.environ))

    def _delete_queues(self, url: str) -> None:
        connection = pika.BlockingConnection(_parameters(url))
        for name in _QUEUES:
            channel = connection.channel()
            try:
                channel.queue_delete(name)
            except ChannelClosedByBroker:
                continue
            channel.close()
        connection.close()


class OwnRabbitmq(Rabbitmq):
    """A server of our own. It takes some seconds to start."""

    def __init__(self) -> None:
        self._server, self._ctl = program("rabbitmq-server", _BINARIES), program("rabbitmqctl", _BINARIES)
        self.port = free_port()
        self._process = ServerProcess("rabbitmq")
        folder = self._process.folder
        (folder / "plugins").write_text("[].\n")
        self._environ = {
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(free_port()),
            "ERL_EPMD_RELAXED_COMMAND_CHECK": "1",
            "HOME": str(folder),
            "RABBITMQ_CONF_ENV_FILE": str(folder / "none"),
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq"),
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
            "RABBITMQ_LOG_BASE": str(folder),
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_MNESIA_BASE": str(folder / "data"),
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_NODENAME": f"gateway{self.port}@localhost",
            "RABBITMQ_PID_FILE": str(folder / "pid"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1 +sbwt none",
        }
        super().__init__(f"amqp://guest:guest@127.0.0.1:{self.port}")

    def start(self) -> None:
        """Start, and wait until it answers."""
        self._process.start([self._server], self.is_there, environ=self._environ)

    def stop(self) -> None:
        """End it as its operator would."""
        self._process.stop()

    def kill(self) -> None:
        """End it as a power cut would; durable queues are there again after `start`."""
        self._process.kill()

    def wipe(self) -> None:
        """Forget everything that waits, and where it waited."""
        self._delete_queues(f"{self._url}/{self._vhost}")

    def close(self) -> None:
        """Kill it and remove its files; with it goes its name server, which outlives it otherwise."""
        self._process.kill()
        with suppress(Unavailable):  # it may never have started
            self._process.run([program("epmd"), "-kill"], environ=self._environ)
        self._process.close()

    def _control(self, *words: str) -> None:
        _run([self._ctl, "-n", self._environ["RABBITMQ_NODENAME"], *words], {**os.environ, **self._environ})


def rabbitmq(*, own: bool = False) -> Rabbitmq:
    """A server that answers: with `own` an `OwnRabbitmq`, otherwise GATEWAY_TEST_RABBITMQ or what is there.

    Raises:
        Unavailable: none is to be had here.
    """
    if not own:
        named = os.environ.get("GATEWAY_TEST_RABBITMQ")
        running = Rabbitmq((named or _USUAL).rstrip("/"))
        if running.is_there() and (os.geteuid() == 0 or named):
            return running
        if named:
            raise Unavailable("RabbitMQ of GATEWAY_TEST_RABBITMQ does not answer")
    server = OwnRabbitmq()
    try:
        server.start()
    except Unavailable:
        server.close()
        raise
    return server


def _run(command: list[str], environ: dict[str, str]) -> None:
    done = subprocess.run(
        command,
        env=environ,
        cwd=Path("/"),
        capture_output=True,
        text=True,
        timeout=_CONTROL_TIMEOUT_S,
        check=False,
    )
    if done.returncode:
        raise Unavailable(f"{' '.join(command)}: {done.stderr.strip()[-500:]}")


def _parameters(url: str) -> pika.URLParameters:
    return pika.URLParameters(f"{url}?connection_attempts=1&socket_timeout=3")
