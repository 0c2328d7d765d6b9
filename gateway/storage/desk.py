"""The desk's people, organisations and addresses, and the keys that sign its addresses."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from gateway.domain.desk import Contact, Desk, DeskAddress, DeskFile, Organisation, Team
from gateway.errors import NotFound
from gateway.storage.articles import stems_of_headings
from gateway.storage.database import Database
from gateway.storage.desk_version import renew_desk
from gateway.storage.rows import CONTACT_COLUMNS, AnyRow, contact_of, contact_row
from gateway.storage.schema import (
    contacts,
    desk_addresses,
    desks,
    organisation_domains,
    organisations,
    teams,
    token_keys,
)
from gateway.storage.service_alerts import read_open

_KEY_BYTES = 32
_MAX_KID = 255

# As text: a document would be compared with the document "[]", which no row holds.
_IS_CUSTOMER = sa.type_coerce(contacts.c.roles, sa.Text) == "[]"


class DeskStore:
    """The tables of the desk file, and `token_keys`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # --- the desk file -----------------------------------------------------------------------

    def load(self, desk: DeskFile, *, now: datetime) -> bool:
        """Make the database say what the desk file says; whether anything changed.

        Whoever is not in the file any more keeps their row, because tickets refer to it, and loses
        roles and team.
        """
        with self._database.write() as connection:
            before = _fingerprint(connection)
            load = _Load(connection, desk, now)
            load.run()
            changed = _fingerprint(connection) != before
            row = {"id": 1, "domain": desk.domain, "phone": desk.phone, "loaded_at": now}
            if connection.execute(sa.select(desks.c.id)).first() is None:
                connection.execute(sa.insert(desks), row | {"version": 1})
                return True
            settled = connection.execute(sa.select(desks.c.domain, desks.c.phone)).one()
            changed = changed or settled != (desk.domain, desk.phone)
            if changed:
                connection.execute(sa.update(desks).values(row | {"version": desks.c.version + 1}))
            return changed

    def version(self) -> int:
        """Grows with every change of the desk or of its keys; 0 before the first desk file."""
        with self._database.read() as connection:
            return connection.execute(sa.select(desks.c.version)).scalar() or 0

    def desk(self) -> Desk:
        """The desk as it is now.

        Raises:
            NotFound: no desk file has been loaded yet.
        """
        with self._database.read() as connection:
            head = connection.execute(sa.select(desks)).first()
            if head is None:
                raise NotFound("no desk has been loaded; run `gateway desk load FILE`")
            domains: dict[str, int] = {
                row.domain: row.organisation_id for row in connection.execute(sa.select(organisation_domains))
            }
            by_organisation: dict[int, list[str]] = {}
            for domain, number in domains.items():
                by_organisation.setdefault(number, []).append(domain)
            staff = connection.execute(
                sa.select(*CONTACT_COLUMNS).where(~_IS_CUSTOMER).order_by(contacts.c.id)
            )
            return Desk(
                version=head.version,
                domain=head.domain,
                phone=head.phone,
                addresses={
                    row.address_key: DeskAddress(row.address_key, row.address, row.team, row.offer)
                    for row in connection.execute(
                        sa.select(desk_addresses).order_by(desk_addresses.c.position)
                    )
                },
                teams={
                    row.name: Team(row.name, row.address, row.lead)
                    for row in connection.execute(sa.select(teams).where(teams.c.active))
                },
                staff={row.address_key: contact_of(row) for row in staff},
                organisations={
                    row.id: _organisation(row, by_organisation.get(row.id, ()))
                    for row in connection.execute(sa.select(organisations))
                },
                by_domain=domains,
                alerts=read_open(connection),
                articles=stems_of_headings(connection),
            )

    # --- keys --------------------------------------------------------------------------------

    def keys(self, *, now: datetime) -> tuple[dict[int, bytes], int]:
        """The secrets that are accepted, by key id, and the id of the one that signs.

        The first call makes the first key.
        """
        with self._database.read() as connection:
            found = _keys(connection)
        if not found:
            self.rotate_keys(now=now, only_if_none=True)
            with self._database.read() as connection:
                found = _keys(connection)
        # The newest signs; dicts keep the order of the query.
        return found, next(reversed(found))

    def rotate_keys(self, *, now: datetime, only_if_none: bool = False) -> int:
        """Make a new key, which signs from now on; returns its id. Older ones are still accepted."""
        with self._database.write() as connection:
            last = connection.execute(sa.select(sa.func.max(token_keys.c.kid))).scalar()
            if only_if_none and last is not None:
                return int(last)
            kid = 0 if last is None else int(last) + 1
            if kid > _MAX_KID:
                raise NotFound("all key ids have been used")
            connection.execute(
                sa.insert(token_keys),
                {"kid": kid, "secret": secrets.token_bytes(_KEY_BYTES), "created_at": now},
            )
            renew_desk(connection)
            return kid

    def retire_key(self, kid: int, *, now: datetime) -> None:
        """Accept no token of that key any more."""
        with self._database.write() as connection:
            if len(_keys(connection)) == 1:
                raise NotFound("the only key cannot be retired; rotate first")
            changed = connection.execute(
                sa.update(token_keys)
                .where(token_keys.c.kid == kid, token_keys.c.retired_at.is_(None))
                .values(retired_at=now)
            )
            if changed.rowcount != 1:
                raise NotFound(f"there is no key {kid} in use")
            renew_desk(connection)

    def key_dates(self) -> list[tuple[int, datetime, datetime | None]]:
        """Every key's id, when it was made and when it was retired."""
        with self._database.read() as connection:
            rows = connection.execute(
                sa.select(token_keys.c.kid, token_keys.c.created_at, token_keys.c.retired_at).order_by(
                    token_keys.c.kid
                )
            )
            return [(row.kid, row.created_at, row.retired_at) for row in rows]

    # --- people ------------------------------------------------------------------------------

    def contact_at(self, key: str) -> Contact | None:
        """The contact with that address, by its comparison form."""
        with self._database.read() as connection:
            row = connection.execute(sa.select(*CONTACT_COLUMNS).where(contacts.c.address_key == key)).first()
        return None if row is None else contact_of(row)


class _Load:
    """One loading of a desk file."""

    def __init__(self, connection: sa.Connection, desk: DeskFile, now: datetime) -> None:
        self._connection = connection
        self._desk = desk
        self._now = now
        self._insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert

    def run(self) -> None:
        execute = self._connection.execute
        execute(sa.update(teams).values(active=False))
        for team in self._desk.teams:
            row = {"name": team.name, "address": team.address, "lead": team.lead, "active": True}
            self._upsert(teams, teams.c.name, row)
        execute(sa.delete(desk_addresses))
        execute(
            sa.insert(desk_addresses),
            [
                {"address_key": a.key, "address": a.address, "position": n, "team": a.team, "offer": a.offer}
                for n, a in enumerate(self._desk.addresses)
            ],
        )
        by_name = self._organisations()
        execute(
            sa.update(contacts).where(contacts.c.listed).values(listed=False, roles=[], team="", offers=[])
        )
        for person in self._desk.people:
            self._contact(person, None)
        for organisation, person in self._desk.contacts:
            self._contact(person, by_name[organisation])
        self._adopt(by_name)

    def _organisations(self) -> dict[str, int]:
        by_name: dict[str, int] = {}
        self._connection.execute(sa.update(organisations).values(active=False))
        self._connection.execute(sa.delete(organisation_domains))
        for each in self._desk.organisations:
            row = {
                "name": each.name,
                "offer": each.offer,
                "coverage": each.coverage,
                "calendar": each.calendar,
                "flex_balance_minutes": each.flex_balance_minutes,
                "account_managers": list(each.account_managers),
                "active": True,
            }
            by_name[each.name] = self._upsert(organisations, organisations.c.name, row, organisations.c.id)
            for domain in each.domains:
                self._connection.execute(
                    sa.insert(organisation_domains), {"domain": domain, "organisation_id": by_name[each.name]}
                )
        return by_name

    def _contact(self, person: Contact, organisation: int | None) -> None:
        row = contact_row(person) | {"organisation_id": organisation, "created_at": self._now}
        kept = {"address_key", "created_at"}
        self._upsert(contacts, contacts.c.address_key, row, contacts.c.id, kept=kept)

    def _adopt(self, by_name: dict[str, int]) -> None:
        """Contacts who wrote before their organisation was known belong to it from now on."""
        for each in self._desk.organisations:
            for domain in each.domains:
                self._connection.execute(
                    sa.update(contacts)
                    .where(
                        contacts.c.organisation_id.is_(None),
                        contacts.c.address_key.endswith(f"@{domain}", autoescape=True),
                        _IS_CUSTOMER,
                    )
                    .values(organisation_id=by_name[each.name])
                )

    def _upsert(
        self,
        table: sa.Table,
        key: sa.Column[Any],
        row: dict[str, Any],
        wanted: sa.Column[Any] | None = None,
        *,
        kept: Iterable[str] = (),
    ) -> int:
        changed = {name: value for name, value in row.items() if name != key.name and name not in kept}
        statement = (
            self._insert(table)
            .values(row)
            .on_conflict_do_update(index_elements=[key], set_=changed)
            .returning(wanted if wanted is not None else key)
        )
        found = self._connection.execute(statement).scalar_one()
        return found if isinstance(found, int) else 0


def _organisation(row: AnyRow, domains: Iterable[str]) -> Organisation:
    return Organisation(
        id=row.id,
        name=row.name,
        domains=tuple(sorted(domains)),
        account_managers=tuple(row.account_managers),
        offer=row.offer,
        coverage=row.coverage,
        calendar=row.calendar,
        flex_balance_minutes=row.flex_balance_minutes,
    )


def _keys(connection: sa.Connection) -> dict[int, bytes]:
    rows = connection.execute(
        sa.select(token_keys.c.kid, token_keys.c.secret)
        .where(token_keys.c.retired_at.is_(None))
        .order_by(token_keys.c.kid)
    )
    return {row.kid: row.secret for row in rows}


def _fingerprint(connection: sa.Connection) -> tuple[object, ...]:
    """Everything that a desk file may change, to tell whether it did."""
    parts: list[object] = []
    for table in (teams, desk_addresses, organisations, organisation_domains):
        rows = connection.execute(sa.select(table)).all()
        parts.append(sorted(map(repr, rows)))
    listed = connection.execute(sa.select(*CONTACT_COLUMNS).where(contacts.c.listed)).all()
    parts.append(sorted(map(repr, listed)))
    return tuple(parts)
