"""TLS on a listener, as the configuration writes it."""

from trunkline.config import kinds
from trunkline.config.section import Section, setting


class Tls(Section):
    """TLS on a listener. The files are read again when they change."""

    cert: kinds.FilePath = setting(..., "The certificate and its chain, PEM.")
    key: kinds.FilePath = setting(..., "The certificate's private key, PEM.")
    client_ca: kinds.FilePath | None = setting(
        None, "Certificate authorities, PEM. With it, a client must show a certificate that one of them signed."
    )
    min_version: kinds.TlsVersion = setting("1.2", "The oldest version of TLS that is spoken: `1.2` or `1.3`.")
