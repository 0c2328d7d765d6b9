"""`make torture`: 50 kills on the embedded default and on PostgreSQL with Redis, as a table.

python -m tests.torture [--kills 50] [--seed N]
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
from tests.servers.sink import SmtpSink
from tests.services import postgres, redis
from tests.torture.kills import Figures, campaign


def main() -> int:
    """Run it; 1 when something was lost, doubled, or not sent."""
    parser = argparse.ArgumentParser(prog="make torture")
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    options = parser.parse_args()
    print(f"seed {options.seed}, {platform.machine()}, Python {platform.python_version()}", flush=True)
    right = True
    for engine in ("sqlite", "postgres+redis"):
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gateway-torture-")))
            sink = stack.enter_context(SmtpSink())
            urls = {}
            if engine != "sqlite":
                urls["database_url"] = stack.enter_context(postgres().database())
                urls["broker_url"] = stack.enter_context(redis().database())
            gateway = RunningGateway(folder, relay_url=f"smtp://127.0.0.1:{sink.port}", **urls)
            found = campaign(gateway, sink, kills=options.kills, seed=options.seed)
        print(f"{engine:<16}{found}", flush=True)
        right = right and _is_right(found)
    return 0 if right else 1


def _is_right(found: Figures) -> bool:
    return not (found.lost or found.doubled or found.class_5 or found.unsent or found.other_bytes)


if __name__ == "__main__":
    sys.exit(main())
