"""A provider's page with the configuration over it, and with the environment alone."""

import asyncio
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
import yaml

from trunkline import providers
from trunkline.config import schema
from trunkline.config.load import load
from trunkline.config.problems import ConfigError
from trunkline.formats.conversation import FormatName
from trunkline.formats.dialect import Dialect, Parameter
from trunkline.gateway.deployments import Deployment, Door
from trunkline.gateway.logins import SetupError
from trunkline.gateway.snapshot import build
from trunkline.providers import PROVIDERS
from trunkline.providers.families import Rules
from trunkline.transport.deadlines import Deadlines
from trunkline.transport.pool import Origin, Pool

# In the environment


def there(**environment: str) -> dict[str, str]:
    return providers.in_environment(environment)


def test_a_key_makes_its_provider_be_there() -> None:
    assert there() == {}
    assert there(MISTRAL_API_KEY="k1", GROQ_API_KEY="") == {"mistral": "k1"}
    assert there(GOOGLE_API_KEY="k2") == {"google": "k2"}
    assert there(GEMINI_API_KEY="k1", GOOGLE_API_KEY="k2") == {"google": "k1"}


def test_a_key_is_not_enough_where_the_url_needs_more() -> None:
    assert there(AZURE_API_KEY="k") == {}
    assert there(AZURE_API_KEY="k", AZURE_RESOURCE_NAME="ours") == {"azure": "k"}
    assert there(AZURE_API_KEY="k", AZURE_OPENAI_ENDPOINT="https://ours.openai.azure.com") == {"azure": "k"}
    assert there(CLOUDFLARE_API_TOKEN="k") == {}
    assert there(CLOUDFLARE_API_TOKEN="k", CLOUDFLARE_ACCOUNT_ID="no/account") == {}


def test_a_login_without_a_key_takes_all_of_its_variables() -> None:
    access = {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "secret"}
    assert there(**access) == {}  # in which region?
    assert there(**access, AWS_REGION="eu-west-1") == {"bedrock": "secret"}
    assert there(AWS_ACCESS_KEY_ID="AKIA", AWS_REGION="eu-west-1") == {}
    assert there(AWS_BEARER_TOKEN_BEDROCK="k", AWS_DEFAULT_REGION="eu-west-1") == {"bedrock": "k"}
    assert there(GOOGLE_APPLICATION_CREDENTIALS="/key.json") == {}
    assert there(GOOGLE_APPLICATION_CREDENTIALS="/key.json", GOOGLE_CLOUD_PROJECT="p") == {"vertex": "/key.json"}


def test_a_server_of_ones_own_is_there_by_its_url() -> None:
    assert there(OLLAMA_API_KEY="k") == {}
    assert there(OLLAMA_BASE_URL="http://localhost:11434") == {"ollama": ""}
    assert there(VLLM_BASE_URL="http://vllm:8000/v1", VLLM_API_KEY="k") == {"vllm": "k"}


# In the configuration


async def _deployed(written: dict[str, Any], environment: Mapping[str, str]) -> Deployment:
    config = schema.Config.model_validate({"providers": {"it": written}})
    deployments = build(config, environment, Deadlines(), None).deployments
    for deployment in deployments.values():
        await deployment.close()
    return deployments["it"]


def deployed(environment: Mapping[str, str] | None = None, **written: Any) -> Deployment:
    """The deployment of one provider, without its lines."""
    return asyncio.run(_deployed(written, environment or {}))


def door(deployment: Deployment) -> Door:
    return deployment.doors[deployment.facts.format]


def origin(deployment: Deployment) -> Origin:
    upstream = door(deployment).upstream
    assert isinstance(upstream, Pool)
    return upstream.origin


def host(deployment: Deployment) -> str:
    return origin(deployment).host


def refused(**written: Any) -> str:
    with pytest.raises(SetupError) as raised:
        deployed(**written)
    return str(raised.value)


@pytest.mark.parametrize("url", ["not a url", "http://", "ftp://localhost", "http://localhost:99999", "localhost:8000"])
def test_a_url_in_the_environment_that_is_none_is_told_with_its_variable(url: str) -> None:
    with pytest.raises(SetupError, match=r"providers\.it: VLLM_BASE_URL: .* is not a URL such as"):
        deployed({"VLLM_BASE_URL": url}, type="vllm")


def test_settings_fill_the_url() -> None:
    assert host(deployed(type="qwen", region="cn", api_key="k")) == "dashscope.aliyuncs.com"
    assert host(deployed(type="azure", resource="ours", api_key="k")) == "ours.openai.azure.com"
    environment = {"AWS_REGION": "eu-west-1"}
    assert host(deployed(environment, type="bedrock", api_key="k")) == "bedrock-runtime.eu-west-1.amazonaws.com"
    assert host(deployed(environment, type="bedrock", api_key="k", region="us-west-2")).split(".")[1] == "us-west-2"
    assert host(deployed(type="azure", base_url="https://gateway.example/v1", api_key="k")) == "gateway.example"


def test_what_is_missing_or_strange_is_told_with_the_provider() -> None:
    told = refused(type="azure", api_key="k")
    assert told == ("providers.it: Write `resource` there, or set AZURE_RESOURCE_NAME in the environment.")
    assert refused(type="qwen", api_key="k", region="mars").endswith("there are intl, cn, us.")
    assert refused(type="openai", api_key="k", region="eu") == "providers.it: the type 'openai' has no `region`."
    assert "does not speak 'bedrock_converse', but anthropic_messages" in refused(
        type="anthropic", api_key="k", format="bedrock_converse"
    )


def test_a_part_of_a_url_cannot_be_more() -> None:
    for value in ("eu-west-1.evil.example/", "a b", "../x", "", "x?y"):
        with pytest.raises(ValueError, match="region"):
            schema.Provider.model_validate({"type": "bedrock", "region": value})


def test_another_format_brings_its_url_and_its_way_of_logging_in() -> None:
    deepseek = deployed(type="deepseek", api_key="k", format="anthropic_messages")
    assert deepseek.facts.format == "anthropic_messages"
    assert deepseek.facts.base_url == "https://api.deepseek.com/anthropic/v1"
    assert b"x-api-key: k\r\n" in door(deepseek).probe(next(iter(deepseek.keys.values()))).head
    ours = deployed(type="openai_compatible", base_url="http://127.0.0.1:1/v1", format="anthropic_messages")
    assert ours.facts.formats == ("anthropic_messages",)


def test_a_url_of_ones_own_speaks_only_what_is_at_it() -> None:
    assert deployed(type="azure", resource="ours", api_key="k").facts.formats[-1] == "anthropic_messages"
    elsewhere = deployed(type="azure", base_url="https://gateway.example/v1", api_key="k")
    assert elsewhere.facts.formats == ("openai_chat", "openai_responses", "openai_completions")


def test_a_dialect_is_laid_over_the_pages() -> None:
    said = {"max_tokens_field": "max_tokens", "refuses": ["seed"], "efforts": ["low", "high"], "stream_usage": False}
    facts = deployed(type="openai", api_key="k", dialect=said, terminator=False).facts
    assert facts.dialect.max_tokens_field == "max_tokens"
    assert facts.dialect.refuses == {"seed"}
    assert facts.dialect.efforts == ("low", "high")
    assert facts.dialect.stream_usage is False
    assert facts.dialect.ending == "finish"


def test_fixed_headers_are_sent_and_can_be_overridden() -> None:
    anthropic = deployed(type="anthropic", api_key="k")
    assert anthropic.facts.headers == {"anthropic-version": "2023-06-01"}
    assert b"anthropic-version: 2023-06-01\r\n" in door(anthropic).probe(next(iter(anthropic.keys.values()))).head
    newer = deployed(type="anthropic", api_key="k", headers={"anthropic-version": "2030-01-01"})
    head = door(newer).probe(next(iter(newer.keys.values()))).head
    assert b"anthropic-version: 2030-01-01\r\n" in head
    assert b"2023-06-01" not in head


def test_only_servers_of_ones_own_may_be_private_unasked() -> None:
    def may(**written: Any) -> bool:
        return origin(deployed(**written)).allow_private

    assert may(type="ollama", base_url="http://ollama:11434/v1")
    assert not may(type="ollama", base_url="http://ollama:11434/v1", allow_private=False)
    assert not may(type="openai_compatible", base_url="http://house:1/v1")
    assert may(type="openai_compatible", base_url="http://house:1/v1", allow_private=True)
    assert may(type="openai_compatible", base_url="http://127.0.0.1:1/v1")


# The settings, and what they are settings of


def choices(hint: Any) -> set[Any]:
    """The words that a setting or a field may be."""
    inner = [choices(each) if get_args(each) else {each} for each in get_args(hint)]
    return {word for words in inner for word in words if isinstance(word, str)}


def test_settings_of_a_dialect_are_flags_with_the_same_choices() -> None:
    flags = {field.name: field.type for field in msgspec.structs.fields(Dialect)}
    settings = schema.Dialect.model_fields
    assert settings.keys() <= flags.keys()
    assert settings.keys() | {"ending"} <= Rules.__annotations__.keys()
    for name, setting in settings.items():
        if name != "efforts":
            assert choices(setting.annotation) == choices(flags[name]), name


def test_settings_name_the_same_formats_and_parameters() -> None:
    assert set(get_args(schema.Format)) == set(get_args(FormatName))
    assert set(get_args(schema.Refusable)) == set(get_args(Parameter))
    assert set(get_args(schema.Provider.model_fields["format"].annotation)[0].__args__) == set(get_args(FormatName))
    assert set(providers.base.SETTINGS) <= schema.Provider.model_fields.keys()


def test_the_file_takes_them(tmp_path: Path) -> None:
    path = tmp_path / "trunkline.yaml"
    written = {"type": "azure", "resource": "ours", "dialect": {"thinks": "", "efforts": ["low"]}, "api_key": "k" * 9}
    path.write_text(yaml.safe_dump({"providers": {"it": written}}))
    config = load(path, env={}, provider_types=PROVIDERS.keys(), environment_providers=())
    dialect = config.providers["it"].dialect
    assert dialect is not None
    assert (dialect.thinks, dialect.efforts, dialect.refuses) == ("", ("low",), None)
    path.write_text("providers: {it: {type: azure, dialect: {thinks: hard, refuses: [everything]}}}")
    with pytest.raises(ConfigError) as raised:
        load(path, env={}, provider_types=PROVIDERS.keys(), environment_providers=())
    assert len(re.findall(r"providers\.it\.dialect\.", str(raised.value))) == 2
