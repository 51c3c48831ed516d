"""Which certificates of servers are trusted."""

import ssl

from hookline.errors import ConfigError


def trusting(ca_bundle: str | None) -> ssl.SSLContext:
    """Return a context that trusts what this machine does, and the certificates of a file where one is named.

    Raises:
        ConfigError: the file cannot be read, or holds no certificates.
    """
    context = ssl.create_default_context()
    if ca_bundle:
        try:
            context.load_verify_locations(ca_bundle)
        except OSError as error:
            reason = error.strerror or "it holds no certificates"
            raise ConfigError(f"The file of certificates {ca_bundle!r} cannot be read: {reason}.") from None
    return context
