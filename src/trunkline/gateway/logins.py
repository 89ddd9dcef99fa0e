"""Who Trunkline is to a provider: its keys and logins, from the configuration and the environment."""

import ssl
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from trunkline.config import schema
from trunkline.gateway.credentials import ProviderKey, SigningKey
from trunkline.providers.base import Provider, Unfilled
from trunkline.providers.signing import Credentials
from trunkline.transport.deadlines import Deadlines
from trunkline.transport.pool import Origin, Pool

Tls = Callable[[], ssl.SSLContext]
"""Makes the context of a provider, once."""


class SetupError(Exception):
    """The configuration is valid, but cannot be put to work; the message says why and what to do."""


def keys_of(
    name: str,
    provider: schema.Provider,
    facts: Provider,
    environment: Mapping[str, str],
    deadlines: Deadlines,
    tls: Tls,
) -> Sequence[ProviderKey]:
    """The pool of keys of one provider; at least one, which may be nobody's. Raises `SetupError`."""
    written = provider.api_keys or ([provider.api_key] if provider.api_key is not None else [])
    if written:
        return [ProviderKey(key.get_secret_value()) for key in written]
    found = [environment[variable] for variable in facts.key_variables if environment.get(variable)]
    if found:
        return [ProviderKey(_clean(name, facts, found[0]))]
    if facts.login == "sigv4":
        return [_signing(name, provider, facts, environment)]
    if facts.login == "service_account":
        return [_account(name, provider, facts, environment, deadlines, tls)]
    if facts.needs_key:
        raise SetupError(
            f"providers.{name}: no key. Write api_key there, or set {' or '.join(facts.key_variables)} "
            "in the environment."
        )
    return [ProviderKey()]


def _clean(name: str, facts: Provider, key: str) -> str:
    if not key.isprintable() or not key.isascii() or key != key.strip():
        raise SetupError(
            f"providers.{name}: the key in {' or '.join(facts.key_variables)} cannot stand in a header. "
            "Look for a line break or a space at its end."
        )
    return key


def _signing(name: str, provider: schema.Provider, facts: Provider, environment: Mapping[str, str]) -> SigningKey:
    identity, secret = (environment.get(variable, "") for variable in facts.login_variables)
    if not identity or not secret:
        keys = " or ".join(facts.key_variables)
        raise SetupError(
            f"providers.{name}: no login. Set {' and '.join(facts.login_variables)} in the environment"
            + (f", or {keys}, or write api_key there." if keys else ".")
        )
    [hole] = (hole for hole in facts.holes if hole.setting == "region")
    try:
        region = hole.fill({"region": provider.region or ""}, environment)["region"]
    except Unfilled as error:
        raise SetupError(f"providers.{name}: {error}") from None
    session = environment.get("AWS_SESSION_TOKEN", "")
    return SigningKey(Credentials(identity.strip(), secret.strip(), session.strip()), region)


def _account(
    name: str,
    provider: schema.Provider,
    facts: Provider,
    environment: Mapping[str, str],
    deadlines: Deadlines,
    tls: Tls,
) -> ProviderKey:
    from trunkline.gateway.account import AccountKey  # here, because the cryptography behind it is slow to import
    from trunkline.providers.service_account import KeyFileError, ServiceAccount

    path = provider.credentials or next((environment[v] for v in facts.login_variables if environment.get(v)), "")
    if not path:
        raise SetupError(
            f"providers.{name}: no login. Write credentials: with the path of a service account's key file there, or "
            f"set {' or '.join(facts.login_variables)} in the environment."
        )
    try:
        account = ServiceAccount(Path(path).read_text())
    except OSError as error:
        raise SetupError(f"providers.{name}: {path} cannot be read: {error.strerror}") from None
    except (KeyFileError, UnicodeDecodeError) as error:
        raise SetupError(f"providers.{name}: {path}: {error}") from None
    uri = urlsplit(account.token_uri)
    origin = Origin(host=uri.hostname or "", port=uri.port or 443, tls=tls())
    return AccountKey(account, Pool(origin, deadlines))
