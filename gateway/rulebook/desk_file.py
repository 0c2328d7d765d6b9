"""The desk file: addresses, teams, people and organisations, read strictly."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Literal

from pydantic import Field

from gateway.domain.address import author_key, parse_addr_spec
from gateway.domain.desk import Contact, DeskAddress, DeskFile, Organisation, Team
from gateway.domain.our_addresses import BOUNCE_LOCAL_PART, SEPARATOR
from gateway.rulebook.source import Place, Source, Strict, Words, known, read_source, typed

# `<local part>+<token>@<domain>`: a token may take 43 of the 64 octets of RFC 5321 section 4.5.3.1.1.
_LONGEST_LOCAL_PART = 20
# Whoever has an address there is nobody's colleague by it.
_FREE_MAIL = frozenset(
    [
        "aol.com",
        "free.fr",
        "gmail.com",
        "gmx.com",
        "gmx.de",
        "gmx.fr",
        "googlemail.com",
        "hotmail.com",
        "hotmail.fr",
        "icloud.com",
        "laposte.net",
        "live.com",
        "live.fr",
        "mail.com",
        "me.com",
        "msn.com",
        "orange.fr",
        "outlook.com",
        "outlook.fr",
        "proton.me",
        "protonmail.com",
        "sfr.fr",
        "wanadoo.fr",
        "web.de",
        "yahoo.com",
        "yahoo.fr",
    ]
)

Role = Literal["agent", "support_lead", "offer_owner", "account_manager"]


class _Address(Strict):
    address: str
    team: str
    offer: str = ""


class _Team(Strict):
    name: Words
    address: str = ""
    lead: str = ""


class _Person(Strict):
    name: Words
    address: str
    roles: list[Role] = Field(min_length=1)
    team: str = ""
    language: str = ""
    offers: list[str] = Field(default_factory=list)


class _Contact(Strict):
    name: str = ""
    address: str
    language: str = ""


class _Organisation(Strict):
    name: Words
    domains: list[str] = Field(default_factory=list)
    contacts: list[_Contact] = Field(default_factory=list)
    account_managers: list[str] = Field(default_factory=list)
    offer: str = ""
    coverage: Literal["24x7", "business-hours"] = "business-hours"
    calendar: str = ""
    flex_balance_hours: float = Field(default=0, ge=0, le=100_000, allow_inf_nan=False)


class _Desk(Strict):
    domain: str
    addresses: list[_Address] = Field(min_length=1)
    phone: str = ""
    teams: list[_Team] = Field(default_factory=list)
    people: list[_Person] = Field(default_factory=list)
    organisations: list[_Organisation] = Field(default_factory=list)


def load_desk_file(file: Path, *, calendars: Collection[str] | None = None) -> DeskFile:
    """What the file says.

    Args:
        calendars: the names that contracts may use; None leaves them unchecked.

    Raises:
        ConfigurationError: with file, line and reason for the first thing that is wrong.
    """
    source = read_source(file)
    read = typed(source, _Desk)
    return _Reading(source, read, calendars).desk()


class _Reading:
    """One desk file on its way; the order of the checks is that of the file."""

    def __init__(self, source: Source, read: _Desk, calendars: Collection[str] | None) -> None:
        self._source = source
        self._read = read
        self._calendars = calendars
        self._teams = [team.name for team in read.teams]
        self._desk_keys = {author_key(each.address) for each in read.addresses}
        self._taken: dict[str, Place] = {}

    def desk(self) -> DeskFile:
        read = self._read
        if "." not in read.domain or parse_addr_spec(f"x@{read.domain}") is None:
            raise self._source.refuse(("domain",), f"{read.domain!r} is not a mail domain")
        addresses = tuple(self._address(n, each) for n, each in enumerate(read.addresses))
        people = tuple(self._person(n, each) for n, each in enumerate(read.people))
        roster = {person.key for person in people}
        teams = tuple(self._team(n, each, roster) for n, each in enumerate(read.teams))
        organisations = tuple(
            self._organisation(n, each, roster) for n, each in enumerate(read.organisations)
        )
        contacts = tuple(
            (each.name, self._customer((*("organisations", n, "contacts", m),), contact))
            for n, each in enumerate(read.organisations)
            for m, contact in enumerate(each.contacts)
        )
        domain = author_key(f"x@{read.domain}").partition("@")[2]
        return DeskFile(domain, read.phone, addresses, teams, people, organisations, contacts)

    def _address(self, number: int, each: _Address) -> DeskAddress:
        place: Place = ("addresses", number)
        key = self._new_address((*place, "address"), each.address)
        if len(key.partition("@")[0]) > _LONGEST_LOCAL_PART:
            raise self._source.refuse(
                (*place, "address"),
                f"{each.address!r} has more than {_LONGEST_LOCAL_PART} characters before the @, "
                "which leaves no room for the token of reply addresses",
            )
        if SEPARATOR in key:
            raise self._source.refuse((*place, "address"), "a + before the @ is kept for reply addresses")
        if key.partition("@")[0] == BOUNCE_LOCAL_PART:
            raise self._source.refuse((*place, "address"), f"{each.address} is kept for returned mail")
        known(self._source, (*place, "team"), each.team, self._teams, "team")
        return DeskAddress(key, each.address, each.team, each.offer)

    def _team(self, number: int, each: _Team, roster: set[str]) -> Team:
        place: Place = ("teams", number)
        if each.address and self._checked((*place, "address"), each.address) in self._desk_keys:
            raise self._source.refuse(
                (*place, "address"), f"{each.address} is the desk's own: its notices would come back to it"
            )
        if each.lead and author_key(each.lead) not in roster:
            raise self._source.refuse((*place, "lead"), f"{each.lead!r} is not among the people")
        if self._teams.index(each.name) != number:
            raise self._source.refuse((*place, "name"), f"the team {each.name!r} is there twice")
        return Team(each.name, each.address, each.lead)

    def _person(self, number: int, each: _Person) -> Contact:
        place: Place = ("people", number)
        if each.team:
            known(self._source, (*place, "team"), each.team, self._teams, "team")
        key = self._new_address((*place, "address"), each.address)
        self._language(place, each.language)
        roles = frozenset[str](each.roles)
        return Contact(
            0,
            key,
            each.address,
            each.name,
            each.language,
            None,
            roles,
            each.team,
            tuple(each.offers),
            listed=True,
        )

    def _customer(self, place: Place, each: _Contact) -> Contact:
        key = self._new_address((*place, "address"), each.address)
        self._language(place, each.language)
        return Contact(0, key, each.address, each.name, each.language, None, frozenset(), "", (), listed=True)

    def _organisation(self, number: int, each: _Organisation, roster: set[str]) -> Organisation:
        place: Place = ("organisations", number)
        if [other.name for other in self._read.organisations].index(each.name) != number:
            raise self._source.refuse((*place, "name"), f"the organisation {each.name!r} is there twice")
        if each.calendar and self._calendars is not None:
            known(self._source, (*place, "calendar"), each.calendar, list(self._calendars), "calendar")
        domains = tuple(self._domain((*place, "domains", n), domain) for n, domain in enumerate(each.domains))
        for n, manager in enumerate(each.account_managers):
            if author_key(manager) not in roster:
                raise self._source.refuse(
                    (*place, "account_managers", n), f"{manager!r} is not among the people"
                )
        return Organisation(
            id=0,
            name=each.name,
            domains=domains,
            account_managers=tuple(map(author_key, each.account_managers)),
            offer=each.offer,
            coverage=each.coverage,
            calendar=each.calendar,
            flex_balance_minutes=round(each.flex_balance_hours * 60),
        )

    def _domain(self, place: Place, domain: str) -> str:
        if parse_addr_spec(f"x@{domain}") is None:
            raise self._source.refuse(place, f"{domain!r} is not a mail domain")
        key = author_key(f"x@{domain}").partition("@")[2]
        if key in _FREE_MAIL:
            raise self._source.refuse(place, f"{domain} is open to everybody and no organisation's")
        if key in self._taken:
            raise self._source.refuse(
                place, f"{domain} is already at line {self._source.line(self._taken[key])}"
            )
        self._taken[key] = place
        return key

    def _new_address(self, place: Place, address: str) -> str:
        key = self._checked(place, address)
        if key in self._taken:
            raise self._source.refuse(
                place, f"{address} is already at line {self._source.line(self._taken[key])}"
            )
        self._taken[key] = place
        return key

    def _checked(self, place: Place, address: str) -> str:
        if parse_addr_spec(address) is None:
            raise self._source.refuse(place, f"{address!r} is not a mail address")
        return author_key(address)

    def _language(self, place: Place, language: str) -> None:
        if language and not (len(language) == 2 and language.isalpha() and language.islower()):
            raise self._source.refuse(
                (*place, "language"), f"{language!r} is not a language such as fr or en"
            )
