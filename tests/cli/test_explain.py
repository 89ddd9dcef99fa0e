"""`trunkline explain`"""

import json

from tests.cli.command import Place

TWO = """
providers:
  openai: {api_key: sk-one}
  mistral: {api_key: sk-two, data: {region: eu, training: no}}
models:
  cheap: {route: cheapest, of: [openai/gpt-4o, mistral/mistral-large-latest, openai/gpt-4o-mini]}
  private: {route: fallback, of: [openai/gpt-4o, mistral/mistral-large-latest], data: {region: eu}}
  never: {route: fallback, of: [openai/gpt-4o], max_price: {input: 0.01}}
  tiered:
    route: conditional
    rules: [{when: "tags.plan == 'free'", to: openai/gpt-4o-mini}]
    else: cheap
keys:
  - {name: app, key: sk-tl-application, models: [cheap, tiered], tags: {plan: free}}
"""


def rows(said: str) -> list[list[str]]:
    """The table's lines, in words."""
    return [line.split() for line in said.splitlines() if "/" in line and "─" not in line]


def test_every_candidate_is_listed_with_its_prices_and_the_reason_for_its_place(place: Place) -> None:
    place.configure(TWO)
    said = place.run("explain", "-m", "cheap").stdout
    assert said.startswith("cheap, for a request of about ")
    assert [row[:4] for row in rows(said)] == [
        ["1", "openai/gpt-4o-mini", "0.15", "0.6"],
        ["2", "mistral/mistral-large-latest", "2", "6"],
        ["3", "openai/gpt-4o", "2.5", "10"],
    ]
    assert "USD for this request" in said
    assert "Health is unknown: no server was asked." in said


def test_what_is_kept_out_is_told_with_the_filter(place: Place) -> None:
    place.configure(TWO)
    first, second = rows(place.run("explain", "-m", "private").stdout)
    assert first[:2] == ["1", "mistral/mistral-large-latest"]
    assert second[0] == "openai/gpt-4o"
    assert " ".join(second).endswith("data data: nothing says where it is, and it must be in eu")


def test_a_request_and_its_headers_are_looked_at(place: Place) -> None:
    place.configure(TWO)
    request = {
        "model": "tiered",
        "messages": [{"role": "user", "content": "Hello"}],
        "provider": {"ignore": ["openai"]},
    }
    (place.folder / "request.json").write_text(json.dumps(request))
    said = place.run("explain", "--file", "request.json").stdout
    assert "- tiered: no rule holds, so `else` does" in said
    assert rows(said)[0][:2] == ["1", "mistral/mistral-large-latest"]
    assert "'plan' is not a header such as" in place.run("explain", "-m", "tiered", "--header", "plan", code=2).stderr
    tagged = place.run("explain", "--file", "-", "--header", "x-trunkline-tags=plan=free", given='{"model": "tiered"}')
    assert "- tiered: rule 1 holds (tags.plan == 'free')" in tagged.stdout
    place.configure(f"{TWO}metadata_tags: [plan]")
    given = '{"model": "tiered", "metadata": {"plan": "free"}}'
    assert "rule 1 holds" in place.run("explain", "--file", "-", given=given).stdout


def test_a_key_brings_its_tags_and_its_bounds(place: Place) -> None:
    place.configure(TWO)
    assert "rule 1 holds" in place.run("explain", "-m", "tiered", "--key", "app").stdout
    refused = place.run("explain", "-m", "private", "--key", "app", code=2).stderr
    assert "The key 'app' may not use the model 'private'" in refused
    assert "There is no key 'nobody'" in place.run("explain", "-m", "cheap", "--key", "nobody", code=2).stderr


def test_as_json_it_is_all_there(place: Place) -> None:
    place.configure(TWO)
    told = place.json("explain", "-m", "private")
    assert (told["model"], told["route"], told["refusal"], told["decisions"]) == ("private", "private", None, [])
    assert told["health"].startswith("unknown")
    best, other = told["candidates"]
    assert (best["name"], best["place"], best["cost"] > 0) == ("mistral/mistral-large-latest", 1, True)
    assert best["price"]["input"] == 2_000_000_000
    assert [verdict["filter"] for verdict in other["verdicts"] if not verdict["passes"]] == ["data"]


def test_where_nobody_may_be_asked_it_says_so_and_fails(place: Place) -> None:
    place.configure(TWO)
    result = place.run("explain", "-m", "never", code=1)
    assert rows(result.stdout)[0][0] == "openai/gpt-4o"
    assert "No model of 'never' may take this request: openai/gpt-4o (price:" in result.stderr


def test_a_request_that_is_wrong_is_told_as_the_server_would(place: Place) -> None:
    place.configure(TWO)
    (place.folder / "wrong.json").write_text('{"model": "cheap", "provider": {"order": "openai"}}')
    said = place.run("explain", "--file", "wrong.json", code=2).stderr
    assert "Invalid type for 'provider.order': expected a list of texts" in said
    (place.folder / "wrong.json").write_text("{")
    assert "wrong.json: The body is not valid JSON" in place.run("explain", "--file", "wrong.json", code=2).stderr
    assert "elsewhere.json: No such file" in place.run("explain", "--file", "elsewhere.json", code=1).stderr
    assert "Did you mean 'cheap'" in place.run("explain", "-m", "cheep", code=2).stderr
    assert "names no model" in place.run("explain", code=2).stderr


def test_a_route_by_complexity_is_explained_with_the_score(place: Place) -> None:
    auto = "  auto: {route: complexity, easy: openai/gpt-4o-mini, hard: openai/gpt-4o}\n"
    place.configure(TWO.replace("keys:", f"{auto}keys:"))
    said = place.run("explain", "-m", "auto").stdout
    assert "- auto: easy, with a score of 0." in said
    assert rows(said)[0][:2] == ["1", "openai/gpt-4o-mini"]
