"""No secret gets through the guard, wherever it stands; what is no secret does."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.telemetry.redact import DEEPEST, LONGEST, MOST_ITEMS, REDACTED, Guard

TOKEN = st.from_regex(r"[A-Za-z0-9_-]{16,60}Zq9", fullmatch=True)
FORMS = [
    "sk-{}",
    "sk-ant-api03-{}",
    "Bearer {}",
    "bearer  {}",
    "AIzaSy{}",
    "Authorization: Basic {}==",
    "x-api-key: {}",
    "?key={}&alt=sse",
    '{{"api_key": "{}"}}',
    "postgresql://user:{}@db/x",
    "eyJhbGciOiJIUzI1NiJ9.eyJ{}.c2ln",
    "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----",
]
SECRET_NAMES = [
    "key",
    "api_key",
    "apiKey",
    "X-API-Key",
    "token",
    "access_token",
    "authorization",
    "Proxy-Authorization",
    "client_secret",
    "PASSWORD",
    "master_key_2",
    "credentials",
    "set-cookie",
    "api_keys",
    "dsn",
]
WORDS = st.text(max_size=40)
FILL = st.text(alphabet=" .,:;=\n\t\"'{}[]()/?&aeiou", max_size=40)


def shown(value: object, guard: Guard | None = None) -> str:
    """What the log would show of a field with this value."""
    return msgspec.json.encode((guard or Guard()).fields({"detail": value})).decode()


def wrapped(inner: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.one_of(
        st.tuples(inner),
        st.lists(inner, min_size=1, max_size=3),
        st.dictionaries(WORDS, inner, min_size=1, max_size=3),
        st.tuples(st.just(b"x-anything"), inner),
        st.builds(ValueError, st.just("failed"), inner),
        inner.map(lambda value: str(value).encode(errors="surrogatepass")),
    )


@st.composite
def holding_secrets(draw: st.DrawFn) -> tuple[str, object]:
    """A secret, and a value that holds it in some form somewhere."""
    token = draw(TOKEN)
    text = draw(FILL) + draw(st.sampled_from(FORMS)).format(token) + draw(FILL)
    return token, draw(st.recursive(st.just(text), wrapped, max_leaves=2))


@given(holding_secrets())
def test_what_looks_like_a_secret_is_removed_wherever_it_stands(case: tuple[str, object]) -> None:
    token, value = case
    assert token not in shown(value)
    assert token not in shown({str(value): 1}), "as a name"


@given(st.sampled_from(SECRET_NAMES), st.from_regex(r"[ -~]{0,30}Zq9", fullmatch=True), st.integers(0, 2))
def test_a_field_named_like_a_secret_has_no_value(name: str, secret: str, form: int) -> None:
    value: object = [secret, {"a": [secret]}, secret.encode()][form]
    for fields in ({name: value}, {"headers": {name: value}}, {"headers": [(name, value)]}):
        text = msgspec.json.encode(Guard().fields(fields)).decode()
        assert "Zq9" not in text
        assert REDACTED in text
    assert "Zq9" not in shown([(name.encode(), value)])


@given(st.text(min_size=6, max_size=60).map(lambda text: text + "Zq9"), WORDS, WORDS)
def test_a_known_secret_is_removed_wherever_it_stands(secret: str, before: str, after: str) -> None:
    guard = Guard()
    guard.hide([secret, "", "short"])
    text = before.replace("Zq9", "") + secret + after.replace("Zq9", "")
    assert "Zq9" not in shown({"text": [text]}, guard)


def test_secrets_of_a_configuration_take_the_place_of_the_former() -> None:
    guard = Guard()
    guard.hide(["first-value"])
    guard.hide(["second-value"])
    assert shown("first-value second-value", guard) == f'{{"detail":"first-value {REDACTED}"}}'
    guard.hide([])
    assert shown("second-value", guard) == '{"detail":"second-value"}'


@pytest.mark.parametrize("secret", ["sk-QqQqQqQqWwWwWwWwRrRrRrRr", "QqQqQqQqWwWwWwWwRrRrRrRr"])
def test_the_cut_of_a_long_text_leaves_no_part_of_a_secret(secret: str) -> None:
    guard = Guard()
    guard.hide([secret] if secret.startswith("Q") else [])
    for position in [*range(LONGEST - 40, LONGEST + 10), *range(LONGEST + 960, LONGEST + 1010)]:
        for before in ("", "password=" + "z" * 1500 + " "):  # what is removed makes room for what would have been cut
            text = guard.text(before.ljust(position - 1, "-") + " " + secret + " " + "-" * 5000)
            assert "Qq" not in text
            assert len(text) <= LONGEST + 1


@pytest.mark.parametrize(
    "harmless",
    [
        "task-runner",
        "the model openai/gpt-4o-mini was served in 12.5 ms",
        "0193f0a0-1111-7222-8333-444455556666",
        "https://api.openai.com/v1/chat/completions",
        "risk-free",
        "server.control: something else already listens on 127.0.0.1:4001",
        "modèle 模型",
    ],
)
def test_what_is_no_secret_is_shown(harmless: str) -> None:
    assert Guard().text(harmless) == harmless


def test_names_that_only_sound_like_secrets_are_shown() -> None:
    fields = {"key_name": "support", "tokens": "12", "token_count": 3, "keys": 4, "max_token": 5, "monkeys": "two"}
    assert Guard().fields(fields) == fields | {"monkeys": REDACTED}


class Unshowable:
    """A value whose text cannot be made."""

    def __str__(self) -> str:
        raise RuntimeError("no text")


def test_values_of_any_kind_become_json() -> None:
    endless: list[object] = []
    endless.append(endless)
    deep: object = "bottom"
    for _ in range(DEEPEST + 3):
        deep = {"a": deep}
    fields: dict[str, object] = {
        "half_a_pair": "a\ud800b",
        "bytes": b"caf\xc3\xa9 \xff",
        "huge": 10**5000,
        "negative": -(2**70),
        "nan": float("nan"),
        "none": None,
        "unshowable": Unshowable(),
        "endless": endless,
        "deep": deep,
        "many": list(range(MOST_ITEMS * 2)),
        "long": "x" * (LONGEST * 3),
        "error": KeyError("gone"),
        "type": Guard,
    }
    read = msgspec.json.decode(msgspec.json.encode(Guard().fields(fields)), type=dict[str, object])
    assert read.keys() == fields.keys()
    assert read["half_a_pair"] == "a\\ud800b"
    assert read["bytes"] == "café \\xff"
    assert read["negative"] == str(-(2**70))
    assert read["unshowable"] == "<Unshowable that cannot be shown: RuntimeError>"
    assert read["many"] == list(range(MOST_ITEMS))
    assert read["long"] == "x" * LONGEST + "…"
    assert read["error"] == "KeyError: 'gone'"
    assert "bottom" not in str(read["deep"])
