"""The people of the desk and its customers: one table, from which the desk file is written too."""

from __future__ import annotations

from dataclasses import dataclass, field

DESK_DOMAIN = "example.test"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an address.

    Attributes:
        listed: whether the desk file names a customer.
    """

    address: str
    name: str
    language: str
    organisation: str = ""
    roles: tuple[str, ...] = ()
    team: str = ""
    offer: str = ""
    listed: bool = True


@dataclass(frozen=True, slots=True)
class Organisation:
    """A customer's company; `calendar` is what its contract comes to."""

    name: str
    domain: str
    calendar: str
    coverage: str
    managers: tuple[str, ...] = ()
    offer: str = ""


@dataclass(frozen=True, slots=True)
class Team:
    """A team; without an address its members are written to."""

    name: str
    address: str
    lead: str
    desk_address: str
    offer: str
    members: tuple[str, ...] = field(default=())


STAFF = (
    Person("lea@example.test", "Léa Martin", "fr", roles=("agent", "support_lead"), team="support"),
    Person("ana@example.test", "Ana Costa", "", roles=("agent",), team="support"),
    Person("bob@example.test", "Bob Field", "en", roles=("agent",), team="support"),
    Person("paul@example.test", "Paul Roux", "fr", roles=("agent", "support_lead"), team="assistance"),
    Person("rosa@example.test", "Rosa Blanc", "fr", roles=("agent",), team="assistance"),
    Person("omar@example.test", "Omar Diallo", "fr", roles=("offer_owner",), offer="cloud"),
    Person("olga@example.test", "Olga Berg", "en", roles=("offer_owner",), offer="erp"),
    Person("max@example.test", "Max Weber", "en", roles=("account_manager",)),
    Person("nina@example.test", "Nina Faure", "fr", roles=("account_manager",)),
)
TEAMS = (
    Team("support", "team@example.test", "lea@example.test", "support@example.test", "cloud"),
    Team(
        "assistance",
        "",
        "paul@example.test",
        "assistance@example.test",
        "erp",
        ("paul@example.test", "rosa@example.test"),
    ),
)
ORGANISATIONS = (
    Organisation("Acme", "acme.test", "24x7", "24x7", ("max@example.test",), "cloud"),
    Organisation("Bruma", "bruma.test", "FR", "business-hours", (), "erp"),
    Organisation("Celtic", "celtic.test", "GB", "calendar GB", ("nina@example.test",), "cloud"),
    Organisation("Dorn", "dorn.test", "DE", "calendar DE", ("max@example.test", "nina@example.test"), "erp"),
)
_NAMES = (("chloe", "Chloé Petit", "fr"), ("grace", "Grace Hill", "en"), ("hugo", "Hugo Leroy", "fr"))
CUSTOMERS = (
    *(
        Person(
            f"{short}@{each.domain}",
            name,
            "en" if each.name == "Celtic" else language,
            organisation=each.name,
            listed=short == "chloe",
        )
        for each in ORGANISATIONS
        for short, name, language in _NAMES
    ),
    Person("sam@alone.test", "Sam Stone", "en", listed=False),
    Person("ines@seule.test", "Inès Morel", "fr", listed=False),
)
STRANGERS = (
    Person("mallory@elsewhere.test", "Mallory", "en", listed=False),
    Person("tristan@ailleurs.test", "Tristan", "fr", listed=False),
)
EVERYBODY = {each.address: each for each in (*STAFF, *CUSTOMERS, *STRANGERS)}
DEFAULT_LANGUAGE = "en"
DEFAULT_CALENDAR = "24x7"
"""Of whoever has no contract, by the preset partner-24x7."""


def is_staff(address: str) -> bool:
    """Whether somebody is on the roster."""
    return address in EVERYBODY and bool(EVERYBODY[address].roles)


def organisation_of(address: str) -> Organisation | None:
    """The company that somebody's address belongs to."""
    domain = address.rpartition("@")[2]
    return next((each for each in ORGANISATIONS if each.domain == domain), None)


def team_named(name: str) -> Team:
    """A team by its name."""
    return next(each for each in TEAMS if each.name == name)


def desk_file() -> str:
    """The desk file that says all this."""
    lines = [f"domain: {DESK_DOMAIN}", 'phone: "+33 1 00 00 00 00"', "addresses:"]
    lines += [
        f"  - {{address: {each.desk_address}, team: {each.name}, offer: {each.offer}}}" for each in TEAMS
    ]
    lines.append("teams:")
    for team in TEAMS:
        address = f"address: {team.address}, " if team.address else ""
        lines.append(f"  - {{name: {team.name}, {address}lead: {team.lead}}}")
    lines.append("people:")
    for person in STAFF:
        words = [f"name: {person.name}", f"address: {person.address}", f"roles: [{', '.join(person.roles)}]"]
        words += [f"team: {person.team}"] if person.team else []
        words += [f"offers: [{person.offer}]"] if person.offer else []
        words += [f"language: {person.language}"] if person.language else []
        lines.append(f"  - {{{', '.join(words)}}}")
    lines.append("organisations:")
    for each in ORGANISATIONS:
        contacts = [
            f"{{name: {person.name}, address: {person.address}, language: {person.language}}}"
            for person in CUSTOMERS
            if person.organisation == each.name and person.listed
        ]
        coverage = "business-hours" if each.coverage.startswith("calendar") else each.coverage
        lines += [
            f"  - name: {each.name}",
            f"    domains: [{each.domain}]",
            f"    contacts: [{', '.join(contacts)}]",
            f"    account_managers: [{', '.join(each.managers)}]",
            f"    offer: {each.offer}",
            f"    coverage: {coverage}",
        ]
        lines += [f"    calendar: {each.calendar}"] if each.coverage.startswith("calendar") else []
    return "\n".join(lines) + "\n"
