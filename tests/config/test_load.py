"""The file as a whole."""

import hashlib
import traceback
from pathlib import Path

import pydantic
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.config.reading import TYPES, read, refusal, wrong

from trunkline.config.load import load
from trunkline.config.places import Address
from trunkline.config.problems import ConfigError, nearest, quote
from trunkline.config.schema import Config, Fallback

SECRET = "hunter2-correct-horse"


def test_without_a_file_the_defaults_hold() -> None:
    config = load(None, env={}, provider_types=TYPES, environment_providers=())
    server = config.server
    assert (server.listen, server.control) == (Address("127.0.0.1", 4000), Address("127.0.0.1", 4001))
    assert (server.workers, server.in_flight, server.data, server.tls) == (1, 5000, None, None)
    assert (server.limits.body, server.limits.headers, server.limits.depth) == (32 << 20, 64 << 10, 128)
    assert server.limits.reply == 64 << 20
    timeouts = server.timeouts
    assert (timeouts.headers, timeouts.body, timeouts.idle, timeouts.write_stall) == (10, 60, 75, 300)
    assert (server.keep_alive, server.grace, server.shutdown) == (15, 5, 30)
    deadline = config.deadline
    assert (deadline.connect, deadline.first_token, deadline.gap, deadline.total) == (5, 120, 120, 600)
    retries = config.retries
    assert (retries.attempts, retries.backoff, retries.max_backoff, retries.max_wait) == (3, 0.25, 8, 10)
    assert (config.responses.store, config.responses.keep) == (True, 30 * 86400)
    assert (config.key_secret, config.master_key) == (None, None)
    assert (config.source, config.digest) == (None, hashlib.sha256(b"").hexdigest())


@pytest.mark.parametrize("content", ["", "# nothing yet\n", "server:\nproviders:\nkeys:\ntelemetry:\n  log:\n", "{}"])
def test_an_empty_file_and_empty_sections_are_valid(content: str) -> None:
    assert read(content).model_dump() == read("").model_dump()


def test_a_setting_without_a_value_is_told() -> None:
    assert wrong("server:\n  listen:\n  workers:\nstore: null\nmodels:\n  a:\n") == [
        (
            "2:10  server.listen: an address such as 127.0.0.1:4000 or [::1]:4000 is due, and nothing stands here; "
            "without the line the default holds"
        ),
        "3:11  server.workers: a whole number is due, and nothing stands here; without the line the default holds",
        (
            "4:8  store: a store such as sqlite:///var/lib/trunkline/trunkline.db or "
            "postgresql://user:password@host/database is due, and nothing stands here; "
            "without the line the default holds"
        ),
        "6:5  models.a: a model is due: provider/model, the name of another model, or a mapping with `route`",
    ]


def test_an_empty_list_of_models_is_not_taken_for_all() -> None:
    assert wrong("keys: [{name: a, key: abc, models: []}, {name: b, key: abd, models: }]") == [
        "1:28  keys[0].models: this list is empty",
        "1:69  keys[1].models: this list is empty",
    ]


def test_a_configuration_as_operators_write_it() -> None:
    config = read(
        """
        key_secret: ${KEY_SECRET}
        deadline: {total: 300s}
        providers:
          openai: {api_key: "${OPENAI_API_KEY}"}
          house:
            type: openai_compatible
            base_url: http://10.0.0.5:8000/v1
            allow_private: true
            headers: {x-team: "team-${TEAM:-none}"}
            deadline: {gap: 20s}
            price: {input: 0, output: 0}
        models:
          support-bot: openai/gpt-4o
          summary:
            route: fallback
            of: [support-bot, house/qwen2.5-7b-instruct]
            deadline: {connect: 2s}
            retries: {attempts: 2}
        keys:
          - {name: support, key: "${SUPPORT_KEY}", models: [support-bot, summary], tags: {feature: refunds}}
        """,
        {"KEY_SECRET": "k" * 32, "OPENAI_API_KEY": SECRET, "SUPPORT_KEY": "tl-abc"},
    )
    house, summary, key = config.providers["house"], config.models["summary"], config.keys[0]
    assert config.providers["openai"].type == "openai"
    assert (house.type, house.headers["x-team"].get_secret_value()) == ("openai_compatible", "team-none")
    assert isinstance(summary, Fallback)
    assert summary.of == ("support-bot", "house/qwen2.5-7b-instruct")
    deadline = config.deadline.overridden_by(house.deadline).overridden_by(summary.deadline)
    assert (deadline.connect, deadline.first_token, deadline.gap, deadline.total) == (2, 120, 20, 300)
    assert config.retries.overridden_by(summary.retries).attempts == 2
    assert config.retries.overridden_by(None) == config.retries
    assert (key.name, key.models, key.tags) == ("support", ("support-bot", "summary"), {"feature": "refunds"})


def test_every_mistake_is_told_at_once_in_the_order_of_lines() -> None:
    assert wrong(
        "server:\n"
        "  listen: 4000\n"
        "  worker: 2\n"
        "  workers: 0\n"
        "  tls: {cert: a.pem}\n"
        "providers:\n"
        "  openai: {api_key: '${UNSET}', apikey: x}\n"
        "  a b: {type: openai}\n"
        "  house: {type: openai, headers: {content-length: '3', 'a:b': c}}\n"
        "models:\n"
        "  a: {route: falback, of: []}\n"
        "  b: 7\n"
        "  c: opena1/x\n"
        "telemetry: {log: {level: trace, format: [json]}}\n"
        "retries: 3\n"
        "prices: 3\n"
        "keys: {}\n"
        "tenants: {}\n"
    ) == [
        "2:11  server.listen: this number is not an address such as 127.0.0.1:4000 or [::1]:4000",
        '3:3  server.worker: unknown setting; did you mean "workers"?',
        "4:12  server.workers: this must be at least 1",
        "5:3  server.tls.key: this setting is missing",
        (
            "7:21  providers.openai.api_key: the environment variable UNSET is not set; "
            "set it, or give a default: ${UNSET:-…}"
        ),
        '7:33  providers.openai.apikey: unknown setting; did you mean "api_key"?',
        '8:3  providers["a b"]: "a b" is not a provider\'s name: letters, digits, `.`, `_` and `-`',
        (
            "9:35  providers.house.headers.content-length: "
            "this header belongs to the connection, and Trunkline sets it itself"
        ),
        '9:56  providers.house.headers["a:b"]: "a:b" is not the name of an HTTP header',
        '11:14  models.a.route: "falback" is unknown here; did you mean "fallback"?',
        "12:6  models.b: a model is due: provider/model, the name of another model, or a mapping with `route`",
        '13:6  models.c: unknown provider "opena1"; did you mean "openai"?',
        '14:26  telemetry.log.level: "trace" is unknown here; known: debug, error, info, warning',
        "14:33  telemetry.log.format: `json` or `console` is due, not a list",
        "15:10  retries: this number is not a mapping",
        "16:9  prices: this number is not a mapping",
        "17:1  keys: a list is due, not a mapping",
        '18:1  tenants: unknown setting; did you mean "teams"?',
    ]


def test_an_error_names_the_file_and_has_one_line_for_each_problem(tmp_path: Path) -> None:
    file = tmp_path / "trunkline.yaml"
    file.write_text("b: 1\na: 1\n")
    with pytest.raises(ConfigError) as caught:
        load(file, env={}, provider_types=TYPES, environment_providers=())
    problems = caught.value.problems
    assert [(p.file, p.line, p.column, p.path) for p in problems] == [(str(file), 1, 1, "b"), (str(file), 2, 1, "a")]
    assert str(caught.value).splitlines() == [str(problem) for problem in problems]
    assert str(caught.value).startswith(f"{file}:1:1  b: unknown setting; known: ")


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    for path, reason in ((tmp_path / "none.yaml", "No such file or directory"), (tmp_path, "Is a directory")):
        with pytest.raises(ConfigError, match=f"the file cannot be read: {reason}"):
            load(path, env={}, provider_types=TYPES, environment_providers=())


def test_a_configuration_knows_its_file_and_the_digest_of_its_bytes(tmp_path: Path) -> None:
    file = tmp_path / "trunkline.yaml"
    file.write_bytes(b"# \xc3\xa4\r\n")
    config = load(file, env={}, provider_types=TYPES, environment_providers=())
    assert (config.source, config.digest) == (file, hashlib.sha256(b"# \xc3\xa4\r\n").hexdigest())


def test_a_configuration_cannot_be_changed() -> None:
    config = read("")
    with pytest.raises(pydantic.ValidationError, match="frozen"):
        config.server.workers = 2


def test_in_json_a_configuration_looks_as_it_is_written_and_reads_the_same() -> None:
    content = (
        "server: {listen: '[::1]:0', trusted_proxies: [10.0.0.0/8], keep_alive: 250ms, data: /d}\n"
        "store: sqlite:///var/lib/t.db\n"
        "prices: {openai/a: {input: 0.15, per_request: 0.000001}}\n"
        "models: {a: openai/a, b: {route: fallback, of: [a]}}\n"
    )
    config = read(content)
    written = config.model_dump(mode="json", exclude_defaults=True)
    assert written["server"]["keep_alive"] == "250ms"
    assert written["prices"]["openai/a"] == {"input": "0.15", "per_request": "0.000001"}
    assert read(yaml.safe_dump(written)).model_dump() == config.model_dump()


SECRETS = """
key_secret: "${S}"
providers:
  openai: {api_key: "${S}", proxy: "http://u:${S}@proxy:1", headers: {a: "x${S}"}}
  simulated: {api_keys: ["${S}", plain-hunter2-correct-horse]}
keys: [{name: a, key: "${S}"}]
"""


def test_secrets_are_in_no_text_made_of_a_configuration() -> None:
    config = read(SECRETS, {"S": SECRET})
    assert config.providers["openai"].headers["a"].get_secret_value() == f"x{SECRET}"
    for text in (repr(config), str(config), config.model_dump_json(), repr(config.model_dump())):
        assert SECRET not in text


WRONG_PLACES = [
    *(
        f"server: {{{name}: '${{S}}'}}"
        for name in ("listen", "control", "workers", "in_flight", "tls", "limits", "keep_alive", "grace")
    ),
    *(
        f"providers: {{openai: {{{name}: '${{S}}'}}}}"
        for name in ("type", "base_url", "proxy", "price", "allow_private")
    ),
    "'${S}'",
    "key_secret: '${S}\n\n '",
    "keys: '${S}'",
    "keys: ['${S}']",
    "keys: [{name: '${S}', key: a}, {name: '${S}', hash: '${S}', models: ['${S}', '${S}*'], expires: '${S}'}]",
    "models: {a: '${S}'}",
    "models: {a: '${S}/x'}",
    "models: {a: {route: '${S}', of: ['${S}', 'openai/${S}/*']}}",
    "prices: {openai/a: {input: '${S}'}}",
    "providers: {simulated: {simulated: {failure_rate: '${S}', seed: '${S}', tokens_per_second: '${S}'}}}",
    "retries: '${S}'",
    "server: {limits: {body: '${S}'}}",
    "server: {shutdown: '${S} 5s'}",
    "server: {trusted_proxies: ['${S}']}",
    "store: '${S}'",
    "telemetry: {log: {level: '${S}'}}",
]


@pytest.mark.parametrize("content", WRONG_PLACES)
def test_a_value_that_was_brought_in_is_never_shown(content: str) -> None:
    error = refusal(content, {"S": SECRET})
    assert error is not None
    assert SECRET not in "".join(traceback.format_exception(error))
    assert error.__context__ is None, "pydantic's exception holds every value"


def test_a_plain_key_in_the_place_of_its_hash_is_not_shown() -> None:
    (problem,) = wrong(f"keys: [{{name: a, hash: {SECRET}}}]")
    assert SECRET not in problem


NAMES = st.sampled_from(
    [*Config.model_fields, "a", "openai", "listen", "of", "route", "<<", "name", "key", "tls", "no", "1"]
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.dates()
    | st.sampled_from(["openai/a", "a", "*", "${A}", "${B", "15s", "1MiB", "127.0.0.1:1", "fallback", "sqlite:///a"])
)
TREES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=5), max_leaves=30
)


def refused_or_read(content: bytes) -> None:
    """Nothing but a `ConfigError` is raised, and it can be shown."""
    error = refusal(content, {"A": "x"})
    if error is not None:
        assert all(problem.line >= 1 and problem.column >= 1 for problem in error.problems)
        assert len(str(error).splitlines()) == len(error.problems) > 0


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.dictionaries(NAMES, TREES, max_size=6))
def test_any_tree_is_a_configuration_or_a_config_error(tree: dict[str, object]) -> None:
    refused_or_read(yaml.safe_dump(tree, allow_unicode=True).encode())


@settings(deadline=None)
@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace")))
def test_any_bytes_are_a_configuration_or_a_config_error(content: bytes) -> None:
    refused_or_read(content)


@settings(deadline=None)
@given(st.text(alphabet="{}[]:,-?&*!|>'\"%@`#~ \n\tano1.<$", max_size=60))
def test_any_punctuation_is_a_configuration_or_a_config_error(content: str) -> None:
    refused_or_read(content.encode())


def test_the_nearest_name_is_found_whatever_its_case() -> None:
    assert nearest("OpenAI", ["anthropic", "openai"]) == "openai"
    assert nearest("zzz", ["anthropic", "openai"]) is None


def test_very_long_and_strange_names_stay_short_and_on_one_line() -> None:
    long, strange = "x" * 900, r"a\u2028b\n"
    problems = wrong(f'models: {{{long}: {long}, "{strange}": "{strange}"}}')
    assert len(problems) == 4
    assert all(len(problem) < 400 and len(problem.splitlines()) == 1 for problem in problems)


def test_quotes_are_short_and_on_one_line() -> None:
    assert quote("a\nb") == '"a\\nb"'
    assert quote("ä") == '"ä"'
    assert len(quote("x" * 1000)) == 83
