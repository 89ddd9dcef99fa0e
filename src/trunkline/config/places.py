"""How the configuration writes places: addresses to listen on, networks, URLs, files, the store."""

import ipaddress
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote as quoted
from urllib.parse import urlsplit

from pydantic import SecretStr, ValidationInfo

from trunkline.config.problems import Hidden, quote
from trunkline.config.values import due, wrong

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_LABEL: Final = "[A-Za-z0-9_-]{1,63}"
_HOST: Final = rf"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?![^:/]{{254}})(?P<name>{_LABEL}(?:\.{_LABEL})*\.?))"
"""Names are no longer, and their parts neither, than the DNS has them (RFC 1035, 2.3.4)."""
LAST_PORT: Final = 65535
_PORT: Final = r"(?P<port>[0-9]{1,5})"


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen. Port 0 lets the system choose."""

    host: str
    port: int

    @property
    def loopback(self) -> bool:
        """Whether only this machine can connect."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class SqliteStore:
    """A store in one file."""

    path: Path

    def __str__(self) -> str:
        return f"sqlite://{self.path}"

    @property
    def url(self) -> str:
        """What opens it."""
        return f"sqlite://{quoted(str(self.path.resolve()))}"


@dataclass(frozen=True, slots=True)
class PostgresStore:
    """A store in a PostgreSQL database."""

    secret: SecretStr
    """The URL, which may hold a password."""

    def __str__(self) -> str:
        return re.sub(r"//[^/@]*@|[?].*", lambda found: "//***@" if found[0][0] == "/" else "", self.url)

    @property
    def url(self) -> str:
        """What opens it."""
        return self.secret.get_secret_value()


def address(value: object) -> Address:
    """`127.0.0.1:4000`, `localhost:4000` or `[::1]:4000`."""
    found = _match(f"{_HOST}:{_PORT}", value)
    if found is None:
        raise due("an address such as 127.0.0.1:4000 or [::1]:4000", value)
    return Address(found["v6"] or found["name"], int(found["port"]))


def network(value: object) -> Network:
    """`10.0.0.0/8`, `fd00::/8`, or one address."""
    try:
        found = ipaddress.ip_network(value, strict=False) if isinstance(value, str) else None
    except ValueError:
        found = None
    if found is None:
        raise due("a network such as 10.0.0.0/8", value)
    if ipaddress.ip_address(str(value).partition("/")[0]) != found.network_address:
        hint = "" if isinstance(value, Hidden) else f"did you mean {quote(str(found))}?"
        raise wrong("this names one address inside of a network, not a network", hint)
    return found


def web_url(value: object) -> str:
    """`https://host:port/path`, given back without a slash at its end."""
    found = _match(rf"(?i:https?)://{_HOST}(?::{_PORT})?(?:/[^\s?#@]*)?", value)
    if found is None:
        raise due("a URL such as https://api.example.com/v1 (no user, query or fragment)", _unless_secret(value))
    return found[0].rstrip("/")


def proxy_url(value: object) -> SecretStr:
    """`http://user:password@host:port` of the proxy that is asked to CONNECT; user and password are optional."""
    found = _match(rf"(?i:http)://(?:[^\s/?#@]+@)?{_HOST}:{_PORT}/?", value)
    if found is None:
        raise due("a proxy such as http://proxy.example.com:3128", _unless_secret(value))
    return SecretStr(found[0].rstrip("/"))


def file_path(value: object, info: ValidationInfo) -> Path:
    """A file or folder; `~` is the user's home, and what is relative starts at the folder of the configuration."""
    if not isinstance(value, str) or not value or "\0" in value:
        raise due("a path", value)
    try:
        path = Path(value).expanduser()
    except RuntimeError:
        raise wrong("this path begins with `~` and a user that does not exist") from None
    folder: Path = (info.context or {}).get("folder", Path())
    return folder / path


def store(value: object) -> SqliteStore | PostgresStore:
    """`sqlite://` and an absolute path, or `postgresql://user:password@host:port/database`."""
    pattern = r"postgres(?:ql)?://[^\s/]*/[^\s/?#]+(?:\?[^\s#]*)?"
    if isinstance(value, str) and re.fullmatch(pattern, value) and _has_good_port(value):
        return PostgresStore(SecretStr(value))
    path = value.removeprefix("sqlite://") if isinstance(value, str) else ""
    if path == value or not path.startswith("/") or re.search(r"[?#\0]", path):
        expected = (
            "a store such as sqlite:///var/lib/trunkline/trunkline.db or postgresql://user:password@host/database"
        )
        raise due(expected, _unless_secret(value))
    return SqliteStore(Path("/" + path.lstrip("/")))


def _has_good_port(url: str) -> bool:
    try:
        return urlsplit(url).port != 0
    except ValueError:
        return False


def _match(pattern: str, value: object) -> re.Match[str] | None:
    """`value` matched whole by a pattern with `_HOST` and `_PORT`, if these are in range as well."""
    found = re.fullmatch(pattern, value) if isinstance(value, str) else None
    if found is None or int(found["port"] or 0) > LAST_PORT:
        return None
    try:
        if found["v6"]:
            ipaddress.IPv6Address(found["v6"])
        elif re.fullmatch(r"[0-9.]+", found["name"]):
            ipaddress.IPv4Address(found["name"])
    except ValueError:
        return None
    return found


def _unless_secret(value: object) -> object:
    """`value`, not to be quoted where a password or a key may stand in it."""
    return Hidden(value) if isinstance(value, str) and re.search("[@?]", value) else value
