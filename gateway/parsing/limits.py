"""Within which bounds a mail is read; beyond them its bytes are kept and nobody guesses."""

from __future__ import annotations

HEADER_BLOCK_BYTES = 256 * 1024
HEADER_FIELDS = 2000
PARTS = 1000
DEPTH = 50
BOUNDARY_BYTES = 512
"""RFC 2046 section 5.1.1 allows 70; longer ones are seen, but each is searched for in the whole part."""
PARAMETERS = 100
TEXT_CHARS = 1024 * 1024
"""Of a body as text; the rest of a longer one can be read in the original only."""
TEXT_BYTES = 4 * 1024 * 1024
"""Of a text part, after its transfer encoding."""
HTML_BYTES = 8 * 1024 * 1024
HTML_TOKENS = 500_000
"""Tags and runs of characters; a mail with a photograph in its text is long and has few."""
ENCLOSED = 3
"""Mails within a mail that are looked into."""
IDS = 200
"""Of References, the last ones: the newest stand at the end (RFC 5322 section 3.6.4)."""
MAILBOXES = 1000
"""Of one address field."""
