"""`trunkline providers`"""

from tests.cli.command import Place

from trunkline.providers import PROVIDERS

FILE = """
providers:
  openai: {api_keys: [sk-first-secret, sk-second-secret]}
  house: {type: openai_compatible, base_url: "http://127.0.0.1:8000/v1"}
  paid: {type: openai, base_url: "https://eu.example/v1"}
  china: {type: qwen, region: cn, api_key: sk-third-secret, format: anthropic_messages}
  ours: {type: azure, api_key: sk-fourth-secret}
"""


def test_with_nothing_set_only_the_simulated_one_answers(place: Place) -> None:
    told = place.json("providers")
    assert told["providers"] == [
        {
            "name": "simulated",
            "type": "simulated",
            "origin": "built in",
            "address": "",
            "key": "none",
            "format": "openai_chat",
        }
    ]
    assert {kind["type"] for kind in told["types"]} == PROVIDERS.keys()
    [openai] = [kind for kind in told["types"] if kind["type"] == "openai"]
    assert openai["variables"] == {"OPENAI_API_KEY": False}
    assert openai["formats"] == ["openai_chat", "openai_responses", "openai_completions"]


def test_a_key_in_the_environment_makes_its_provider(place: Place) -> None:
    place.environment |= {"OPENAI_API_KEY": "sk-secret", "OPENAI_BASE_URL": "https://mirror.example/v1"}
    told = place.json("providers")
    assert told["providers"][0] == {
        "name": "openai",
        "type": "openai",
        "origin": "environment",
        "address": "https://mirror.example/v1",
        "key": "OPENAI_API_KEY",
        "format": "openai_chat",
    }
    assert "sk-secret" not in place.run("providers").output


def test_a_login_is_told_like_a_key(place: Place) -> None:
    login = {"AWS_ACCESS_KEY_ID": "AKIA-secret", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "eu-west-1"}
    place.environment |= login
    [bedrock, _] = place.json("providers")["providers"]
    assert (bedrock["name"], bedrock["key"]) == ("bedrock", "AWS_ACCESS_KEY_ID")
    assert bedrock["address"] == "https://bedrock-runtime.eu-west-1.amazonaws.com"
    assert "secret" not in place.run("providers").output


def test_the_table_shows_where_keys_come_from_and_no_key(place: Place) -> None:
    place.configure(FILE)
    said = place.run("providers").output
    assert "secret" not in said
    lines = [line.split() for line in said.splitlines()]
    chat = "openai_chat"
    assert ["openai", "openai", "file", "https://api.openai.com/v1", "2", "in", "the", "file", chat] in lines
    assert ["house", "openai_compatible", "file", "http://127.0.0.1:8000/v1", "none", chat] in lines
    assert ["paid", "openai", "file", "https://eu.example/v1", "missing", chat] in lines
    assert ["ours", "azure", "file", "in", "the", "file", chat] in lines  # its resource is not named
    [china] = [line for line in lines if line[:1] == ["china"]]
    assert china[3:] == ["https://dashscope.aliyuncs.com/apps/anthropic/v1", "in", "the", "file", "anthropic_messages"]


def test_one_provider_is_shown_with_all_that_is_known_of_its_type(place: Place) -> None:
    place.configure(FILE)
    said = place.run("providers", "paid").output
    assert "Type:              openai: OpenAI\n" in said
    assert "Here:              as paid, from: file\n" in said
    assert "Variables:         OPENAI_API_KEY (not set)\n" in said
    assert "Formats:           openai_chat, openai_responses, openai_completions\n" in said
    told = place.json("providers", "paid")
    assert told["provider"]["address"] == "https://eu.example/v1"
    assert told["type"]["facts"]["Login"].startswith("a key, from `OPENAI_API_KEY`")


def test_a_type_that_is_not_there_is_shown_too(place: Place) -> None:
    said = place.run("providers", "vertex").output
    assert "Here:              no: neither written, nor in the environment\n" in said
    assert "project, from GOOGLE_CLOUD_PROJECT" in said
    told = place.json("providers", "vertex")
    assert told["provider"] is None
    assert told["type"]["settings"] == ["project", "location"]


def test_a_name_that_is_neither_is_told(place: Place) -> None:
    said = place.run("providers", "nowhere", code=2).output
    assert "There is no provider 'nowhere', and no type of that name." in said
