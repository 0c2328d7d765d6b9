"""The desk: its addresses, teams and people, and the organisations it works for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.domain.address import Mailbox
from gateway.domain.service_alert import ServiceAlert

ROLES = ("agent", "support_lead", "offer_owner", "account_manager")
"""Of the people of a desk file."""


@dataclass(frozen=True, slots=True)
class Contact:
    """Anybody with an address: customers and the desk's own people.

    Attributes:
        id: of the row; 0 in a desk file.
        address: as it is written to; `key` is its comparison form.
        language: `fr`, `en`…, or empty when unknown.
        roles: of `ROLES`; empty for customers.
        team: of an agent, or empty.
        listed: named in the desk file; what a mail says never changes such a contact.
    """

    id: int
    key: str
    address: str
    name: str
    language: str
    organisation_id: int | None
    roles: frozenset[str]
    team: str
    offers: tuple[str, ...]
    listed: bool

    @property
    def is_staff(self) -> bool:
        """Whether the contact is on the roster."""
        return bool(self.roles)

    @property
    def works_tickets(self) -> bool:
        """Whether the contact is of those who work tickets, and not an account manager alone."""
        return bool(self.roles - {"account_manager"})

    @property
    def is_customer(self) -> bool:
        """Whether the desk knows the address: by its file, or by the domain of an organisation."""
        return self.listed or self.organisation_id is not None

    @property
    def mailbox(self) -> Mailbox:
        """Name and address, as a mail is addressed."""
        return Mailbox(self.name, self.address)


@dataclass(frozen=True, slots=True)
class Team:
    """Agents who work a queue together; `address` reaches all of them, `lead` is an address or empty."""

    name: str
    address: str
    lead: str


@dataclass(frozen=True, slots=True)
class DeskAddress:
    """An address that customers write to, and whose queue it fills."""

    key: str
    address: str
    team: str
    offer: str


@dataclass(frozen=True, slots=True)
class Organisation:
    """A customer; `id` is 0 in a desk file."""

    id: int
    name: str
    domains: tuple[str, ...]
    account_managers: tuple[str, ...]
    offer: str
    coverage: str
    calendar: str
    flex_balance_minutes: int


@dataclass(frozen=True, slots=True)
class DeskFile:
    """What a desk file says. Contacts name their organisation by its name."""

    domain: str
    phone: str
    addresses: tuple[DeskAddress, ...]
    teams: tuple[Team, ...]
    people: tuple[Contact, ...]
    organisations: tuple[Organisation, ...]
    contacts: tuple[tuple[str, Contact], ...]


@dataclass(frozen=True, slots=True)
class Desk:
    """The desk as it is in the database, held in memory while its version stays the same.

    Attributes:
        domain: of the signed reply and bounce addresses, lower case.
        addresses: by comparison form, the default one first.
        staff: by comparison form of the address.
        alerts: the service alerts that are open.
        articles: by language, in how many headings of the knowledge base each stem stands; without articles, empty.
    """

    version: int
    domain: str
    phone: str
    addresses: Mapping[str, DeskAddress]
    teams: Mapping[str, Team]
    staff: Mapping[str, Contact]
    organisations: Mapping[int, Organisation]
    by_domain: Mapping[str, int] = field(repr=False)
    alerts: tuple[ServiceAlert, ...] = ()
    articles: Mapping[str, Mapping[str, int]] = field(default_factory=dict, repr=False)

    def organisation_of(self, key: str) -> int | None:
        """The organisation that an address belongs to by its domain; a subdomain is another domain."""
        return self.by_domain.get(key.rpartition("@")[2])

    def default_address(self) -> DeskAddress:
        """The first address of the desk file."""
        return next(iter(self.addresses.values()))

    def members(self, team: str) -> tuple[Contact, ...]:
        """The agents of a team."""
        return tuple(person for person in self.staff.values() if person.team == team)
