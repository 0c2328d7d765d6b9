"""Step 3: from bytes to a `Mail`. Needs no rules, no network and no database."""

from __future__ import annotations

from hashlib import sha256
from types import MappingProxyType

from gateway.domain.mail import Mail
from gateway.domain.text import clean_line
from gateway.parsing.addresses import read_author, read_mailboxes
from gateway.parsing.body import plan_body, read_body
from gateway.parsing.enclosed import read_calendar_method, read_enclosed, read_machine_parts, read_subject
from gateway.parsing.fields import Fields, odd_bytes, read_fields
from gateway.parsing.files import list_files
from gateway.parsing.idents import read_date, read_ids, read_message_id
from gateway.parsing.parts import Tree, read_tree
from gateway.parsing.protection import protections
from gateway.parsing.words import decode_words

_PARTIAL_BYTES = 64 * 1024
_PARTIAL_LINES = 500
# Header fields by which the gateway would speak to itself: whoever else sends them is not heard.
_OWN_PREFIXES = ("x-gw-", "x-gateway-")


def parse(raw: bytes) -> Mail:
    """One mail, read.

    Raises:
        UnreadableMail: beyond the limits of `gateway.parsing.limits`; the bytes are kept as they are.
    """
    tree = read_tree(raw)
    fields = tree.root.fields
    author = read_author(fields)
    fingerprint = _fingerprint(tree)
    plan = plan_body(tree.root)
    body = read_body(raw, plan)
    files = tuple(list_files(raw, plan, body)) if plan.files or body.uu_files else ()
    parts = [] if not tree.root.children else list(tree.root.walk())
    simple = not parts and tree.root.type in ("text/plain", "text/html")
    parts = parts or [tree.root]
    return Mail(
        size=len(raw),
        sha256=sha256(raw).hexdigest(),
        fingerprint=fingerprint,
        headers=MappingProxyType(_clean_headers(fields)),
        message_id=read_message_id(fields.all("message-id")),
        in_reply_to=read_ids(fields.all("in-reply-to")),
        references=read_ids(fields.all("references")),
        author=author.mailbox,
        identity=author.identity,
        conflicts=(*odd_bytes(tree.header_block), *author.conflicts),
        reply_to=read_mailboxes(fields.all("reply-to")),
        to=read_mailboxes(fields.all("to")),
        cc=read_mailboxes(fields.all("cc")),
        subject=read_subject(fields),
        date=read_date(fields.first("date")),
        text=body.text,
        has_plain_text=body.has_plain_text,
        attachments=files,
        content_type=tree.root.type,
        report_type=tree.root.parameters.get("report-type", "").lower(),
        calendar_method="" if simple else read_calendar_method(tree, parts),
        marks=body.marks,
        machine_parts=() if simple else read_machine_parts(tree, parts),
        enclosed=() if simple else read_enclosed(tree, parts),
        defects=tuple(
            dict.fromkeys((*tree.defects, *author.defects, *body.defects, *protections(parts, body.text)))
        ),
    )


def parse_partially(raw: bytes, reason: str) -> Mail:
    """What can be told of a mail that is beyond the limits: the first of its header fields, and no text.

    Its identity is never known, so it can do nothing but be shown to the desk.

    Args:
        reason: of the UnreadableMail; the first defect.
    """
    block = raw[:_PARTIAL_BYTES].replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    lines = block.split(b"\n")[:_PARTIAL_LINES]
    fields = read_fields(b"\n".join(lines))
    author = read_author(fields)
    digest = sha256(raw).hexdigest()
    return Mail(
        size=len(raw),
        sha256=digest,
        fingerprint=digest,
        headers=MappingProxyType(_clean_headers(fields)),
        message_id=read_message_id(fields.all("message-id")),
        in_reply_to=read_ids(fields.all("in-reply-to")),
        references=read_ids(fields.all("references")),
        author=author.mailbox,
        identity=None,
        conflicts=("the mail is beyond the limits within which it is read",),
        reply_to=(),
        to=read_mailboxes(fields.all("to")),
        cc=read_mailboxes(fields.all("cc")),
        subject=read_subject(fields),
        date=read_date(fields.first("date")),
        text="",
        has_plain_text=False,
        attachments=(),
        defects=(f"not read: {reason}",),
        content_type="application/octet-stream",
    )


def _clean_headers(fields: Fields) -> dict[str, tuple[str, ...]]:
    return {
        name: tuple(clean_line(decode_words(value)) for value in values)
        for name, values in fields.by_name.items()
        if not name.startswith(_OWN_PREFIXES)
    }


def _fingerprint(tree: Tree) -> str:
    """What makes two copies of one mail equal, whatever hosts they came through."""
    fields = tree.root.fields
    digest = sha256()
    for name in ("message-id", "from", "date", "subject"):
        for value in fields.all(name):
            digest.update(" ".join(value.split()).encode("utf-8", "surrogateescape") + b"\n")
        digest.update(b"\x00")
    body = tree.content[tree.root.start :].replace(b"\r\n", b"\n")
    if not tree.root.children:
        tree.root.normal = body
    digest.update(body.rstrip(b"\n"))
    return digest.hexdigest()
