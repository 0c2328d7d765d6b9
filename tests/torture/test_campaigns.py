"""The short form of `make torture`: small sizes, the same law."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from tests.conftest import missing
from tests.services import Unavailable
from tests.torture.campaigns import CAMPAIGNS, Campaign
from tests.torture.stage import Stage

SEED = 20261126


@pytest.mark.timeout(300)
@pytest.mark.parametrize("campaign", CAMPAIGNS, ids=lambda campaign: campaign.name)
def test_the_promise_is_kept(campaign: Campaign) -> None:
    engine, _, broker = campaign.runs_on[0].partition("+")
    try:
        with ExitStack() as stack:
            found = campaign.run(Stage(stack, SEED, short=True, engine=engine, broker=broker))
    except Unavailable as error:
        missing(str(error))

    assert found.wrong == [], found
