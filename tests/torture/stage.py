"""What a campaign is given: a place, servers, a seed, and whether it is the short form."""

from __future__ import annotations

import random
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from gateway.storage.schema import outbox
from tests.running import RunningGateway
from tests.servers.dovecot import PASSWORD
from tests.servers.sink import SmtpSink
from tests.services import postgres, rabbitmq, redis
from tests.torture.child import program
from tests.torture.table import Plan


@dataclass
class Stage:
    """Lasts as long as its `stack`.

    Attributes:
        engine: `sqlite` or `postgresql`.
        broker: empty for the embedded one, `redis` or `rabbitmq`.
        share: of the whole size, up to 1.
        mutations: what is wrong with its gateways, so that the campaign is tried and not they.
    """

    stack: ExitStack
    seed: int
    short: bool = False
    engine: str = "sqlite"
    broker: str = ""
    mutations: tuple[str, ...] = ()
    share: float = 1.0
    chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)

    def size(self, whole: int, short: int) -> int:
        """The whole campaign's or a share of it, or that of the form which runs with all tests."""
        return short if self.short else max(short, round(whole * self.share))

    def folder(self) -> Path:
        """An empty one, where other users may look."""
        # A socket's path has to be short, and a mailbox's server runs as somebody else.
        made = Path(self.stack.enter_context(tempfile.TemporaryDirectory(prefix="gw-", dir="/var/tmp")))
        made.chmod(0o755)
        return made

    def sink(self) -> SmtpSink:
        """A relay that takes everything."""
        return self.stack.enter_context(SmtpSink())

    def mailbox(self, port: int, more: str = "") -> str:
        """The `[[imap]]` of a server of ours."""
        password = self.folder() / "password"
        password.write_text(PASSWORD)
        return (
            f'[[imap]]\nname = "support"\nhost = "127.0.0.1"\nport = {port}\ntls = "none"\nuser = "support"\n'
            f'password_file = "{password}"\nrecipient = "support@example.test"\nfirst_sync = "new-only"\n'
            f"poll_s = 1\n{more}"
        )

    def gateway(
        self,
        *,
        relay_url: str = "file:var/sent",
        extra: str = "",
        gateway: str = "",
        rules: Path | None = None,
        folder: Path | None = None,
        database_url: str = "",
        broker_url: str = "",
        mutations: tuple[str, ...] = (),
    ) -> Tortured:
        """A gateway with an empty table of faults, on the stage's engine and broker; not started."""
        own = self.folder()
        return Tortured(
            folder or own / "gateway",
            Plan(own / "faults", [*self.mutations, *mutations]),
            database_url=database_url or self._database_url(),
            broker_url=broker_url or self._broker_url(),
            relay_url=relay_url,
            extra=extra,
            gateway=gateway,
            rules=rules,
        )

    def _database_url(self) -> str:
        return "" if self.engine == "sqlite" else self.stack.enter_context(postgres().database())

    def _broker_url(self) -> str:
        if self.broker == "redis":
            return self.stack.enter_context(redis().database())
        return self.stack.enter_context(rabbitmq().vhost()) if self.broker == "rabbitmq" else ""


class Tortured(RunningGateway):
    """A gateway whose processes look at `plan` at each fault point."""

    def __init__(
        self,
        folder: Path,
        plan: Plan,
        *,
        database_url: str = "",
        broker_url: str = "",
        relay_url: str = "file:var/sent",
        extra: str = "",
        gateway: str = "",
        rules: Path | None = None,
    ) -> None:
        super().__init__(
            folder,
            database_url=database_url,
            broker_url=broker_url,
            relay_url=relay_url,
            extra=extra,
            gateway=gateway,
            program=program(plan.folder),
        )
        self.plan = plan
        if rules is not None:
            words = self.config.read_text()
            self.config.write_text(words.replace("[desk]\n", f'[desk]\nrules_dir = "{rules}"\n'))

    def now(self) -> datetime:
        """The time as its processes have it."""
        return datetime.now(UTC) + self.plan.ahead  # noqa: TID251  (a test's clock)

    def pass_time(self, by: timedelta) -> None:
        """Move its processes' wall clock."""
        self.plan.pass_time(by)

    def has_tried_all(self) -> bool:
        """No mail waits, and every notification has been tried and is in nobody's hands."""
        untried = sa.select(outbox.c.id).where(
            outbox.c.state == "pending", sa.or_(outbox.c.attempts == 0, outbox.c.lease_until.is_not(None))
        )
        with self.gateway().database.read() as connection:
            return (
                not self.gateway().ledger.counts().get("pending") and not connection.execute(untried).first()
            )
