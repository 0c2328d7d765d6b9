"""How long a mail takes to read, beside the standard library's own parse in the same run.

    python -m tests.bench.reading [FOLDER]

Over every file below FOLDER (the mails of tests/mails by default): the median and the 99th percentile
of parsing, zones and kind together, on one core, the best of three rounds a mail.
"""

from __future__ import annotations

import email
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from gateway.errors import UnreadableMail
from gateway.pipeline.classify import classify
from gateway.pipeline.parse import parse, parse_partially
from gateway.rulebook.folder import rules_folder
from gateway.rulebook.reading import load_reading_tables

ROUNDS = 3
AIM_MEDIAN_MS = 2.0
AIM_P99_MS = 20.0


def best_ms(action: Callable[[bytes], object], raw: bytes) -> float:
    """The shortest of some rounds: what the mail costs when nobody else wants the core."""
    best = float("inf")
    for _ in range(ROUNDS):
        start = time.perf_counter()
        action(raw)
        best = min(best, time.perf_counter() - start)
    return best * 1000


def main(folder: Path) -> int:
    """Print the figures; 1 when an aim is missed."""
    tables = load_reading_tables(rules_folder(""))
    mails = [
        path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix != ".toml"
    ]

    def ours(raw: bytes) -> object:
        try:
            mail = parse(raw)
        except UnreadableMail as refused:
            mail = parse_partially(raw, str(refused))
        return classify(mail, tables, null_sender=False)

    rows = []
    for name, action in (
        ("gateway: parse, zones, kind", ours),
        ("stdlib: message_from_bytes", email.message_from_bytes),
    ):
        times = sorted(best_ms(action, raw) for raw in mails)
        rows.append((name, median(times), times[int(len(times) * 0.99)], times[-1]))
    print(f"{len(mails)} mails, {sum(map(len, mails)):,} bytes")
    print(f"{'':30}{'median ms':>11}{'p99 ms':>9}{'max ms':>9}")
    for name, middle, p99, most in rows:
        print(f"{name:30}{middle:11.3f}{p99:9.3f}{most:9.3f}")
    _, middle, p99, _ = rows[0]
    return int(middle > AIM_MEDIAN_MS or p99 > AIM_P99_MS)


if __name__ == "__main__":
    default = Path(__file__).parents[1] / "mails"
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else default))
