"""The desk file of the stories, and the people of it."""

from __future__ import annotations

from tests.acceptance.test_stories.person import Person
from tests.acceptance.test_stories.played_desk import PlayedDesk

DESK = """\
domain: example.test
addresses:
  - {address: support@example.test, team: support, offer: cloud}
phone: "+33 1 70 00 00 24"
teams:
  - {name: support, address: team@example.test, lead: lea@example.test}
people:
  - {name: Léa Martin, address: lea@example.test, roles: [agent, support_lead], team: support, language: fr}
  - {name: Ana Costa, address: ana@example.test, roles: [agent], team: support, language: en}
  - {name: Omar Diallo, address: omar@example.test, roles: [offer_owner], offers: [cloud], language: fr}
  - {name: Max Weber, address: max@example.test, roles: [account_manager], language: en}
organisations:
  - name: Acme
    domains: [acme.test]
    account_managers: [max@example.test]
    offer: cloud
    coverage: COVERAGE
FLEX  - name: Boréal
    domains: [boreal.test]
    account_managers: [max@example.test]
    offer: cloud
    coverage: COVERAGE
"""


def desk_file(*, coverage: str = "business-hours", flex_hours: float = 0) -> str:
    """Two organisations with one account manager; the first one's contract may be Flex."""
    flex = f"    flex_balance_hours: {flex_hours}\n" if flex_hours else ""
    return DESK.replace("COVERAGE", coverage).replace("FLEX", flex)


class People:
    """Everybody in a story."""

    def __init__(self, desk: PlayedDesk) -> None:
        self.chloe = Person(desk, "Chloé Petit", "chloe@acme.test")
        self.paul = Person(desk, "Paul Roy", "paul@acme.test")
        self.grace = Person(desk, "Grace Byrne", "grace@boreal.test")
        self.ana = Person(desk, "Ana Costa", "ana@example.test", reads="team@example.test")
        self.lea = Person(desk, "Léa Martin", "lea@example.test", reads="team@example.test")
        self.max = Person(desk, "Max Weber", "max@example.test")
