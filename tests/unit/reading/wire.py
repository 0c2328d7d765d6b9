"""Mails as they come over the wire, from as little as a test needs to say."""

from __future__ import annotations

HEADER = {
    "From": "Chloe Petit <chloe@acme.test>",
    "To": "support@desk.test",
    "Subject": "Page blanche",
    "Date": "Tue, 3 Mar 2026 11:02:00 +0100",
    "Message-ID": "<m1@acme.test>",
    "MIME-Version": "1.0",
}


def wire(
    body: str | bytes = "Bonjour.\n", /, content_type: str = "text/plain; charset=utf-8", **fields: str | None
) -> bytes:
    """A message with CRLF line ends; `fields` replace or add header fields, `_` for `-`, None takes one out."""
    header = dict(HEADER) | {"Content-Type": content_type}
    for name, value in fields.items():
        known = next(
            (one for one in header if one.lower() == name.replace("_", "-").lower()), name.replace("_", "-")
        )
        header.pop(known, None)
        if value is not None:
            header[known] = value
    block = "".join(f"{name}: {value}\r\n" for name, value in header.items())
    content = body.replace("\r\n", "\n").replace("\n", "\r\n").encode() if isinstance(body, str) else body
    return block.encode("utf-8", "surrogateescape") + b"\r\n" + content


def multipart(*parts: str, boundary: str = "b") -> str:
    """Parts, each with its own header, between delimiters."""
    return "".join(f"--{boundary}\n{part}\n" for part in parts) + f"--{boundary}--\n"
