"""`trunkline providers`"""

from tests.cli.command import Place

FILE = """
providers:
  openai: {api_keys: [sk-first-secret, sk-second-secret]}
  house: {type: openai_compatible, base_url: "http://127.0.0.1:8000/v1"}
  paid: {type: openai, base_url: "https://eu.example/v1"}
"""


def test_with_nothing_set_only_the_simulated_one_answers(place: Place) -> None:
    told = place.json("providers")
    assert told["providers"] == [
        {"name": "simulated", "type": "simulated", "origin": "built in", "address": "", "key": "none"}
    ]
    [openai] = [kind for kind in told["types"] if kind["type"] == "openai"]
    assert openai["variables"] == {"OPENAI_API_KEY": False}


def test_a_key_in_the_environment_makes_its_provider(place: Place) -> None:
    place.environment |= {"OPENAI_API_KEY": "sk-secret", "OPENAI_BASE_URL": "https://mirror.example/v1"}
    told = place.json("providers")
    assert told["providers"][0] == {
        "name": "openai",
        "type": "openai",
        "origin": "environment",
        "address": "https://mirror.example/v1",
        "key": "OPENAI_API_KEY",
    }
    assert "sk-secret" not in place.run("providers").output


def test_the_table_shows_where_keys_come_from_and_no_key(place: Place) -> None:
    place.configure(FILE)
    said = place.run("providers").output
    assert "secret" not in said
    lines = [line.split() for line in said.splitlines()]
    assert ["openai", "openai", "file", "https://api.openai.com/v1", "2", "in", "the", "file"] in lines
    assert ["house", "openai_compatible", "file", "http://127.0.0.1:8000/v1", "none"] in lines
    assert ["paid", "openai", "file", "https://eu.example/v1", "missing"] in lines
