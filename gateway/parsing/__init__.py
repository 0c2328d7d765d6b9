"""From bytes to text: header fields, MIME parts, charsets, HTML. Knows nothing of kinds or zones."""
