"""E-mail addresses and IP addresses."""

import ipaddress
import re
from collections.abc import Iterator
from typing import Final

from trunkline.guard.values import Hit

_DOMAIN: Final = re.compile(
    r"@((?:[A-Za-z0-9\u00c0-\u024f](?:[A-Za-z0-9\u00c0-\u024f-]{0,61}[A-Za-z0-9\u00c0-\u024f])?\.){1,8}"
    r"(?:xn--[A-Za-z0-9-]{2,59}|[A-Za-z]{2,24}))(?![A-Za-z0-9])"
)
_LOCAL: Final = re.compile(r"[A-Za-z0-9\u00c0-\u024f!#$%&'*+/=?^_`{|}~.-]{1,64}\Z")
_MARKS: Final = "'`*_.=/&?{}|!#$%^~-"
_FILES: Final = frozenset(
    {"png", "jpg", "jpeg", "gif", "svg", "webp", "css", "js", "ts", "py", "json", "html", "md", "txt"}
)
"""What stands at the end of `logo@2x.png` is no domain."""


class Email:
    """Addresses such as RFC 5322 has, without quoted local parts and comments."""

    gates = (r"@[0-9A-Za-z\x{c0}-\x{24f}]",)
    reach = 0

    def find(self, text: str, start: int) -> Iterator[Hit]:
        """The addresses from `start` on."""
        for found in _DOMAIN.finditer(text, start):
            at = found.start()
            local = _LOCAL.search(text, max(start, at - 64), at)
            if local is None or found[1].rpartition(".")[2].lower() in _FILES:
                continue
            begun = at - len(local[0].lstrip(_MARKS))  # quotes, emphasis and names of parameters are not of it
            begun = max(begun, text.rfind("=", start, at) + 1)
            if begun < at and text[at - 1] != "." and text[max(0, begun - 3) : begun] != "://":
                yield Hit(begun, found.end(), "email")


_OCTET: Final = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_V4: Final = re.compile(rf"(?<![A-Za-z0-9_.+-])(?:{_OCTET}\.){{3}}{_OCTET}(?![A-Za-z0-9_]|\.[0-9]|-[0-9])")
_V6: Final = re.compile(
    r"(?<![A-Za-z0-9_:.])(?=[0-9A-Fa-f]{0,4}:)[0-9A-Fa-f:]{3,39}(?:\.[0-9.]{1,12})?(?![A-Za-z0-9_:])"
)
_VERSION: Final = re.compile(
    r"(?i)(?:(?:\bv|version|release|build|\bver\.?|firmware|upgrade[sd]?(?: to)?|section|chapter)[ :=v]{0,3}"
    r"|\b(?-i:[A-Z])[a-z]{1,14}/)\Z"
)
_HAS_DIGIT: Final = re.compile("[0-9]")
_NOBODYS: Final = re.compile(r"(?:0|127|255|22[4-9]|23[0-9])\.")


class Ip:
    """IPv4 and IPv6 addresses of hosts; not loopback, broadcast or multicast ones, and no versions."""

    gates = (
        r"[0-9]\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]",
        r"[0-9A-Fa-f]{1,4}:[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:]",
        r"::[0-9A-Fa-f]",
    )
    reach = 0

    def find(self, text: str, start: int) -> Iterator[Hit]:
        """The addresses from `start` on."""
        for found in _V4.finditer(text, start):
            numbered = _VERSION.search(text, max(0, found.start() - 16), found.start())
            if _NOBODYS.match(found[0]) is None and numbered is None:
                yield Hit(found.start(), found.end(), "ip")
        for found in _V6.finditer(text, start):
            written = found[0].rstrip(":.")
            if written.count(":") >= 2 and _is_host(written):
                yield Hit(found.start(), found.start() + len(written), "ip")


def _is_host(written: str) -> bool:
    try:
        address = ipaddress.IPv6Address(written)
    except ValueError:
        return False
    if _HAS_DIGIT.search(written) is None:  # `a::b` is code
        return False
    return not (address.is_loopback or address.is_unspecified or address.is_multicast)
