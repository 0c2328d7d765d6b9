"""The tables. Rows are the truth: state, leases, attempts and due instants are columns here.

Ids are handed out by `sequences.allocate`, so that a batch of rows can be written in one statement.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    false,
    text,
)

from gateway.storage.columns import Document, Instant

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

# SQLite makes an alias of its rowid of INTEGER alone.
Id = BigInteger().with_variant(Integer, "sqlite")

# --- the ledger of every mail received -------------------------------------------------------

inbound = Table(
    "inbound",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("received_at", Instant, nullable=False),
    Column("channel", String(8), nullable=False),
    Column("reverse_path", Text, nullable=False),
    Column("recipients", Document, nullable=False),
    Column("peer", Text, nullable=False),
    Column("helo", Text, nullable=False),
    Column("tls", Boolean, nullable=False),
    Column("size", Integer, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("historic", Boolean, nullable=False, server_default=false()),
    # What became of it.
    Column("outcome", String(16), nullable=False, server_default="pending"),
    Column("reason", Text, nullable=False, server_default=""),
    Column("evidence", String(2), nullable=False, server_default=""),
    Column("ticket", Id),
    Column("message_id", Text, nullable=False, server_default=""),
    Column("author", Text, nullable=False, server_default=""),
    Column("subject", Text, nullable=False, server_default=""),
    Column("explanation", Document),
    Column("settled_at", Instant),
    # Whose turn it is.
    Column("due_at", Instant, nullable=False),
    Column("lease_until", Instant),
    Column("leased_by", Text, nullable=False, server_default=""),
    Column("fence", Integer, nullable=False, server_default="0"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("last_error", Text, nullable=False, server_default=""),
    # What an operator has decided on a held mail: release.
    Column("instruction", String(16), nullable=False, server_default=""),
)
Index(
    "ix_inbound_due",
    inbound.c.due_at,
    inbound.c.id,
    sqlite_where=text("outcome = 'pending'"),
    postgresql_where=text("outcome = 'pending'"),
)
Index("ix_inbound_outcome_id", inbound.c.outcome, inbound.c.id)

inbound_raw = Table(
    "inbound_raw",
    metadata,
    Column("inbound_id", Id, ForeignKey("inbound.id"), primary_key=True, autoincrement=False),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("data", LargeBinary, nullable=False),
)

# Which mail came first with this content: the one place where a duplicate is decided.
fingerprints = Table(
    "fingerprints",
    metadata,
    Column("fingerprint", String(64), primary_key=True),
    Column("inbound_id", Id, ForeignKey("inbound.id"), nullable=False),
    sqlite_with_rowid=False,
)

# --- the desk --------------------------------------------------------------------------------

token_keys = Table(
    "token_keys",
    metadata,
    Column("kid", Integer, primary_key=True, autoincrement=False),
    Column("secret", LargeBinary, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("retired_at", Instant),
)

desks = Table(
    "desks",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("domain", Text, nullable=False),
    Column("phone", Text, nullable=False),
    Column("loaded_at", Instant, nullable=False),
    Column("version", Integer, nullable=False),
)

teams = Table(
    "teams",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("name", Text, nullable=False, unique=True),
    Column("address", Text, nullable=False),
    Column("lead", Text, nullable=False),
    Column("active", Boolean, nullable=False),
)

desk_addresses = Table(
    "desk_addresses",
    metadata,
    Column("address_key", Text, primary_key=True),
    Column("address", Text, nullable=False),
    Column("position", Integer, nullable=False),
    Column("team", Text, nullable=False),
    Column("offer", Text, nullable=False),
)

organisations = Table(
    "organisations",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("name", Text, nullable=False, unique=True),
    Column("offer", Text, nullable=False),
    Column("coverage", Text, nullable=False),
    Column("calendar", Text, nullable=False),
    Column("flex_balance_minutes", Integer, nullable=False),
    Column("account_managers", Document, nullable=False),
    Column("active", Boolean, nullable=False),
)

organisation_domains = Table(
    "organisation_domains",
    metadata,
    Column("domain", Text, primary_key=True),
    Column("organisation_id", Id, ForeignKey("organisations.id"), nullable=False),
)

contacts = Table(
    "contacts",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("address_key", Text, nullable=False, unique=True),
    Column("address", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("language", String(8), nullable=False),
    Column("organisation_id", Id, ForeignKey("organisations.id")),
    Column("roles", Document, nullable=False),
    Column("team", Text, nullable=False),
    Column("offers", Document, nullable=False),
    # Listed in the desk file: what a mail says never changes such a row.
    Column("listed", Boolean, nullable=False),
    Column("bounced_at", Instant),
    Column("bounce_reason", Text, nullable=False, server_default=""),
    # Of a mail in their name that nothing proved.
    Column("told_at", Instant),
    Column("created_at", Instant, nullable=False),
)

# --- tickets ---------------------------------------------------------------------------------

tickets = Table(
    "tickets",
    metadata,
    Column("number", Id, primary_key=True, autoincrement=True),
    Column("subject", Text, nullable=False),
    Column("state", String(24), nullable=False),
    Column("resolution", String(40), nullable=False),
    Column("priority", String(10), nullable=False),
    Column("priority_rank", Integer, nullable=False),
    Column("claimed_priority", String(10), nullable=False),
    Column("type", String(24), nullable=False),
    Column("language", String(8), nullable=False),
    Column("organisation_id", Id, ForeignKey("organisations.id")),
    # None where the mail could not be read.
    Column("requester_id", Id, ForeignKey("contacts.id")),
    Column("desk_address", Text, nullable=False),
    Column("team", Text, nullable=False),
    Column("assignee_id", Id, ForeignKey("contacts.id")),
    Column("root_message_id", Text, nullable=False),
    Column("last_message_id", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("closed_at", Instant),
    Column("nudges", Integer, nullable=False, server_default="0"),
    Column("nudged_at", Instant),
    Column("escalation", String(10), nullable=False, server_default=""),
    Column("promised_since", Instant),
    # Both clocks, and what is known of waiting for the customer; see `storage.clocks`.
    Column("clocks", Document, nullable=False),
    Column("waiting", Document),
    # Mails that wait for the desk's decision.
    Column("held", Document),
    # What its contract was charged for it, once.
    Column("flex_minutes", Integer, nullable=False, server_default="0"),
)
Index("ix_tickets_queue", tickets.c.state, tickets.c.priority_rank, tickets.c.number)
Index("ix_tickets_requester_id_created_at", tickets.c.requester_id, tickets.c.created_at)
Index("ix_tickets_organisation_id", tickets.c.organisation_id)
Index(
    "ix_tickets_flex",
    tickets.c.organisation_id,
    tickets.c.flex_minutes,
    sqlite_where=tickets.c.flex_minutes > 0,
    postgresql_where=tickets.c.flex_minutes > 0,
)

participants = Table(
    "participants",
    metadata,
    Column("ticket", Id, ForeignKey("tickets.number"), primary_key=True, autoincrement=False),
    Column("contact_id", Id, ForeignKey("contacts.id"), primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)

comments = Table(
    "comments",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("ticket", Id, ForeignKey("tickets.number"), nullable=False),
    Column("at", Instant, nullable=False),
    Column("author_id", Id, ForeignKey("contacts.id")),
    Column("author", Text, nullable=False),
    Column("visibility", String(8), nullable=False),
    Column("text", Text, nullable=False),
    Column("source", String(8), nullable=False),
    Column("evidence", String(2), nullable=False),
    Column("verified", Boolean, nullable=False),
    Column("inbound_id", Id, ForeignKey("inbound.id")),
    Column("attachments", Document, nullable=False),
    # What was read in it without any effect.
    Column("suggested", Document),
)
Index("ix_comments_ticket", comments.c.ticket, comments.c.id)

# Append-only, by triggers (migration 0003): who, when, what, from, to, why, and on what evidence. A ticket's
# priority is what the newest entry about it says, by a trigger too.
timeline = Table(
    "timeline",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("ticket", Id, ForeignKey("tickets.number"), nullable=False),
    Column("at", Instant, nullable=False),
    Column("actor", Text, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("from_value", Text, nullable=False),
    Column("to_value", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("evidence", String(2), nullable=False),
    # The mail that brought it about, the entry that it takes back, and what it can be taken back to.
    Column("inbound_id", Id),
    Column("undoes", Id),
    Column("before", Document),
)
Index("ix_timeline_ticket", timeline.c.ticket, timeline.c.id)

links = Table(
    "links",
    metadata,
    Column("ticket", Id, ForeignKey("tickets.number"), primary_key=True, autoincrement=False),
    Column("kind", String(16), primary_key=True),
    Column("other", Id, ForeignKey("tickets.number"), primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)

# Ids of mails received on a ticket; those that we send carry their ticket and a signature.
# The key covers the look-up: ten ids are ten probes of one index.
message_ids = Table(
    "message_ids",
    metadata,
    Column("message_id", Text, primary_key=True),
    Column("ticket", Id, ForeignKey("tickets.number"), primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)

# Requests for escalation, and what became of them; at most one of a ticket is open.
escalations = Table(
    "escalations",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("ticket", Id, ForeignKey("tickets.number"), nullable=False),
    Column("state", String(10), nullable=False),
    Column("requested_at", Instant, nullable=False),
    Column("requested_by_id", Id, ForeignKey("contacts.id")),
    Column("reason", Text, nullable=False),
    Column("evidence", String(2), nullable=False),
    Column("asked", Integer, nullable=False),
    Column("grounds", Document, nullable=False),
    Column("refusals", Document, nullable=False),
    Column("missing", Document, nullable=False),
    Column("level", Integer, nullable=False),
    Column("decided_at", Instant),
    Column("decided_by_id", Id, ForeignKey("contacts.id")),
    Column("decision_reason", Text, nullable=False),
    Column("estimate", Text, nullable=False),
)
Index("ix_escalations_ticket", escalations.c.ticket, escalations.c.id)
Index(
    "uq_escalations_open",
    escalations.c.ticket,
    unique=True,
    sqlite_where=text("state = 'requested'"),
    postgresql_where=text("state = 'requested'"),
)

# What falls due on a ticket, each for ever named by its key, and carried out once.
timers = Table(
    "timers",
    metadata,
    Column("ticket", Id, ForeignKey("tickets.number"), primary_key=True, autoincrement=False),
    Column("kind", String(20), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("since", Instant, primary_key=True),
    Column("due_at", Instant, nullable=False),
    Column("done_at", Instant),
    sqlite_with_rowid=False,
)
Index(
    "ix_timers_due",
    timers.c.due_at,
    sqlite_where=text("done_at IS NULL"),
    postgresql_where=text("done_at IS NULL"),
)

# --- the way out -----------------------------------------------------------------------------

outbox = Table(
    "outbox",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("created_at", Instant, nullable=False),
    Column("ticket", Id, ForeignKey("tickets.number"), nullable=False),
    Column("contact_id", Id, ForeignKey("contacts.id")),
    Column("template", String(40), nullable=False),
    Column("language", String(8), nullable=False),
    Column("reverse_path", Text, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("message_id", Text, nullable=False),
    # What its template is rendered with, whenever it is sent.
    Column("written", Document, nullable=False),
    # What became of it.
    Column("state", String(10), nullable=False),
    Column("reply", Text, nullable=False, server_default=""),
    Column("sent_at", Instant),
    Column("returned_at", Instant),
    Column("returned_reason", Text, nullable=False, server_default=""),
    # Whose turn it is.
    Column("due_at", Instant, nullable=False),
    Column("lease_until", Instant),
    Column("leased_by", Text, nullable=False, server_default=""),
    Column("fence", Integer, nullable=False, server_default="0"),
    Column("attempts", Integer, nullable=False, server_default="0"),
)
Index(
    "ix_outbox_due",
    outbox.c.due_at,
    outbox.c.id,
    sqlite_where=text("state = 'pending'"),
    postgresql_where=text("state = 'pending'"),
)
Index("ix_outbox_ticket", outbox.c.ticket, outbox.c.id)
