"""The tables of service alerts."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, String, Table, Text, true

from gateway.storage.columns import Document, Instant
from gateway.storage.schema import Id, metadata

service_alerts = Table(
    "service_alerts",
    metadata,
    Column("number", Id, primary_key=True, autoincrement=True),
    Column("state", String(10), nullable=False),
    Column("titles", Document, nullable=False),
    Column("words", Document, nullable=False),
    # None of either: everybody's.
    Column("offers", Document, nullable=False),
    Column("organisations", Document, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("opened_by", Text, nullable=False),
    Column("resolved_at", Instant),
    # Id of what was said of it last.
    Column("newest", Id, nullable=False),
    # Whether its tickets have to be looked through for some that it has not come to.
    Column("untold", Boolean, nullable=False),
)
Index(
    "ix_service_alerts_untold",
    service_alerts.c.number,
    sqlite_where=service_alerts.c.untold.is_(true()),
    postgresql_where=service_alerts.c.untold.is_(true()),
)
Index("ix_service_alerts_state", service_alerts.c.state)

# Append-only, by triggers.
service_alert_updates = Table(
    "service_alert_updates",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("alert", Id, ForeignKey("service_alerts.number"), nullable=False),
    Column("kind", String(10), nullable=False),
    Column("at", Instant, nullable=False),
    Column("actor", Text, nullable=False),
    Column("texts", Document, nullable=False),
)
Index("ix_service_alert_updates_alert", service_alert_updates.c.alert, service_alert_updates.c.id)

alert_links = Table(
    "alert_links",
    metadata,
    Column("ticket", Id, ForeignKey("tickets.number"), primary_key=True, autoincrement=False),
    Column("alert", Id, ForeignKey("service_alerts.number"), primary_key=True, autoincrement=False),
    Column("state", String(10), nullable=False),
    # Id of the update that it has come to.
    Column("told", Id, nullable=False),
    sqlite_with_rowid=False,
)
Index("ix_alert_links_alert", alert_links.c.alert, alert_links.c.told, alert_links.c.ticket)

alert_tellings = Table(
    "alert_tellings",
    metadata,
    Column("update_id", Id, ForeignKey("service_alert_updates.id"), primary_key=True, autoincrement=False),
    Column("contact_id", Id, ForeignKey("contacts.id"), primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)
