"""The year as a campaign of the table: `python -m tests.torture year`."""

from __future__ import annotations

from dataclasses import asdict

from tests.services import postgres
from tests.torture.found import Found
from tests.torture.stage import Stage
from tests.torture.year.campaign import Year
from tests.torture.year.compare import Divergence

_SIZES = {"sqlite": (2000, 60), "postgresql": (250, 20)}
_TICKETS_A_DAY = 2000 / 365


def year(stage: Stage) -> Found:
    """A whole year of 2,000 tickets on SQLite, and some weeks of it on PostgreSQL."""
    tickets = stage.size(*_SIZES[stage.engine])
    found = Found()
    lived = Year(
        stage.folder(),
        tickets=tickets,
        days=round(tickets / _TICKETS_A_DAY),
        seed=stage.seed,
        database_url="" if stage.engine == "sqlite" else stage.stack.enter_context(postgres().database()),
    )
    try:
        figures = lived.run()
    except Divergence as difference:
        found.none("divergences", 1, difference)
        return found
    for name, figure in asdict(figures).items():
        found.count(name.replace("_", " "), figure)
    return found
