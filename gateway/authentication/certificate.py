"""The gateway's own certificate: whether its key belongs to it, and from when until when it is good."""

from __future__ import annotations

import ssl
from datetime import datetime
from pathlib import Path

from cryptography import x509

from gateway.errors import ConfigurationError


def validity(certificate: str, key: str) -> tuple[datetime, datetime]:
    """When the certificate begins to be good, and when it or one of its chain ends (aware).

    Raises:
        ConfigurationError: the files cannot be read, or do not belong together.
    """
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)
        chain = x509.load_pem_x509_certificates(Path(certificate).read_bytes())
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"certificate and key cannot be used: {error}", file=certificate) from error
    return chain[0].not_valid_before_utc, min(each.not_valid_after_utc for each in chain)
