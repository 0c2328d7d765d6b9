"""One year of any size: python -m tests.torture.year --tickets 2000 --seed N [--days N] [--database URL]."""

from __future__ import annotations

import argparse
import logging
import random
import sys
import tempfile
from pathlib import Path

from tests.torture.year.campaign import Year
from tests.torture.year.compare import Divergence


def main() -> int:
    """Live it; 1 at the first divergence, which is printed."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture.year")
    parser.add_argument("--tickets", type=int, default=2000)
    parser.add_argument(
        "--days", type=int, default=0, help="within which they are opened; else a year's share"
    )
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--database", default="", help="an empty PostgreSQL database; else SQLite")
    options = parser.parse_args()
    # What the gateway says of crashes that are meant is no news here.
    logging.disable(logging.ERROR)
    days = options.days or max(round(options.tickets * 365 / 2000), 5)
    with tempfile.TemporaryDirectory(prefix="gw-year-") as folder:
        year = Year(
            Path(folder), tickets=options.tickets, days=days, seed=options.seed, database_url=options.database
        )
        try:
            print(year.run(), flush=True)
        except Divergence as difference:
            print(difference)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
