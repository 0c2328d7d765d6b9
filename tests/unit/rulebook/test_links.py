"""rules/links.yaml: a wrong line is refused where it stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.domain.action import Offer
from gateway.errors import ConfigurationError
from gateway.rulebook.links import read_offers
from gateway.rulebook.source import read_source

RIGHT = """\
links:
  - id: approve
    templates: [escalation-requested, held]
    to: support_lead
    act: approve
    label: {en: Approve, fr: Approuver}
    valid_days: 7
    why: a lead decides from a phone
"""


def offers(tmp_path: Path, text: str) -> tuple[Offer, ...]:
    file = tmp_path / "links.yaml"
    file.write_text(text, encoding="utf-8")
    return read_offers(
        read_source(file), templates=["escalation-requested", "held"], acts=["approve", "refuse"]
    )


def test_an_entry_is_an_offer_for_each_of_its_templates(tmp_path: Path) -> None:
    found = offers(tmp_path, RIGHT)
    assert [offer.template for offer in found] == ["escalation-requested", "held"]
    assert {offer.valid.days for offer in found} == {7}
    assert (found[0].label("fr"), found[0].label("de")) == ("Approuver", "Approve")


@pytest.mark.parametrize(
    ("right", "wrong", "words"),
    [
        ("act: approve", "act: aprove", "links.yaml:5.*'approve'"),
        ("held]", "helt]", "links.yaml:3.*'held'"),
        ("to: support_lead", "to: everybody", "links.yaml:4"),
        (", fr: Approuver", "", "links.yaml:6.*'fr'"),
        ("valid_days: 7", "valid_days: 0", "links.yaml:7"),
        ("    why: a lead decides from a phone\n", "", "why"),
    ],
)
def test_what_is_wrong_is_refused_with_its_line(tmp_path: Path, right: str, wrong: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        offers(tmp_path, RIGHT.replace(right, wrong))


def test_an_id_is_there_once(tmp_path: Path) -> None:
    twice = RIGHT + RIGHT.removeprefix("links:\n")
    with pytest.raises(ConfigurationError, match=r"links.yaml:9.*there twice"):
        offers(tmp_path, twice)
