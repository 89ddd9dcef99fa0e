"""Who belongs to whom: a key to a user, a user to a team, a team to an organisation. For the file and for the store."""

from collections.abc import Collection, Iterator, Mapping

import msgspec

from trunkline.config.problems import quote, suggestion

Trouble = tuple[str, str, str]
"""The setting that is wrong, how, and a hint."""


class Home(msgspec.Struct, frozen=True):
    """Where something belongs; each empty where it is nobody's."""

    org: str = ""
    team: str = ""
    user: str = ""


class Homes(msgspec.Struct, frozen=True):
    """Who is there to belong to."""

    orgs: Collection[str]
    teams: Collection[str]
    users: Mapping[str, Home]
    """By name, and where they belong themselves."""


def org_of(team: str) -> str:
    """The organisation of a team: `acme` of `acme/support`."""
    return team.partition("/")[0]


def whole(said: Home, users: Mapping[str, Home]) -> Home:
    """What `said` comes to: a key without a team is in its user's, and a team is in its organisation."""
    of_user = users.get(said.user, Home())
    team = said.team or of_user.team
    return Home(said.org or org_of(team) or of_user.org, team, said.user)


def troubles(said: Home, known: Homes) -> Iterator[Trouble]:
    """What is wrong with what something says of where it belongs."""
    for setting, name, names, kind in (
        ("org", said.org, known.orgs, "organisation"),
        ("team", said.team, known.teams, "team"),
        ("user", said.user, known.users, "user"),
    ):
        if name and name not in names:
            yield setting, f"there is no {kind} {quote(name)}", suggestion(name, names)
    if said.org and said.team and org_of(said.team) != said.org:
        yield "team", f"this team is not of the organisation {quote(said.org)}", ""
    of_user = known.users.get(said.user, Home())
    if of_user.team and said.team and of_user.team != said.team:
        yield "team", f"the user {quote(said.user)} is in the team {quote(of_user.team)}", ""
    org, users_org = said.org or org_of(said.team), of_user.org or org_of(of_user.team)
    if org and users_org and org != users_org:
        yield "user", f"this user is of the organisation {quote(users_org)}", ""


def changed_tags(levels: Collection[tuple[str, Mapping[str, str]]]) -> Iterator[Trouble]:
    """Which of the tags of the last level another level has set to something else already. `levels`: how each is
    called, and its tags; the outermost comes first.
    """
    *above, (_, own) = levels
    for called, tags in above:
        for name in own.keys() & tags.keys():
            if own[name] != tags[name]:
                yield "tags", f"{called} has the tag {quote(name)} as {quote(tags[name])}", "nobody below may change it"
