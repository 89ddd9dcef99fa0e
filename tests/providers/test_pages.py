"""The pages of facts: that each is whole and fits its format, and that what was recorded bears it out."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from tests.providers.recorded import Answered, needed, recorded

from trunkline.providers import PROVIDERS, SIMULATED, pages
from trunkline.providers.base import SETTINGS, Limits, Provider, Unfilled
from trunkline.providers.families import FAMILIES

FILES = sorted(path for path in Path(pages.__path__[0]).glob("*.py") if path.stem != "__init__")
ASKED_FOR = """
openai azure anthropic google vertex bedrock mistral deepseek qwen xai groq cohere together fireworks perplexity
cerebras openrouter tokenmix zai moonshot minimax nvidia huggingface vllm tgi sglang llamacpp ollama lmstudio cloudflare
openai_compatible simulated
"""
FILLED = {"region": "us-east-1", "resource": "RESOURCE", "project": "PROJECT", "location": "global", "account": "acct"}

each = pytest.mark.parametrize("facts", PROVIDERS.values(), ids=PROVIDERS)


def in_region(facts: Provider) -> dict[str, str]:
    """Settings that fill every hole of a URL."""
    own: dict[str, str] = {hole.setting: next(iter(hole.hosts)) for hole in facts.holes if hole.hosts}
    return FILLED | own


def test_every_provider_that_is_promised_has_a_page() -> None:
    assert ASKED_FOR.split() == sorted(PROVIDERS, key=ASKED_FOR.split().index)
    assert {path.stem for path in FILES} | {SIMULATED.type} == PROVIDERS.keys()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_page_is_short_and_names_its_source(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 60
    doc = ast.get_docstring(ast.parse(text)) or ""
    assert "https://" in doc or path.stem == "openai_compatible"


@each
def test_a_page_says_where_and_how(facts: Provider) -> None:
    assert re.fullmatch("[a-z_]+", facts.type)
    assert facts.needs_key == bool(facts.key_variables and not facts.local) or facts.login != "key"
    assert facts.local <= bool(facts.base_variable)
    assert facts.key_header == facts.key_header.lower()
    assert bool(facts.login_variables) == (facts.login != "key") == bool(facts.scope)
    assert set(facts.settings) <= set(SETTINGS)
    assert facts.format not in {other.format for other in facts.also}
    assert len(set(facts.formats)) == len(facts.formats)
    assert bool(facts.dialect.reasoning_field) or facts.dialect.replays_reasoning == "never"


@each
def test_no_hole_is_left_in_a_url(facts: Provider) -> None:
    for spoken in facts.formats:
        there = facts.speaking(spoken)
        assert there is not None
        url = there.url(in_region(facts), {})
        assert not url or re.fullmatch(r"https?://[\w.:-]+(/[\w./-]+)?", url)
        assert bool(url) == bool(facts.base_url)
    assert facts.speaking("openai_completions") is None or "openai_completions" in facts.formats


def test_variables_of_keys_are_each_of_one_provider() -> None:
    named = [name for facts in PROVIDERS.values() for name in facts.key_variables]
    assert len(set(named)) == len(named)
    bases = [facts.base_variable for facts in PROVIDERS.values() if facts.base_variable]
    assert len(set(bases)) == len(bases)


def test_catalogues_are_those_of_the_price_list() -> None:
    from genai_prices.data_snapshot import get_snapshot

    known = {provider.id for provider in get_snapshot().providers}
    assert {facts.catalogue for facts in PROVIDERS.values()} - {""} <= known


def test_makers_are_makers_of_families() -> None:
    makers = {maker for facts in PROVIDERS.values() for maker in facts.makers}
    assert makers <= {family.maker for family in FAMILIES}


def test_a_new_format_takes_the_page_with_it() -> None:
    claude = PROVIDERS["vertex"].speaking("anthropic_messages")
    assert claude is not None
    assert claude.format == "anthropic_messages"
    assert claude.path == ("/models/{model}:rawPredict", "/models/{model}:streamRawPredict")
    assert claude.body == {"anthropic_version": "vertex-2023-10-16", "model": None}
    assert claude.login == "service_account"
    assert claude.dialect.output_excludes_reasoning is False
    azure = PROVIDERS["azure"].speaking("anthropic_messages")
    assert azure is not None
    assert (azure.key_header, azure.key_prefix) == ("x-api-key", "")
    assert PROVIDERS["azure"].speaking("openai_chat") is PROVIDERS["azure"]
    assert PROVIDERS["azure"].speaking("google_generate") is None


# URLs


def test_a_region_picks_the_host() -> None:
    qwen, vertex = PROVIDERS["qwen"], PROVIDERS["vertex"]
    assert qwen.url({}, {}) == "https://dashscope-intl.aliyuncs.com/compatible-mode/v1"
    assert qwen.url({"region": "cn"}, {}) == "https://dashscope.aliyuncs.com/compatible-mode/v1"
    here = {"GOOGLE_CLOUD_PROJECT": "p1"}
    assert vertex.url({}, here).startswith("https://aiplatform.googleapis.com/v1/projects/p1/locations/global/")
    assert vertex.url({"location": "eu"}, here).startswith("https://aiplatform.eu.rep.googleapis.com/")
    assert vertex.url({"location": "us-east5", "project": "p2"}, here) == (
        "https://us-east5-aiplatform.googleapis.com/v1/projects/p2/locations/us-east5/publishers/google"
    )


@pytest.mark.parametrize(
    ("type_", "settings", "told"),
    [
        ("azure", {}, "Write `resource` there, or set AZURE_RESOURCE_NAME in the environment."),
        ("qwen", {"region": "mars"}, "`region` is 'mars'; there are intl, cn, us."),
        ("bedrock", {"region": "us-east-1.evil.example/"}, "cannot stand in a URL"),
        ("bedrock", {"region": "a/../b"}, "cannot stand in a URL"),
        ("azure", {"resource": "x@y"}, "cannot stand in a URL"),
    ],
)
def test_what_cannot_be_a_url_is_told(type_: str, settings: dict[str, str], told: str) -> None:
    with pytest.raises(Unfilled) as raised:
        PROVIDERS[type_].url(settings, {})
    assert told in str(raised.value)


def test_a_variable_may_leave_out_the_end_of_the_url() -> None:
    anthropic = PROVIDERS["anthropic"]
    for given in ("http://mirror.example", "http://mirror.example/", "http://mirror.example/v1"):
        assert anthropic.url({}, {"ANTHROPIC_BASE_URL": given}) == "http://mirror.example/v1"
    azure = PROVIDERS["azure"].url({}, {"AZURE_OPENAI_ENDPOINT": "https://x.openai.azure.com/"})
    assert azure == "https://x.openai.azure.com/openai/v1"


# Discovery


def test_loading_the_pages_loads_nothing_heavy() -> None:
    script = "import sys, trunkline.providers; print('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True, timeout=30)
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert not loaded & {"genai_prices", "yaml", "pydantic", "cryptography", "asyncio", "rich", "click"}


# Against the recordings


def looks_like(facts: Provider, url: str) -> bool:
    """Whether a recorded URL lies below that of a page, in one of its regions, for one of its formats."""
    host_and_path = re.sub(r"^https?://", "", url)
    for spoken in facts.formats:
        there = facts.speaking(spoken)
        assert there is not None
        pattern = re.sub(r"^https?://", "", there.base_url or "")
        for name in ("host", *SETTINGS):
            pattern = pattern.replace(f"{{{name}}}", "\0")
        known = re.escape(pattern).replace("\0", r"[\w.-]+").replace(re.escape("\0"), r"[\w.-]+")
        known = known.replace("/v1", "/v1(?:beta1)?").replace("localhost", r"(?:localhost|0\.0\.0\.0)")
        if re.match(known, host_and_path):
            return True
    return False


ELSEWHERE = {
    "bedrock": r"bedrock-mantle\.[\w-]+\.api\.aws/v1/",  # the open models' host
    "ollama": r"(localhost:11434/api/|ollama\.com/)",  # its own format, and its cloud
    "cohere": r"api\.cohere\.(com|ai)/v[12]/",  # its own format
    "qwen": r"(wss://)?dashscope\.aliyuncs\.com/api",  # its own format
    "huggingface": r"(router\.huggingface\.co/\w+/|api-inference\.huggingface\.co/)",  # one provider behind it
    "azure": r"RESOURCE\.(services\.ai|cognitiveservices|openai)\.azure\.com/(models|openai)/",  # older styles, hosts
    "zai": r"api\.z\.ai/api/coding/",  # a plan for coding
    "llamacpp": r"localhost:8080/props",
    "openai": r"api\.openai\.com/v1/",
    "google": r"generativelanguage\.googleapis\.com/upload/",
    "vertex": r"(vertexai:///|[\w-]*aiplatform\.googleapis\.com/v1beta1/.*/cachedContents)",
}
"""What was recorded at other URLs than a page's, and why."""


@pytest.mark.shared
def test_pages_say_where_the_recordings_were_made() -> None:
    needed()
    strange = []
    for answered in recorded():
        url = re.sub(r"^https?://", "", answered.url)
        if url and not looks_like(PROVIDERS[answered.type], answered.url):
            known = ELSEWHERE.get(answered.type, "nowhere")
            strange += [] if re.match(known, url) else [answered.url]
    assert strange == []


KEYED = {"authorization", "api-key", "x-api-key", "x-goog-api-key"}


@pytest.mark.shared
def test_keys_go_where_they_went_in_the_recordings() -> None:
    needed()
    for answered in recorded():
        facts = PROVIDERS[answered.type]
        went = answered.request_headers & KEYED
        pages_of = [facts, *filter(None, map(facts.speaking, facts.formats))]
        assert went <= {page.key_header for page in pages_of} | {"authorization"}, answered.name


def complete(answered: Answered) -> bool:
    return answered.status == 200 and "midstream_error" not in answered.features


@pytest.mark.shared
def test_streams_end_as_the_pages_say() -> None:
    """A page that waits for `[DONE]` had it in every recorded stream that was whole."""
    needed()
    without = {
        answered.name
        for answered in recorded("chat")
        if "sse" in answered.document["response"] and complete(answered)
        if PROVIDERS[answered.type].dialect.ending == "done" and b"[DONE]" not in answered.body[-400:]
    }
    cut = {name for name in without if not re.search(rb'"finish_reason":\s*"', body_of(name))}
    assert without == cut, "these are whole, and have no `[DONE]`"


def body_of(name: str) -> bytes:
    return next(answered.body for answered in recorded() if answered.name == name)


@pytest.mark.shared
def test_headers_of_limits_are_those_that_were_sent() -> None:
    needed()
    sent: dict[str, dict[str, str]] = {}
    for answered in recorded():
        sent.setdefault(answered.type, {}).update({k.decode(): v.decode() for k, v in answered.headers.items()})
    for facts in PROVIDERS.values():
        for field, name in msgspec.structs.asdict(facts.limits or Limits()).items():
            if name and field != "reset":
                assert name in sent[facts.type], (facts.type, name)
                if field.endswith("_reset"):
                    assert re.fullmatch(RESETS[(facts.limits or Limits()).reset], sent[facts.type][name]), name


RESETS = {
    "duration": r"(\d+h)?(\d+m)?(\d+(\.\d+)?s)?(\d+ms)?",
    "seconds": r"\d+(\.\d+)?",
    "rfc3339": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ",
}
