"""`make torture`: kills under load, as a table.

50 on the embedded default and on PostgreSQL with Redis while senders go on sending; and on each, 30
while 500 mails come into a Dovecot's mailbox.

python -m tests.torture [--kills 50] [--seed N] [--only senders,mailbox]
"""

from __future__ import annotations

import argparse
import platform
import random
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from tests.running import RunningGateway
from tests.servers.dovecot import Dovecot
from tests.servers.sink import SmtpSink
from tests.services import postgres, redis
from tests.torture import mailbox_kills
from tests.torture.kills import Figures, campaign

ENGINES = ("sqlite", "postgres+redis")
MAILBOX_MAILS = 500
MAILBOX_KILLS = 30


def main() -> int:
    """Run it; 1 when something was lost, doubled, or not sent."""
    parser = argparse.ArgumentParser(prog="make torture")
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--only", default="senders,mailbox")
    options = parser.parse_args()
    print(f"seed {options.seed}, {platform.machine()}, Python {platform.python_version()}", flush=True)
    right = True
    if "mailbox" in options.only:
        for engine in ENGINES:
            right = _mailbox(engine, options.seed) and right
    for engine in ENGINES if "senders" in options.only else ():
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gateway-torture-")))
            sink = stack.enter_context(SmtpSink())
            gateway = RunningGateway(
                folder, relay_url=f"smtp://127.0.0.1:{sink.port}", **_servers(engine, stack)
            )
            found = campaign(gateway, sink, kills=options.kills, seed=options.seed)
        print(f"{engine:<16}{found}", flush=True)
        right = right and _is_right(found)
    return 0 if right else 1


def _mailbox(engine: str, seed: int) -> bool:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gw-", dir="/var/tmp")))
        folder.chmod(0o755)
        dovecot = stack.enter_context(Dovecot(folder / "dovecot").running())
        gateway = RunningGateway(
            folder / "gateway", extra=mailbox_kills.mailbox(dovecot), **_servers(engine, stack)
        )
        found = mailbox_kills.campaign(gateway, dovecot, mails=MAILBOX_MAILS, kills=MAILBOX_KILLS, seed=seed)
    print(f"{engine + ' mailbox':<24}{found}", flush=True)
    return not (found.lost or found.doubled or found.early or found.left or found.rows != found.delivered)


def _servers(engine: str, stack: ExitStack) -> dict[str, str]:
    if engine == "sqlite":
        return {}
    return {
        "database_url": stack.enter_context(postgres().database()),
        "broker_url": stack.enter_context(redis().database()),
    }


def _is_right(found: Figures) -> bool:
    return not (found.lost or found.doubled or found.class_5 or found.unsent or found.other_bytes)


if __name__ == "__main__":
    sys.exit(main())
