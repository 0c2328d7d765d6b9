"""A gateway with a table of faults in it: `python -m tests.torture.child FOLDER [arguments of gateway]`.

The one way in: the point function is bound here, in a process of its own, before the gateway's main
runs; and the supervisor is told to start its processes through this module too.
"""

from __future__ import annotations

import sys
from pathlib import Path

from gateway import faults
from gateway.cli import serve
from gateway.directory import SystemClock
from tests.torture.table import FaultTable


def program(folder: Path) -> tuple[str, ...]:
    """How such a gateway is started; see `tests.running.RunningGateway`."""
    return (sys.executable, "-m", "tests.torture.child", str(folder))


def main() -> int:
    """Run the gateway's command line."""
    folder = Path(sys.argv.pop(1))
    table = FaultTable(folder)
    faults.reached = table.reached
    serve.PROGRAM = program(folder)
    right = SystemClock.now
    SystemClock.now = lambda self: right(self) + table.ahead()  # type: ignore[method-assign]
    if names := table.mutations():
        # They know much of the gateway, and most processes need little of it.
        from tests.torture.mutations import MUTATIONS

        for name in names:
            MUTATIONS[name]()
    from gateway.__main__ import main as run

    return run()


if __name__ == "__main__":
    sys.exit(main())
