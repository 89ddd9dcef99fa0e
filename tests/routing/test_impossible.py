"""Demands that nobody can meet."""

from tests.routing.world import World, price

from trunkline.routing.impossible import impossible


def told(there: World) -> dict[str, str]:
    found = impossible(there.config, there.policies, there.prices.get)
    return {".".join(map(str, path)): message for path, message in found}


def test_a_route_whose_demands_none_of_its_models_can_meet_is_told() -> None:
    there = World(
        "providers: {mistral: {api_key: x, data: {region: eu}}}\n"
        "models:\n"
        "  private: {route: fallback, of: [openai/a, groq/b], data: {region: eu}}\n"
        "  fine: {route: fallback, of: [openai/a, mistral/c], data: {region: eu}}\n"
        "  cheap: {route: cheapest, of: [openai/a, mistral/c], max_price: {input: 1}}\n"
        "  within: {route: fallback, of: [private]}\n",
        prices={"openai/a": price(2, 2), "mistral/c": price(3, 3)},
    )
    found = told(there)
    assert found.keys() == {"models.private", "models.cheap", "models.within"}
    assert "openai/a: nothing says where it is, and it must be in eu; groq/b:" in found["models.private"]
    assert "mistral/c: a million tokens of input costs 3 USD, and at most 1 are allowed" in found["models.cheap"]


def test_a_key_whose_demands_nobody_can_meet_is_told() -> None:
    there = World(
        "providers: {mistral: {api_key: x, data: {region: eu}}}\n"
        "models: {bot: openai/a}\n"
        "keys:\n"
        "  - {name: a, key: abc, data: {region: us}}\n"
        "  - {name: b, key: abd, data: {region: eu}, max_price: {input: 1}}\n"
        "  - {name: c, key: abe, max_price: {input: 3}}\n",
        prices={"openai/a": price(2, 2)},
    )
    assert told(there) == {
        "keys.0.data": "no provider is known to keep to this",
        "keys.1.max_price": "none of the models in `models` is as cheap as this",
    }


def test_without_demands_there_is_nothing_to_tell() -> None:
    assert told(World("models: {bot: openai/a}\nkeys: [{name: a, key: abc}]")) == {}
