"""`make bench`: acceptance and the whole path beside a stock aiosmtpd, in one run; ratios and memory.

python -m tests.bench [--rounds 5] [--count 2000]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from tests.running import DESK, ROOT, RunningGateway
from tests.services.process import free_port

# The team has no address here, so that each mail makes one notification: the confirmation.
BENCH_DESK = DESK.replace("address: team@example.test, ", "").replace(
    "team: support, language: fr", "language: fr"
)
BENCH_DESK = BENCH_DESK.replace("roles: [agent], team: support", "roles: [agent]")
# Every sender here is one address.
ROOM = "max_connections_per_peer = 200\n"


def load(port: int, *, count: int, size: int, run: str, connections: int = 8) -> float:
    """Mails a second that a server answers with 250."""
    words = [sys.executable, "-m", "tests.bench.load", "--port", str(port), "--count", str(count)]
    words += ["--size", str(size), "--run", run, "--connections", str(connections)]
    done = subprocess.run(words, capture_output=True, text=True, cwd=ROOT, check=True)
    result: dict[str, float] = json.loads(done.stdout)
    if result["accepted"] != count:
        raise SystemExit(f"{result['accepted']} of {count} mails were taken")
    return count / result["seconds"]


def started(stack: ExitStack, *words: str) -> subprocess.Popen[str]:
    """A helper process that has said `ready`."""
    process = subprocess.Popen([sys.executable, *words], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    stack.callback(process.wait)
    stack.callback(process.terminate)
    if process.stdout is None or process.stdout.readline().strip() != "ready":
        raise SystemExit(f"{words} did not start")
    return process


def peak_mib(pid: int) -> float:
    """The most memory that a process has had."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


def acceptance(stack: ExitStack, options: argparse.Namespace, stock_port: int, folder: Path) -> None:
    """Durable acceptance at 4 and 40 KB: receiver alone, SQLite, kept connections."""
    gateway = RunningGateway(folder / "acceptance", desk=BENCH_DESK, smtp=ROOM)
    with gateway.running_only("smtp"):
        for size, goal in ((4096, 2.0), (40960, 3.0)):
            count = options.count if size < 10_000 else options.count // 2
            ours, stock = [], []
            for turn in range(options.rounds):
                stock.append(load(stock_port, count=count, size=size, run=f"s{turn}"))
                ours.append(load(gateway.port, count=count, size=size, run=f"{size}.{turn}"))
            report(f"acceptance {size // 1024} KB", ours, stock, goal)
        print(f"receiver, peak memory        {peak_mib(gateway.children('receiver')[0]):7.1f} MiB   goal 64")


def whole_path(stack: ExitStack, options: argparse.Namespace, stock_port: int, folder: Path) -> None:
    """SMTP in to the confirmation accepted by a relay: receiver and worker, SQLite."""
    sink_port = free_port()
    sink = started(stack, "-m", "tests.servers.sink", str(sink_port))
    gateway = RunningGateway(
        folder / "whole", desk=BENCH_DESK, relay_url=f"smtp://127.0.0.1:{sink_port}", smtp=ROOM
    )
    ours, stock = [], []
    expected = 0
    with gateway.running():
        for turn in range(options.rounds):
            stock.append(load(stock_port, count=options.count, size=4096, run=f"w{turn}"))
            begun = time.perf_counter()
            load(gateway.port, count=options.count, size=4096, run=f"whole.{turn}")
            expected += options.count
            wait_for_sink(sink, expected)
            ours.append(options.count / (time.perf_counter() - begun))
        report("whole path 4 KB", ours, stock, 0.75)
        print(f"receiver, peak memory        {peak_mib(gateway.children('receiver')[0]):7.1f} MiB   goal 64")
        print(f"worker, peak memory          {peak_mib(gateway.children('worker')[0]):7.1f} MiB   goal 96")


def wait_for_sink(sink: subprocess.Popen[str], expected: int) -> None:
    """Until the relay has accepted so many mails."""
    if sink.stdout is None:
        raise SystemExit("the sink says nothing")
    for line in sink.stdout:
        if int(line) >= expected:
            return


def report(name: str, ours: list[float], stock: list[float], goal: float) -> None:
    """One line: mails a second, medians, and the median of the rounds' ratios."""
    ratio = statistics.median(a / b for a, b in zip(ours, stock, strict=True))
    print(
        f"{name:<22}{statistics.median(ours):8.0f} /s   stock {statistics.median(stock):6.0f} /s   "
        f"ratio {ratio:5.2f}   goal {goal}",
        flush=True,
    )


def main() -> None:
    """Run all of it."""
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--count", type=int, default=2000)
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gateway-bench-")))
        stock_port = free_port()
        started(stack, "-m", "tests.bench.stock", str(stock_port))
        acceptance(stack, options, stock_port, folder)
        whole_path(stack, options, stock_port, folder)


if __name__ == "__main__":
    os.environ.setdefault("GATEWAY_LOG", "")
    main()
