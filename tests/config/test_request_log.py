"""The section `request_log`: what it says, and that every mistake is told with its place."""

import pytest
from tests.config.reading import read, wrong

GUARD = "guard: {private: {input: [{pii: all}]}, injected: {inject: {system_first: x}}}\n"


def test_a_policy_says_what_it_says() -> None:
    config = read(GUARD + "request_log:\n  debug: {sample: 10%, keep: 7d, redact: private}\n  quiet: {never: true}\n")
    debug, quiet = config.request_log["debug"], config.request_log["quiet"]
    assert (debug.sample, debug.keep, debug.redact, debug.everywhere) == (0.1, 7 * 86400, ("private",), False)
    assert (quiet.never, quiet.sample) == (True, 1.0)
    assert read("").request_log == {}


@pytest.mark.parametrize(
    "section", ["orgs: {a: {X}}", "users: {a: {X}}", "models: {a: {route: fallback, of: [simulated/echo], X}}"]
)
def test_policies_are_named_at_tenants_and_routes(section: str) -> None:
    read("request_log: {p: }\n" + section.replace("X", "request_log: p"))
    [told] = wrong("request_log: {p: }\n" + section.replace("X", "request_log: [p, q]"))
    assert 'there is no policy "q" under `request_log`' in told
    assert told.startswith("2:")


def test_every_mistake_is_told_with_its_place() -> None:
    told = wrong(
        GUARD + "request_log:\n"
        "  a: {sample: 101%}\n"
        "  b: {keep: 0s}\n"
        "  c: {redact: privat}\n"
        "  d: {redact: [private, injected]}\n"
        "  e: {never: true, keep: 1d}\n"
        "  f: {encrypted: true}\n"
    )
    places = [line.split("  ")[1].partition(": ")[0] for line in told]
    assert places == [
        "request_log.a.sample",
        "request_log.b.keep",
        "request_log.c.redact",
        "request_log.d.redact",
        "request_log.e.keep",
        "request_log.f.encrypted",
    ]
    assert 'did you mean "private"' in told[2]
    assert "has no rule that finds anything to take out" in told[3]
