"""What is wrong between organisations, teams, users and keys: who belongs to nobody there is, and who contradicts whom.

Like `check`, this looks at the tree of the file, and passes over what has the wrong form.
"""

from collections.abc import Iterator, Mapping

from trunkline.config.belonging import Home, Homes, changed_tags, org_of, troubles, whole
from trunkline.config.check_models import Finding, Names
from trunkline.config.document import Value
from trunkline.config.problems import Path, quote, suggestion

_Sections = Mapping[str, Value]

SECTIONS = ("orgs", "teams", "users")


def check_tenants(root: _Sections, keys: list[_Sections], known: Names) -> Iterator[Finding]:
    """Everything that is wrong between them."""
    orgs, teams, users = (_mapping(root.get(name)) for name in SECTIONS)
    homes = Homes(orgs, teams, {name: _home(_mapping(user)) for name, user in users.items()})
    levels: dict[Path, tuple[Home, _Sections]] = {("orgs", name): (Home(), _mapping(it)) for name, it in orgs.items()}
    levels |= {("teams", name): (Home(org_of(name)), _mapping(it)) for name, it in teams.items()}
    levels |= {("users", name): (homes.users[name], _mapping(it)) for name, it in users.items()}
    levels |= {("keys", index): (_home(key), key) for index, key in enumerate(keys)}
    for path, (home, section) in levels.items():
        for setting, message, hint in troubles(home, homes):
            yield (path if path[0] == "teams" else (*path, setting)), message, hint
        yield from _tags(path, home, section, root, homes)
        yield from _providers(path, section, known)


def _mapping(value: Value) -> _Sections:
    return value if isinstance(value, dict) else {}


def _home(section: _Sections) -> Home:
    said = {name: value for name in ("org", "team", "user") if isinstance(value := section.get(name), str)}
    return Home(**said)


def _providers(path: Path, section: _Sections, known: Names) -> Iterator[Finding]:
    for name in _mapping(section.get("provider_keys")):
        if name not in known.providers:
            yield (
                (*path, "provider_keys", name),
                f"there is no provider {quote(name)}",
                suggestion(name, known.providers),
            )


def _tags(path: Path, said: Home, section: _Sections, root: _Sections, homes: Homes) -> Iterator[Finding]:
    home = whole(said, homes.users)
    around = [(kind, name) for kind, name in zip(SECTIONS, (home.org, home.team, home.user), strict=True) if name]
    levels = [
        (f"`{kind}.{name}`", _texts(_mapping(_mapping(root.get(kind)).get(name)).get("tags")))
        for kind, name in around
        if (kind, name) != path
    ]
    for setting, message, hint in changed_tags([*levels, ("", _texts(section.get("tags")))]):
        yield (*path, setting), message, hint


def _texts(tags: Value) -> Mapping[str, str]:
    return {name: value for name, value in _mapping(tags).items() if isinstance(value, str)}
