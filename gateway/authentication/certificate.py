"""From when until when a certificate is good."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from cryptography import x509

from gateway.errors import ConfigurationError


def validity(certificate: str) -> tuple[datetime, datetime]:
    """When the certificate begins to be good, and when it or one of its chain ends (aware).

    Raises:
        ConfigurationError: the file cannot be read.
    """
    try:
        chain = x509.load_pem_x509_certificates(Path(certificate).read_bytes())
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"no certificate can be read: {error}", file=certificate) from error
    return chain[0].not_valid_before_utc, min(each.not_valid_after_utc for each in chain)
