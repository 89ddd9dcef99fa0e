"""`trunkline prices`"""

from tests.cli.command import Place

MISTRAL = """
providers:
  mistral: {api_key: x}
  house: {type: vllm, base_url: "http://127.0.0.1:9/v1", allow_private: true}
currencies: {EUR: 1.10}
prices:
  mistral/mistral-large-latest:
    input: 2
    currency: EUR
    since: 2026-01-31
    minimum: 0.001
    units: {second: 0.0001, web_search: 0.01}
    tiers: [{above: 100000, input: 4}]
    services: {batch: {input: 1}}
"""
ROUTES = """
models:
  cheap: mistral/mistral-small-latest
  own: house/qwen
"""


def test_prices_of_the_configuration_are_over_those_of_the_catalogue(place: Place) -> None:
    place.configure(MISTRAL)
    [listed] = place.json("prices")["models"]
    assert listed["model"] == "mistral/mistral-large-latest"
    assert listed["origin"] == "configuration 2026-01-31"
    assert listed["tokens"]["input"] == "2.2"
    assert listed["tokens"]["output"] not in ("", "0")  # the catalogue's
    assert listed["minimum"] == "0.0011"
    assert (listed["units"]["millisecond"], listed["units"]["web_search"]) == ("0.396", "11")
    assert listed["above"]["100000"]["input"] == "4.4"
    assert listed["services"]["batch"]["input"] == "1.1"


def test_a_price_of_the_catalogue_tells_which_catalogue(place: Place) -> None:
    place.configure(MISTRAL + ROUTES)
    [listed] = place.json("prices", "cheap")["models"]
    assert listed["model"] == "mistral/mistral-small-latest"
    assert listed["origin"].startswith("genai-prices ")


def test_the_check_fails_on_a_model_without_a_price(place: Place) -> None:
    place.configure(MISTRAL + ROUTES)
    assert "house/qwen" in place.run("prices", "--check", code=1).stderr
    assert "no price" in place.run("prices", "own").stdout
    place.run("prices", "--check", "cheap")
    place.configure(
        MISTRAL.replace("allow_private: true}", "allow_private: true, price: {input: 0, output: 0}}") + ROUTES
    )
    place.run("prices", "--check")


def test_a_model_that_is_not_there_is_told(place: Place) -> None:
    assert "no model 'gpt'" in place.run("prices", "gpt", code=2).stderr
    assert "names no models" in place.run("prices").stdout


def test_a_currency_without_a_rate_is_told(place: Place) -> None:
    place.configure(MISTRAL.replace("currencies: {EUR: 1.10}", ""))
    assert "nothing says what 'EUR' is worth" in place.run("check", code=2).stderr.replace('"', "'")
    place.configure(MISTRAL.replace("EUR: 1.10", "EUR: 0"))
    assert "with 0, whatever is priced in it would be free" in place.run("check", code=2).stderr


def test_a_time_of_the_day_is_one(place: Place) -> None:
    place.configure(MISTRAL + '    hours: [{begin: "25:00", end: "00:30", input: 1}]\n')
    assert "is not a time of the day" in place.run("check", code=2).stderr
