"""For whom something is encrypted that was said: a virtual key or, where the request named an end user, that person.

Each has data keys of its own, so that each can be erased without the others. A person is known by a digest only: the
ids that applications give their users are often addresses or names.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from trunkline.store.content import Kept
from trunkline.tenancy.directory import vault_name

_PERSON: Final = "person\n"
_TENANT: Final = vault_name("")
"""Before the name of a tenant, for its own keys with providers."""
_SHARED: Final = "shared"
_DIGITS: Final = 32
"""Of a digest, in hexadecimal."""


def sealed_for(key: str, person: str) -> str:
    """Under which name data keys are made for a key's requests, or for those of one person. No virtual key is called
    like a person's.
    """
    return f"{_PERSON}{person}\n{key}" if person else key


def shared_by(scope: Sequence[str]) -> str:
    """Under which name data keys are made for answers that several keys share: all of a team, of an organisation, or
    all there are. `scope`: which of these, and its names.
    """
    return "\n".join((_SHARED, *scope))


def is_shared_in(vault: str, org: str, team: str) -> bool:
    """Whether the answers under a name are shared in an organisation, be it in one of its teams; or in a team."""
    kind, *scope = vault.split("\n")
    if kind != _SHARED:
        return False
    return scope[:2] == ["team", team.partition("/")[0]] and scope[2:] == [team] if team else scope[1:2] == [org]


def kept_under(vault: str) -> Kept:
    """Whose content the data keys of a name seal: the other way round."""
    if vault.startswith(_PERSON):
        person, _, key = vault.removeprefix(_PERSON).partition("\n")
        return Kept(vault, key, person)
    is_nobodys = vault.startswith((_TENANT, f"{_SHARED}\n"))
    return Kept(vault) if is_nobodys else Kept(vault, vault)


def person_of(digest: Callable[[bytes], bytes], end_user: str) -> str:
    """What an end user is known by; empty for nobody. `digest`: under the server's secret, so that nobody who has only
    the store can find out whom one stands for.
    """
    return digest(f"{_PERSON}{end_user}".encode())[: _DIGITS // 2].hex() if end_user else ""


def end_user(document: Mapping[str, Any]) -> str:
    """The id by which a request names its end user: `user` or `safety_identifier` as OpenAI has it, `metadata.user_id`
    as Anthropic does. Empty where it names none; Google's API has no such field.
    """
    metadata = document.get("metadata")
    named = [document.get("user"), document.get("safety_identifier")]
    named.append(metadata.get("user_id") if isinstance(metadata, dict) else None)
    return next((it for it in named if isinstance(it, str) and it), "")
