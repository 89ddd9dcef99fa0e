"""What is wrong with the files of TLS that a configuration names."""

import stat
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Literal

import msgspec

from trunkline.certificates.uses import Use
from trunkline.config.problems import Path as Place
from trunkline.transport.tls import Pair, Renewable, Unusable

SOON: Final = timedelta(days=14)

Kind = Literal["unusable", "expired", "expires_soon", "open"]
"""`open`: others than its owner and group may read or change the key."""


class Flaw(msgspec.Struct, frozen=True):
    """One thing that is wrong."""

    kind: Kind
    place: Place
    """The setting."""
    text: str


class Validity(msgspec.Struct, frozen=True):
    """From when to when a certificate is good."""

    begins: datetime
    ends: datetime


def validity(chain: Path) -> Validity:
    """Of the first certificate in a PEM file, which is the one that is shown. Raises `OSError`, `ValueError`."""
    from cryptography import x509  # slow to import, and most do without

    [certificate, *_] = x509.load_pem_x509_certificates(chain.read_bytes())
    return Validity(certificate.not_valid_before_utc, certificate.not_valid_after_utc)


def flaws(use: Use, now: datetime) -> Iterator[Flaw]:
    """All that is wrong at one place; nothing more where its files cannot be used at all."""
    try:
        Renewable(use.files, _unheard if use.serves else None)
    except Unusable as error:
        yield Flaw("unusable", use.place_of(error.path), str(error))
        return
    if use.files.pair is not None:
        yield from _of_pair(use, use.files.pair, now)


def _of_pair(use: Use, pair: Pair, now: datetime) -> Iterator[Flaw]:
    place = use.place_of(pair.cert)
    try:
        good = validity(pair.cert)
    except (OSError, ValueError) as error:
        yield Flaw("unusable", place, f"{pair.cert} cannot be read: {error}")
        return
    if now < good.begins:
        yield Flaw("expired", place, f"{pair.cert} is not valid before {good.begins:%Y-%m-%d %H:%M} UTC")
    elif now >= good.ends:
        yield Flaw("expired", place, f"{pair.cert} expired on {good.ends:%Y-%m-%d %H:%M} UTC")
    elif good.ends - now < SOON:
        left = (good.ends - now) / timedelta(days=1)
        yield Flaw("expires_soon", place, f"{pair.cert} expires on {good.ends:%Y-%m-%d}, in {left:.0f} days")
    mode = pair.key.stat().st_mode
    if mode & stat.S_IRWXO:
        text = f"every user of this machine may open {pair.key} (mode {stat.S_IMODE(mode):04o}); `chmod o=` mends it"
        yield Flaw("open", use.place_of(pair.key), text)


def _unheard(*_: object) -> None:
    """Nobody connects."""
