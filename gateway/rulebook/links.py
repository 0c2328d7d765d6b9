"""rules/links.yaml: which mails carry a link that does something."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Literal

from pydantic import Field

from gateway.domain.action import CONFIRM, Offer
from gateway.rulebook.policy_files import ByLanguage, Id
from gateway.rulebook.source import Source, Strict, Words, known, typed
from gateway.rulebook.terms import check_languages


class LinkEntry(Strict):
    """See `domain.action.Offer`."""

    id: Id
    templates: list[Words] = Field(min_length=1)
    to: Literal["reader", "requester", "agent", "support_lead"]
    act: Words
    label: ByLanguage
    valid_days: float = Field(gt=0, le=366)
    why: Words


class LinksFile(Strict):
    """links.yaml."""

    links: list[LinkEntry]


def read_offers(
    source: Source, *, templates: Collection[str] | None, acts: Collection[str] | None
) -> tuple[Offer, ...]:
    """One offer for each template of an entry, in order.

    Args:
        templates, acts: what may be named; None leaves it unchecked.

    Raises:
        ConfigurationError: with file, line and reason.
    """
    offers: list[Offer] = []
    for number, each in enumerate(typed(source, LinksFile).links):
        place = ("links", number)
        check_languages(source, (*place, "label"), each.label)
        if each.id in {offer.id for offer in offers}:
            raise source.refuse((*place, "id"), f"{each.id!r} is there twice")
        if acts is not None:
            known(source, (*place, "act"), each.act, [*sorted(acts), CONFIRM], "act")
        for position, name in enumerate(each.templates):
            if templates is not None:
                known(source, (*place, "templates", position), name, sorted(templates), "template")
        valid = timedelta(days=each.valid_days)
        offers += [
            Offer(each.id, name, each.to, each.act, each.label, valid, each.why) for name in each.templates
        ]
    return tuple(offers)
