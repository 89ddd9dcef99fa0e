"""Whom requests are counted for, as `trunkline.yaml` says it: organisations, teams, users, and their keys.

An organisation has teams, both have users, and each of them has keys. What one of them says holds for all below it:
the strictest of all levels holds for models, data, prices and addresses, and nobody below may change a tag.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, ConfigDict, Field, PlainValidator, WithJsonSchema

from trunkline.config import kinds, values
from trunkline.config.guard import PolicyNames
from trunkline.config.quotas import Markup
from trunkline.config.request_log import LogPolicyNames
from trunkline.config.routes import DataPolicy, PriceCap
from trunkline.config.section import Section, setting

Wish = Literal["models", "provider", "route", "timeout", "tags", "priority"]

NAME: Final = r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,99}"
"""Of an organisation, a user, and each half of a team's name."""


LONGEST_KEY_NAME: Final = 100


def is_key_name(name: str) -> bool:
    """Whether a virtual key can be called so: it stands in the log, the ledger and tables."""
    return name.isprintable() and bool(name.strip()) and len(name) <= LONGEST_KEY_NAME


def _key_name(value: object) -> str:
    name = values.text(value)
    if not is_key_name(name):
        raise values.wrong(f"a key's name is printable, not empty, and at most {LONGEST_KEY_NAME} characters long")
    return name


def is_name(name: str, *, team: bool = False) -> bool:
    """Whether an organisation or a user can be called so; or a team."""
    return re.fullmatch(f"{NAME}/{NAME}" if team else NAME, name) is not None


def _name(expected: str, pattern: str) -> PlainValidator:
    def check(value: object) -> str:
        name = values.text(value)
        if not re.fullmatch(pattern, name):
            raise values.due(expected, value)
        return name

    return PlainValidator(check)


Name = Annotated[
    str,
    _name("a name: letters, digits, `.`, `_`, `@`, `+` and `-`, 100 at most", NAME),
    WithJsonSchema({"title": "name", "type": "string", "pattern": f"^{NAME}$"}),
]
KeyName = Annotated[
    str,
    BeforeValidator(_key_name),
    WithJsonSchema({"title": "text", "type": "string", "minLength": 1, "maxLength": LONGEST_KEY_NAME}),
]
TeamName = Annotated[
    str,
    _name("a team as organisation/team, such as acme/support", f"{NAME}/{NAME}"),
    WithJsonSchema({"title": "organisation/team", "type": "string", "pattern": f"^{NAME}/{NAME}$"}),
]


class Level(Section):
    """What organisations, teams, users and keys may all say."""

    models: Annotated[tuple[kinds.ModelName, ...], Field(min_length=1), kinds.MaybeList] | None = setting(
        None, "Names that may be asked for, `*` standing for any characters. Default: all."
    )
    tags: Annotated[Mapping[kinds.Text, kinds.Text], kinds.MaybeMapping] = setting(
        {}, "Labels of what it is for; neither requests nor those below can change them."
    )
    requests_may: Annotated[tuple[Wish, ...], kinds.MaybeList] | None = setting(
        None, "What its requests may decide about their own route. Default: as for all."
    )
    data: DataPolicy | None = setting(None, "What providers must keep to with what it sends, besides the routes' own.")
    max_price: PriceCap | None = setting(None, "What a model may cost that it uses, besides the routes' own caps.")
    guard: PolicyNames = setting(
        (), "The policy under `guard` that holds for its requests besides others', or several."
    )
    request_log: LogPolicyNames = setting(
        (), "The policy under `request_log` by which its requests are kept in full, or several."
    )
    expires: kinds.Moment | None = setting(
        None, "From when it is refused; in UTC, unless it says otherwise. Default: never."
    )
    disabled: kinds.Switch = setting(False, "Whether it is refused, with all below it.")


OwnKeys = Literal["first", "only"]


class Tenant(Level):
    """An organisation or a team."""

    own_keys: OwnKeys | None = setting(
        None,
        "How its own keys with providers are used: `first`, and the common ones where its own are refused; or `only`. "
        "Default: `first`.",
    )
    provider_keys: Annotated[
        Mapping[kinds.ProviderName, Annotated[tuple[kinds.Secret, ...], Field(min_length=1)]], kinds.MaybeMapping
    ] = setting({}, "Its own keys with providers: lists, by the provider's name.")
    markup: Markup | None = setting(
        None,
        "What it is charged on top of what the common provider keys cost, such as `20%`; `-5%` is a discount. A team's "
        "holds instead of its organisation's. Default: `0%`.",
    )


class Org(Tenant):
    """An organisation."""


class Team(Tenant):
    """A team of an organisation, whose name it begins with: `acme/support`."""


class User(Level):
    """A person, or a program that acts as one."""

    org: Name | None = setting(None, "The organisation it belongs to.")
    team: TeamName | None = setting(None, "The team it belongs to, as `organisation/team`.")


class KeyGrant(Level):
    """What a key may, and whose it is."""

    org: Name | None = setting(None, "The organisation it belongs to; not needed with a team or user that has one.")
    team: TeamName | None = setting(None, "The team it belongs to, as `organisation/team`.")
    user: Name | None = setting(None, "The user it belongs to.")
    addresses: Annotated[tuple[kinds.Network, ...], kinds.MaybeList] = setting(
        (), "Networks from which it is taken, such as `10.1.0.0/16`. Default: from everywhere."
    )


class Key(KeyGrant):
    """A virtual key, by which an application is known."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["key"]}, {"required": ["hash"]}]})

    name: KeyName = setting(..., "What the key is called in the ledger and the log; no two are the same.")
    key: kinds.Secret | None = setting(None, "The key itself, best as `${VARIABLE}`; or its `hash`.")
    hash: kinds.KeyHash | None = setting(None, "`hmac-sha256:` and the key's HMAC under `key_secret`, in hexadecimal.")


Orgs = Annotated[Mapping[Name, Org], kinds.MaybeMapping]
Teams = Annotated[Mapping[TeamName, Team], kinds.MaybeMapping]
Users = Annotated[Mapping[Name, User], kinds.MaybeMapping]
