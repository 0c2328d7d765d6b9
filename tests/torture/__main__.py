"""`make torture`: the campaigns, as a table of figures.

python -m tests.torture [NAME …] [--short | --share S] [--seed N] [--engine sqlite|postgresql] [--broker redis|rabbitmq]
                        [--out FILE] [--list]
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from traceback import format_exc

from tests.services import Unavailable
from tests.torture.campaigns import CAMPAIGNS, Campaign
from tests.torture.found import Found
from tests.torture.stage import Stage


@dataclass(frozen=True, slots=True)
class Run:
    """A campaign on one engine."""

    campaign: Campaign
    engine: str
    broker: str

    def __str__(self) -> str:
        return f"{self.campaign.name} {self.engine}{'+' if self.broker else ''}{self.broker}"


def main() -> int:
    """Run what was asked for; 1 when a promise was broken, 2 when a campaign could not be run."""
    options = _options()
    if options.list:
        for campaign in CAMPAIGNS:
            print(f"{campaign.name:<18} {', '.join(campaign.runs_on):<28} {campaign.promise}")
        return 0
    runs = list(dict.fromkeys(_runs(options)))
    out = options.out.open("a") if options.out else None
    status = 0
    for line, code in _table(runs, options.seed, short=options.short, share=options.share):
        status = max(status, code)
        for stream in filter(None, (sys.stdout, out)):
            print(line, file=stream, flush=True)
    if out is not None:
        out.close()
    return status


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make torture", description="Campaigns against the gateway.")
    names = [campaign.name for campaign in CAMPAIGNS]
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(names))
    parser.add_argument("--short", action="store_true", help="the sizes that run with all tests")
    parser.add_argument("--share", type=float, default=1.0, help="of the whole sizes, such as 0.2")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--engine", choices=("sqlite", "postgresql"), help="on this one alone")
    parser.add_argument("--broker", choices=("redis", "rabbitmq"), help="instead of the campaign's own")
    parser.add_argument("--out", type=Path, help="append the table to a file, too")
    parser.add_argument("--list", action="store_true", help="what there is")
    options = parser.parse_args()
    for name in options.names:
        if name not in names:
            parser.error(f"there is no campaign {name!r}; there are {', '.join(names)}")
    return options


def _runs(options: argparse.Namespace) -> Iterator[Run]:
    for campaign in CAMPAIGNS:
        if options.names and campaign.name not in options.names:
            continue
        for place in campaign.runs_on:
            engine, _, broker = place.partition("+")
            if options.engine in {None, engine}:
                yield Run(campaign, engine, options.broker or broker if broker or options.broker else "")


def _table(runs: list[Run], seed: int, *, short: bool, share: float) -> Iterator[tuple[str, int]]:
    now = datetime.now(UTC)  # noqa: TID251  (the date of a table)
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Linux {platform.release()}"
    form = "  short form" if short else f"  {share:.0%} of the whole sizes" if share < 1 else ""
    yield f"seed {seed}  {now:%Y-%m-%d %H:%M} UTC  {machine}, Python {platform.python_version()}{form}", 0
    wrong = 0
    begun = time.monotonic()
    for run in runs:
        started = time.monotonic()
        try:
            with ExitStack() as stack:
                found = run.campaign.run(Stage(stack, seed, short, run.engine, run.broker, share=share))
        except Unavailable as error:
            yield f"{run!s:<36} NOT RUN: {error}", 2
            continue
        except Exception:  # noqa: BLE001  (the other campaigns are run all the same)
            found = Found(wrong=[format_exc()])
        wrong += bool(found.wrong)
        yield (
            f"{run!s:<36} {'WRONG' if found.wrong else 'right'} {time.monotonic() - started:5.0f} s  {found}",
            int(bool(found.wrong)),
        )
        for each in found.wrong:
            yield f"    {each}", 1
    yield f"{len(runs)} campaigns, {wrong} wrong, {time.monotonic() - begun:.0f} s", 0


if __name__ == "__main__":
    sys.exit(main())
