"""The certificates that a secure connection is checked by."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from kitctl.errors import InvalidInput

if TYPE_CHECKING:
    import ssl

# The official client reads the first two, most other programs the third.
VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")


def ssl_context() -> ssl.SSLContext:
    """Return a context with the certificates that the environment names, else certifi's.

    Raises:
        InvalidInput: they cannot be read.
    """
    import ssl

    variable = next((name for name in VARIABLES if os.environ.get(name)), None)
    if variable is None:
        import certifi

        return ssl.create_default_context(cafile=certifi.where())
    path = os.environ[variable]
    try:
        if os.path.isdir(path):  # noqa: PTH112  # As the variable gives it.
            return ssl.create_default_context(capath=path)
        return ssl.create_default_context(cafile=path)
    except OSError as error:
        is_empty = isinstance(error, ssl.SSLError)
        reason = "it holds no certificates" if is_empty else error.strerror
        raise InvalidInput(
            f"The certificates in {path} cannot be read: {reason}.",
            code="certificates",
            hint=f"Fix {variable}, or unset it.",
        ) from None
