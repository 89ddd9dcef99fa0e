"""The section `guard`: every mistake is told with its place, when the file is read."""

from tests.config.reading import read, wrong

from trunkline.config import check_guard
from trunkline.config.guard import Check


def test_a_policy_says_what_it_says() -> None:
    policy = read(
        "guard:\n  p:\n    input: [{pii: all, action: redact}, {secrets: [github_token]}]\n    regions: [CH]\n"
    ).guard["p"]
    assert [check.pii for check in policy.input] == [("all",), None]
    assert policy.input[1].secrets == ("github_token",)
    assert policy.regions == ("CH",)
    assert read("guard: {p: }").guard["p"].input == ()


def test_every_check_is_a_setting() -> None:
    assert set(check_guard.CHECKS) < Check.model_fields.keys()


def test_every_mistake_is_told_with_its_place() -> None:
    told = wrong(
        "guard:\n"
        "  p:\n"
        "    input:\n"
        "      - {pii: [emial]}\n"
        "      - {regex: ['(?=a)b', 'a*']}\n"
        "      - {pii: all, secrets: all}\n"
        "      - {length: {most: 2}}\n"
        "      - {action: block}\n"
        "      - {injection: 0.5, action: redact}\n"
        "    output:\n"
        "      - {pii: all, action: pseudonymise}\n"
        "      - {json_schema: {type: strin}}\n"
        "      - {moderation: nobody/x}\n"
        "      - {words: [x], deadline: 2s}\n"
        "    inject: {parameters: {temperature: 3}}\n"
        "    regions: [Germany]\n"
    )
    places = [line.split("  ")[1].partition(": ")[0] for line in told]
    assert places == [
        "guard.p.input[0].pii[0]",
        "guard.p.input[1].regex[0]",
        "guard.p.input[1].regex[1]",
        "guard.p.input[2]",
        "guard.p.input[3].length",
        "guard.p.input[4]",
        "guard.p.input[5].action",
        "guard.p.output[0].action",
        "guard.p.output[1].json_schema",
        "guard.p.output[2].moderation",
        "guard.p.output[3].deadline",
        "guard.p.inject.parameters.temperature",
        "guard.p.regions[0]",
    ]
    assert 'did you mean "email"?' in told[0]
    assert "re2 does not know this expression" in told[1]
    assert "matches the empty text" in told[2]


def test_an_expression_that_explodes_in_memory_is_refused_as_well() -> None:
    told = wrong("guard: {p: {input: [{regex: ['((a{1,100}){1,100}){1,100}b']}]}}\n")
    assert [line.split("  ")[1].partition(": ")[0] for line in told] == ["guard.p.input[0].regex[0]"]


def test_where_a_policy_holds_it_has_to_be_there() -> None:
    text = (
        "guard: {house: {everywhere: true}, private: }\n"
        "keys: [{name: a, key: sk-abcdefgh, guard: private}, {name: b, key: sk-abcdefgi, guard: [house, privat]}]\n"
        "models: {m: {route: fallback, of: [openai/x], guard: %s}}\n"
    )
    told = wrong(text % "hous")
    assert [line.split("  ")[1].partition(": ")[0] for line in told] == ["keys[1].guard[1]", "models.m.guard"]
    assert 'did you mean "private"?' in told[0]
    config = read((text % "house").replace("privat]", "private]"))
    assert [key.guard for key in config.keys] == [("private",), ("house", "private")]
    assert config.models["m"].guard == ("house",)  # type: ignore[union-attr]  # it is a route
