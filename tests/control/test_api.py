"""The HTTP API of the control plane, over real sockets and a real store."""

import contextlib
import json
import re
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from tests.cli.kept import flip
from tests.config.reading import read
from tests.control.client import Reply, ask, control_plane

from trunkline.cli.administering import Administering
from trunkline.cli.opened import Hidden
from trunkline.config.schema import Config
from trunkline.control.openapi import BASE
from trunkline.control.operations import OPERATIONS
from trunkline.control.serve import ControlPlane
from trunkline.data import DataDirectory
from trunkline.kept.transcript import Facts, Said, sealed
from trunkline.store import open_store

CONFIG = (
    "models: {bot: simulated/echo}\n"
    "guard: {strict: {input: [{pii: [email], action: redact}]}}\n"
    "orgs:\n"
    "  written: {models: [bot]}\n"
    "keys:\n"
    "  - {name: standing, key: sk-standing-in-the-file, org: written}\n"
)


class Api:
    """A caller that has the token."""

    def __init__(self, plane: ControlPlane, administering: Administering) -> None:
        self.plane = plane
        self.administering = administering
        self.seen: list[tuple[str, str, int, Any]] = []

    async def ask(self, method: str, path: str, body: object = None, **headers: str) -> Reply:
        fields = {"authorization": f"Bearer {self.administering.token}", "content-type": "application/json", **headers}
        data = json.dumps(body).encode() if body is not None else None
        return await ask(self.plane, BASE + path, method, fields, data)

    async def json(self, method: str, path: str, body: object = None, status: int = 200) -> Any:
        reply = await self.ask(method, path, body)
        assert reply.status == status, reply.body
        return json.loads(reply.body) if reply.body else None

    async def refused(self, method: str, path: str, body: object = None) -> tuple[int, str, str]:
        reply = await self.ask(method, path, body)
        error = json.loads(reply.body)["error"]
        return reply.status, error["code"], error["message"]


@pytest.fixture
def config() -> Config:
    return read(CONFIG)


@pytest.fixture
def administering(tmp_path: Path, config: Config) -> Iterator[Administering]:
    made = Administering(lambda: config, DataDirectory(tmp_path / "data"), {})
    yield made
    made.close()


@contextlib.asynccontextmanager
async def api_of(administering: Administering) -> AsyncIterator[Api]:
    administering.manager("").directory()  # the store stays open
    async with control_plane(administration=administering) as plane:
        yield Api(plane, administering)


async def test_whoever_has_not_the_token_learns_nothing(administering: Administering) -> None:
    async with api_of(administering) as api:
        token = administering.token
        for wrong in ("", "Bearer", "Bearer x", f"Basic {token}", f"Bearer {token}0", "Bearer \xe9"):
            for operation in OPERATIONS:
                path = operation.path.replace("{name}", "standing")
                reply = await ask(
                    api.plane, BASE + path, operation.method, {"authorization": wrong.encode().decode("latin-1")}
                )
                assert reply.status == 401, operation
                assert reply.headers["www-authenticate"] == "Bearer"
                assert b"standing" not in reply.body


async def test_the_token_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path, config: Config) -> None:
    data = DataDirectory(tmp_path / "data")
    first, second = (Administering(lambda: config, data, {}) for _ in range(2))
    assert first.token == second.token
    assert (first.token_made, second.token_made) == (True, False)
    assert data.control_token.stat().st_mode & 0o077 == 0
    written = read('control: {token: "a-token-of-the-operator"}')
    assert Administering(lambda: written, data, {}).token == "a-token-of-the-operator"


async def test_organisations_teams_and_users_come_and_go(administering: Administering) -> None:
    async with api_of(administering) as api:
        made = await api.json("PUT", "/orgs/acme", {"tags": {"plan": "free"}, "max_price": {"input": 2.5}}, 201)
        assert made["settings"] == {"tags": {"plan": "free"}, "max_price": {"input": "2.5"}}
        await api.json("PUT", "/teams/acme/support", {"models": ["bot"], "guard": "strict"}, 201)
        await api.json("PUT", "/users/alice@acme.org", {"team": "acme/support", "expires": "2031-01-01"}, 201)
        assert (await api.json("PUT", "/orgs/acme", {}))["settings"] == {}
        assert (await api.json("GET", "/teams/acme/support"))["settings"]["guard"] == ["strict"]
        names = [it["name"] for it in (await api.json("GET", "/orgs"))["items"]]
        assert names == ["acme", "written"]
        assert (await api.refused("DELETE", "/orgs/acme"))[:2] == (409, "conflict")
        for path in ("/users/alice@acme.org", "/teams/acme/support", "/orgs/acme"):
            await api.json("DELETE", path, status=204)
        assert (await api.refused("GET", "/orgs/acme"))[:2] == (404, "not_found")
        assert (await api.refused("DELETE", "/orgs/acme"))[:2] == (404, "not_found")


async def test_what_the_configuration_defines_is_not_changed_here_and_the_line_is_told(
    administering: Administering,
) -> None:
    async with api_of(administering) as api:
        for method, path, body, line in (
            ("PUT", "/orgs/written", {}, 4),
            ("DELETE", "/orgs/written", None, 4),
            ("POST", "/keys", {"name": "standing"}, 6),
            ("PUT", "/keys/standing", {}, 6),
            ("POST", "/keys/standing/rotate", {}, 6),
            ("DELETE", "/keys/standing", None, 6),
        ):
            status, code, message = await api.refused(method, path, body)
            assert (status, code) == (409, "configured"), path
            assert f"in line {line} of " in message
        await api.json("PUT", "/teams/written/below", {}, 201)


async def test_a_key_is_shown_once_rotated_changed_and_revoked(administering: Administering) -> None:
    async with api_of(administering) as api:
        made = await api.json("POST", "/keys", {"name": "app", "org": "written", "addresses": ["10.0.0.0/8"]}, 201)
        assert re.fullmatch(r"sk-tl-[\w-]{43}", made["key"])
        rotated = await api.json("POST", "/keys/app/rotate", {"overlap": 3600}, 201)
        assert rotated["key"] != made["key"]
        everything = (await api.ask("GET", "/keys")).body + (await api.ask("GET", "/changes")).body
        assert made["key"].encode() not in everything
        assert rotated["key"].encode() not in everything
        assert rotated["about"]["org"] == "written"
        assert rotated["about"]["settings"] == {"addresses": ["10.0.0.0/8"]}
        assert sorted(it["state"] for it in (await api.json("GET", "/keys"))["items"]) == ["good", "good", "replaced"]
        changed = await api.json("PUT", "/keys/app", {"disabled": True})
        assert (changed["state"], changed["org"]) == ("disabled", "")
        await api.json("DELETE", "/keys/app", status=204)
        assert (await api.json("GET", "/keys/app"))["state"] == "revoked"
        assert (await api.refused("DELETE", "/keys/app"))[0] == 404
        assert (await api.refused("POST", "/keys/app/rotate", {}))[0] == 404


@pytest.mark.parametrize(
    ("path", "body", "told"),
    [
        ("/orgs/acme", {"modles": ["bot"]}, 'did you mean "models"?'),
        ("/orgs/acme", {"models": "bot"}, "is not a list"),
        ("/orgs/acme", {"max_price": {"input": -1}}, "max_price.input"),
        ("/orgs/acme", {"guard": "strct"}, 'did you mean "strict"?'),
        ("/orgs/a%2Fb", {}, "cannot be the name of an organisation"),
        ("/orgs/acme", {"provider_keys": {"openai": ["sk-x"]}}, "added one by one"),
        ("/teams/acm/support", {}, 'no organisation "acm"'),
        ("/users/al", {"team": "acme/support"}, 'no team "acme/support"'),
        ("/keys/app", {"addresses": ["everywhere"]}, ""),
    ],
)
async def test_what_does_not_hold_together_is_told_setting_by_setting(
    administering: Administering, path: str, body: object, told: str
) -> None:
    async with api_of(administering) as api:
        await api.json("POST", "/keys", {"name": "app"}, 201)
        reply = await api.ask("PUT", path, body)
        assert reply.status == 422, reply.body
        assert told in str(json.loads(reply.body)["error"])


async def test_a_value_that_is_wrong_and_may_be_a_secret_is_not_repeated(administering: Administering) -> None:
    async with api_of(administering) as api:
        wrong = {"tenant": "written", "provider": "simulated", "key": "sk-secret\nsecond line"}
        reply = await api.ask("POST", "/provider-keys", wrong)
        assert reply.status == 422
        assert b"sk-secret" not in reply.body


async def test_what_cannot_be_read_is_refused(administering: Administering) -> None:
    async with api_of(administering) as api:
        token = {"authorization": f"Bearer {administering.token}"}

        async def put(body: bytes, kind: str = "application/json") -> int:
            return (await ask(api.plane, f"{BASE}/orgs/acme", "PUT", {**token, "content-type": kind}, body)).status

        assert await put(b"{") == 400
        assert await put(b"[" * 100_000) == 400
        assert await put(b"[]") == 422
        assert await put(b"{}", "text/plain") == 415
        assert await put(b" " * 300_000) == 413
        assert (await api.refused("GET", "/orgs?limit=0"))[0] == 422
        assert (await api.refused("GET", "/orgs?limit=many"))[0] == 422
        for path in ("/keys", "/changes"):
            assert (await api.refused("GET", f"{path}?after=nonsense"))[0] == 422
        assert (await api.ask("POST", "/orgs")).status == 405
        assert (await api.ask("GET", "/nothing")).status == 404


async def test_long_lists_come_in_pages(administering: Administering) -> None:
    async with api_of(administering) as api:
        for serial in range(7):
            await api.json("PUT", f"/orgs/org-{serial}", {}, 201)
            await api.json("POST", "/keys", {"name": f"key-{serial}"}, 201)
        for path, named in (("/orgs", "name"), ("/keys", "name"), ("/changes", "id")):
            found: list[Any] = []
            after: str | None = ""
            pages = 0
            while after is not None:
                page = await api.json("GET", f"{path}?limit=3&after={after}")
                found += [it[named] for it in page["items"]]
                after, pages = page["next"], pages + 1
            whole = [it[named] for it in (await api.json("GET", f"{path}?limit=1000"))["items"]]
            assert found == whole
            assert len(set(found)) == len(found) >= 8
            assert pages >= 3


async def test_whatever_is_changed_is_recorded_with_where_it_came_from(administering: Administering) -> None:
    async with api_of(administering) as api:
        await api.json("PUT", "/orgs/acme", {"tags": {"plan": "free"}}, 201)
        await api.json("POST", "/keys", {"name": "app", "org": "acme"}, 201)
        await api.json("DELETE", "/keys/app", status=204)
        await api.json("POST", "/cache/forget", {"tag": "feature=faq"}, status=204)
        changes = (await api.json("GET", "/changes"))["items"]
    assert [(it["action"], it["kind"], it["name"]) for it in changes] == [
        ("forgotten", "answers", "tag feature=faq"),
        ("revoked", "key", "app"),
        ("created", "key", "app"),
        ("created", "org", "acme"),
    ]
    assert {it["by"] for it in changes} == {"API, 127.0.0.1"}
    assert changes[-1]["detail"] == {"tags": {"plan": "free"}}


def logged(administering: Administering) -> str:
    """A request in the request log: its id."""
    managing = administering.manager("")
    facts = Facts(
        id="0199", at=int(time.time()), org="acme", team="", user="", key="app", model="bot", provider="up",
        served="m-1", status=200, stream=True, error="",
    )  # fmt: skip
    said = Said(
        path="/v1/responses", format="openai_responses", tags='{"plan":"free"}', label="", attempts=1, message="",
        input=b'{"input":"Kraken"}', output=b"data: {}", streamed=True, whole=True,
    )  # fmt: skip
    vault = Hidden(managing.config, administering._data, managing.store).vault()
    managing.store.write_log([sealed(facts, said, "", 3600, vault)])
    return facts.id


async def test_the_request_log_is_read_and_that_is_recorded(administering: Administering) -> None:
    request = logged(administering)
    async with api_of(administering) as api:
        [listed] = (await api.json("GET", "/request-log?key=app"))["items"]
        assert "Kraken" not in str(listed)
        assert (await api.json("GET", "/request-log?key=other"))["items"] == []
        shown = await api.json("GET", f"/request-log/{request}")
        assert shown["entry"] == listed
        assert (shown["input"], shown["output"], shown["tags"]) == ({"input": "Kraken"}, "data: {}", {"plan": "free"})
        assert (await api.refused("GET", "/request-log/0198"))[:2] == (404, "not_found")
        [change] = (await api.json("GET", "/changes"))["items"]
        assert (change["action"], change["kind"], change["name"]) == ("read", "request_log", request)
        assert change["by"] == "API, 127.0.0.1"


async def test_data_are_erased_of_whoever_is_named(administering: Administering) -> None:
    request = logged(administering)
    async with api_of(administering) as api:
        assert (await api.refused("POST", "/data/erase", {}))[:2] == (422, "invalid")
        assert (await api.refused("POST", "/data/erase", {"everybody": True}))[:2] == (422, "invalid")
        erased = await api.json("POST", "/data/erase", {"key": "app"})
        assert erased == {"data_keys": 1, "responses": 0, "log": 1, "provider_keys": 0, "answers": 0}
        assert (await api.refused("GET", f"/request-log/{request}"))[:2] == (404, "not_found")


async def test_what_was_changed_in_the_store_is_not_shown(administering: Administering, tmp_path: Path) -> None:
    request = logged(administering)
    flip(tmp_path / "data" / "trunkline.db", "request_log")
    async with api_of(administering) as api:
        status, code, message = await api.refused("GET", f"/request-log/{request}")
    assert (status, code) == (409, "not_opened")
    assert "is not what was stored" in message


async def test_the_document_says_what_is_done(administering: Administering) -> None:
    """Every operation of the document is asked, and its answers are as it says."""
    async with api_of(administering) as api:
        document = json.loads((await api.ask("GET", "/openapi.json")).body)
        key = await api.json(
            "POST", "/provider-keys", {"tenant": "written", "provider": "simulated", "key": "k" * 20}, 201
        )
        asked: list[tuple[str, str, str, object]] = [
            ("put_org", "PUT", "/orgs/acme", {"models": ["bot"], "data": {"region": "eu", "retention": "30d"}}),
            ("put_org", "PUT", "/orgs/acme", {"own_keys": "only"}),
            ("put_team", "PUT", "/teams/acme/x", {"requests_may": ["tags"]}),
            ("put_user", "PUT", "/users/al", {"team": "acme/x"}),
            ("create_key", "POST", "/keys", {"name": "app", "user": "al", "expires": "2031-01-01"}),
            ("rotate_key", "POST", "/keys/app/rotate", {}),
            ("put_key", "PUT", "/keys/app", {"user": "al", "guard": "strict"}),
            (
                "add_provider_key",
                "POST",
                "/provider-keys",
                {"tenant": "acme", "provider": "simulated", "key": "k" * 20},
            ),
            *(
                (f"list_{kind}", "GET", f"/{kind.replace('_', '-')}", None)
                for kind in ("orgs", "teams", "users", "keys")
            ),
            ("list_provider_keys", "GET", "/provider-keys", None),
            ("forget_answers", "POST", "/cache/forget", {"model": "bot"}),
            ("list_changes", "GET", "/changes", None),
            ("get_org", "GET", "/orgs/acme", None),
            ("get_team", "GET", "/teams/acme/x", None),
            ("get_user", "GET", "/users/al", None),
            ("get_key", "GET", "/keys/app", None),
            ("list_request_log", "GET", "/request-log?org=acme&end_user=jane&limit=5", None),
            ("get_request_log_entry", "GET", f"/request-log/{logged(administering)}", None),
            ("list_request_log", "GET", "/request-log", None),
            ("erase_data", "POST", "/data/erase", {"end_user": "jane", "org": "acme"}),
            ("delete_provider_key", "DELETE", f"/provider-keys/{key['id']}", None),
            ("revoke_key", "DELETE", "/keys/app", None),
            ("delete_user", "DELETE", "/users/al", None),
            ("delete_team", "DELETE", "/teams/acme/x", None),
            ("delete_org", "DELETE", "/orgs/acme", None),
        ]
        described = {it["operationId"]: it for path in document["paths"].values() for it in path.values()}
        assert {name for name, *_ in asked} == described.keys()
        for name, method, path, body in asked:
            _check(document, described[name].get("requestBody", {}).get("content"), body)
            reply = await api.ask(method, path, body)
            if name == "delete_org":  # its key with a provider is still there
                assert reply.status == 409
            said = described[name]["responses"][str(reply.status)]
            _check(document, said.get("content"), json.loads(reply.body) if reply.body else None)


def _check(document: dict[str, Any], content: Any, value: object) -> None:
    if content is None:
        assert value is None
        return
    schema = {**content["application/json"]["schema"], "components": document["components"]}
    jsonschema_rs.validator_for(schema).validate(value)


def everything_in(folder: Path) -> bytes:
    return b"".join(it.read_bytes() for it in folder.rglob("*") if it.is_file())


async def test_the_store_that_does_not_answer_is_told(administering: Administering) -> None:
    async with api_of(administering) as api:
        await api.json("GET", "/orgs")
        administering.close()
        assert (await api.refused("GET", "/orgs"))[:2] == (503, "store_unavailable")


async def test_what_is_kept_of_a_tenants_key_with_a_provider_is_encrypted(
    administering: Administering, tmp_path: Path
) -> None:
    async with api_of(administering) as api:
        added = {"tenant": "written", "provider": "simulated", "key": "sk-of-the-tenants-own"}
        shown = await api.json("POST", "/provider-keys", added, 201)
        assert shown["hint"] == "-own"
        assert (await api.refused("POST", "/provider-keys", {**added, "tenant": "nobody"}))[0] == 404
        assert (await api.refused("POST", "/provider-keys", {**added, "provider": "opnai"}))[0] == 404
        told = b"".join([(await api.ask("GET", path)).body for path in ("/provider-keys", "/changes", "/orgs")])
    assert b"sk-of-the" not in told
    assert b"sk-of-the" not in everything_in(tmp_path)
    store = open_store(f"sqlite://{tmp_path}/data/trunkline.db")
    assert len(store.provider_keys()) == 1
    store.close()
