"""Tenants behind one real gateway: whose keys are used with the provider, what each may, and that nothing is mixed."""

import contextlib
import itertools
from collections.abc import AsyncIterator
from typing import Any

import openai
import pytest
from tests.faults.gateway import RunningGateway, gateway
from tests.faults.server import FaultServer
from tests.running import base_url

from trunkline.cli.administering import Administering
from trunkline.data import DataDirectory

TENANTS = ("acme", "acme/support", "acme/sales", "other", "other/lab", "bare")
"""Three organisations, two with teams. All but `bare` have keys with the provider of their own."""
COMMON = "sk-common-to-everybody"


def own(tenant: str) -> str:
    """The key with the provider that a tenant has brought."""
    return f"sk-own-of-{tenant.replace('/', '-')}"


def virtual(tenant: str) -> str:
    return f"sk-virtual-of-{tenant.replace('/', '-')}"


def settings(**more: Any) -> dict[str, Any]:
    """A configuration with all of them."""
    brought = {tenant: {"provider_keys": {"openai": [own(tenant)]}} for tenant in TENANTS if tenant != "bare"}
    return {
        "orgs": {name: brought.get(name, {}) for name in TENANTS if "/" not in name},
        "teams": {name: brought[name] for name in TENANTS if "/" in name},
        "keys": [{"name": name, "key": virtual(name), ("team" if "/" in name else "org"): name} for name in TENANTS],
        **more,
    }


class There:
    def __init__(self, upstream: FaultServer, running: RunningGateway) -> None:
        self.upstream = upstream
        self.running = running

    async def ask(self, key: str, model: str = "openai/normal", **fields: Any) -> str:
        """The key with which the provider was asked."""
        async with openai.AsyncOpenAI(base_url=base_url(self.running), api_key=key, max_retries=0) as client:
            await client.chat.completions.create(model=model, messages=[{"role": "user", "content": "Hi"}], **fields)
        return self.used[-1]

    @property
    def used(self) -> list[str]:
        """The keys with which the provider was asked, in order."""
        return [str(it.header("authorization")).removeprefix("Bearer ") for it in self.upstream.requests]

    @contextlib.contextmanager
    def manager(self) -> Any:
        """Whoever changes the store, as the API does in another process."""
        process = self.running.process
        administering = Administering(lambda: process.config, DataDirectory(self.running.data), {})
        try:
            yield administering.manager("test")
        finally:
            administering.close()

    async def follow(self) -> None:
        """What is polled within a second, now."""
        process = self.running.process
        process.gateway.keys.load()
        process.take_up()


@contextlib.asynccontextmanager
async def there(**more: Any) -> AsyncIterator[There]:
    async with FaultServer() as upstream:
        providers = {"openai": {"base_url": upstream.url, "api_key": COMMON}}
        async with gateway(providers=providers, **settings(**more)) as running:
            yield There(upstream, running)


async def test_every_tenant_is_asked_for_with_its_own_key_and_the_others_with_the_common_one() -> None:
    async with there() as it:
        for tenant in TENANTS:
            assert await it.ask(virtual(tenant)) == (COMMON if tenant == "bare" else own(tenant))
        rows = await it.running.rows()
    assert [(row.org, row.team, row.key) for row in rows] == [
        (tenant.partition("/")[0], tenant if "/" in tenant else "", tenant) for tenant in TENANTS
    ]
    assert not [tenant for tenant in TENANTS if own(tenant) in it.running.text()]


async def test_what_happens_to_one_tenants_key_happens_to_no_others() -> None:
    """Every pair: the one's key is refused by the provider, and the other goes on with its own."""
    async with there() as it:
        for refused, bystander in itertools.permutations(TENANTS, 2):
            it.running.heal()
            before = len(it.used)
            it.upstream.play("auth_401")
            with contextlib.suppress(openai.APIStatusError):  # who has nothing else to go on with is told
                await it.ask(virtual(refused))
            assert it.used[before] == (COMMON if refused == "bare" else own(refused))
            assert await it.ask(virtual(bystander)) == (COMMON if bystander == "bare" else own(bystander))


async def test_first_goes_on_with_the_common_key_where_its_own_is_refused() -> None:
    async with there(retries={"attempts": 2}) as it:
        it.upstream.play("auth_401")
        assert await it.ask(virtual("acme")) == COMMON
        assert it.used == [own("acme"), COMMON]
        assert await it.ask(virtual("acme")) == COMMON  # its own is left aside for a while


async def test_only_never_uses_the_common_key() -> None:
    only = {
        "acme": {"own_keys": "only", "provider_keys": {"openai": [own("acme")]}},
        "other": {},
        "bare": {"own_keys": "only"},
    }
    async with there(orgs=only) as it:
        it.upstream.play("auth_401")
        for _ in range(2):
            with pytest.raises(openai.InternalServerError) as told:
                await it.ask(virtual("acme"))
            assert own("acme") not in str(told.value)
        with pytest.raises(openai.InternalServerError):
            await it.ask(virtual("bare"))
        assert it.used == [own("acme")]
        assert await it.ask(virtual("acme/support")) == own("acme/support")


async def test_what_a_tenant_brings_and_takes_away_again_is_followed() -> None:
    async with there() as it:
        with it.manager() as managing:
            brought = managing.add_provider_key("bare", "openai", "sk-brought-by-bare")
            assert await it.ask(virtual("bare")) == COMMON
            await it.follow()
            assert await it.ask(virtual("bare")) == "sk-brought-by-bare"
            assert await it.ask(virtual("acme")) == own("acme")
            managing.delete_provider_key(brought.id)
            await it.follow()
            assert await it.ask(virtual("bare")) == COMMON
        assert "sk-brought-by-bare" not in it.running.text()


async def test_a_new_key_of_a_new_organisation_works_at_once_and_stops_when_it_is_disabled() -> None:
    async with there() as it:
        with it.manager() as managing:
            managing.put("org", "new", {"tags": {"plan": "free"}, "models": ["openai/*"]})
            made = managing.create_key("app", {"org": "new"}).key
            assert await it.ask(made) == COMMON
            with pytest.raises(openai.PermissionDeniedError):
                await it.ask(made, "simulated/echo")
            managing.put("org", "new", {"disabled": True})
            await it.follow()
            with pytest.raises(openai.AuthenticationError, match="the organisation new is disabled"):
                await it.ask(made)
            managing.put("org", "new", {"tags": {"plan": "free"}})
            await it.follow()
            await it.ask(made)
        row = (await it.running.rows())[-1]
        assert (row.org, row.key, row.tags) == ("new", "app", '{"plan":"free"}')


async def test_both_keys_work_while_one_takes_the_others_place() -> None:
    async with there() as it:
        with it.manager() as managing:
            old = managing.create_key("app", {"org": "bare"}).key
            await it.ask(old)
            new = managing.rotate_key("app", 3600).key
            await it.follow()
            await it.ask(old)
            await it.ask(new)
            managing.rotate_key("app", 0)
            await it.follow()
            with pytest.raises(openai.AuthenticationError):
                await it.ask(new)
            await it.ask(old)  # it was promised its hour
            managing.revoke_key("app")
            await it.follow()
            with pytest.raises(openai.AuthenticationError):
                await it.ask(old)


async def test_a_key_is_taken_from_its_networks_as_trusted_proxies_tell() -> None:
    keys = [{"name": "app", "key": "sk-virtual-of-app", "addresses": ["203.0.113.0/24"]}]
    server = {"listen": "127.0.0.1:0", "trusted_proxies": ["127.0.0.0/8"]}
    async with there(keys=keys, server=server) as it:
        await it.ask("sk-virtual-of-app", extra_headers={"x-forwarded-for": "203.0.113.9"})
        for forwarded in ("198.51.100.1", "203.0.113.9, 198.51.100.1"):
            with pytest.raises(openai.PermissionDeniedError, match="not taken from the address 198"):
                await it.ask("sk-virtual-of-app", extra_headers={"x-forwarded-for": forwarded})
        with pytest.raises(openai.PermissionDeniedError):
            await it.ask("sk-virtual-of-app")


async def test_a_tag_of_the_organisation_is_not_changed_by_a_request() -> None:
    orgs = {"acme": {"tags": {"plan": "free"}}, "other": {}, "bare": {}}
    async with there(orgs=orgs) as it:
        await it.ask(virtual("acme"), extra_headers={"x-trunkline-tags": "plan=paid,feature=search"})
        [row] = await it.running.rows()
    assert '"plan":"free"' in row.tags
    assert '"feature":"search"' in row.tags


@pytest.mark.parametrize(
    ("settings", "metadata", "tags"),
    [
        ({}, {"feature": "search", "user_id": "ada@example.com"}, '{"feature":"search"}'),
        ({"metadata_tags": ["job"]}, {"feature": "search", "job": "nightly"}, '{"job":"nightly"}'),
        ({"metadata_tags": []}, {"feature": "search"}, ""),
        ({}, {"feature": ""}, ""),
        ({}, {"feature": "x" * 129, "customer": "line\nbreak"}, ""),
        ({"requests_may": ["models"]}, {"feature": "search"}, ""),
    ],
)
async def test_some_of_a_requests_metadata_are_tags(
    settings: dict[str, Any], metadata: dict[str, str], tags: str
) -> None:
    async with there(**settings) as it:
        await it.ask(virtual("bare"), metadata=metadata)
        [row] = await it.running.rows()
        assert it.upstream.requests[-1].json()["metadata"] == metadata
    assert row.tags == tags


async def test_a_tag_of_a_header_wins_over_one_of_the_metadata() -> None:
    async with there() as it:
        header = {"x-trunkline-tags": "feature=refunds"}
        await it.ask(virtual("bare"), metadata={"feature": "search", "customer": "acme"}, extra_headers=header)
        [row] = await it.running.rows()
    assert row.tags == '{"feature":"refunds","customer":"acme"}'


async def test_a_reload_brings_other_keys_of_a_tenants_own() -> None:
    async with there() as it:
        assert await it.ask(virtual("other")) == own("other")
        changed = settings()
        changed["orgs"]["other"] = {"provider_keys": {"openai": ["sk-another-of-other"]}}
        providers = {"openai": {"base_url": it.upstream.url, "api_key": COMMON}}
        it.running.write({"server": {"listen": "127.0.0.1:0"}, "providers": providers, **changed})
        assert await it.running.process.reload()
        assert await it.ask(virtual("other")) == "sk-another-of-other"
        assert await it.ask(virtual("acme")) == own("acme")
