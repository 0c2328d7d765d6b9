"""The certificate that the listeners show, with its key."""

from __future__ import annotations

import ssl

from gateway.errors import ConfigurationError


def server_context(certificate: str, key: str) -> ssl.SSLContext:
    """TLS for those who connect to us, 1.2 or later.

    Raises:
        ConfigurationError: the files cannot be read, or do not belong together.
    """
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate, key or None)
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError(f"certificate and key cannot be used: {error}", file=certificate) from error
    return context
