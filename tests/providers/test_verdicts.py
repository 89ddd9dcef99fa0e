"""Whose fault a provider's error is: every recorded one, and those that are documented."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.providers.recorded import Answered, parameters, recorded

from trunkline.providers import PROVIDERS
from trunkline.providers.refusals import Refused, means, read_error_value, read_refusal, usual_verdict

KNOWN: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "verdicts.yaml").read_text(encoding="utf-8"))
EXPECTED = {
    f"{folder}/{name}": verdict
    for verdict, folders in KNOWN["recorded"].items()
    for folder, names in folders.items()
    for name in names
}
REFUSED = [answered for answered in recorded() if answered.status >= 400]


def verdict(provider: str, refused: Refused) -> str:
    return PROVIDERS[provider].judge(refused) or usual_verdict(refused)


@pytest.mark.shared
@pytest.mark.parametrize("answered", parameters(REFUSED))
def test_every_recorded_error_is_judged_as_expected(answered: Answered) -> None:
    refused = read_refusal(answered.status, answered.body, answered.headers)
    assert verdict(answered.type, refused) == EXPECTED[answered.name], refused


def test_the_expectations_are_of_recordings_that_are_there() -> None:
    if REFUSED:
        assert {str(answered) for answered in REFUSED} == EXPECTED.keys()


@pytest.mark.parametrize("case", KNOWN["documented"], ids=lambda case: f"{case['provider']}-{case['status']}")
def test_a_documented_error_is_judged_as_it_is_documented(case: dict[str, Any]) -> None:
    headers = {name.encode(): value.encode() for name, value in case.get("headers", {}).items()}
    refused = read_refusal(case["status"], json.dumps(case["body"]).encode(), headers)
    assert verdict(case["provider"], refused) == case["verdict"]
    assert refused.wait == case.get("wait")
    assert case["source"].startswith("https://")


def test_what_a_gateway_wraps_is_unwrapped() -> None:
    raw = json.dumps({"error": {"message": "temperature is not supported", "code": "unsupported_value"}})
    wrapped = {"error": {"code": 400, "message": "Provider returned error", "metadata": {"raw": raw}}}
    assert read_refusal(400, json.dumps(wrapped).encode()).message == "temperature is not supported"
    wrapped["error"]["metadata"] = {"raw": "<html>"}
    assert read_refusal(400, json.dumps(wrapped).encode()).message == "Provider returned error"


@pytest.mark.parametrize(
    ("body", "message", "code"),
    [
        (b'[{"error": {"code": 404, "message": "not found", "status": "NOT_FOUND"}}]', "not found", "404"),
        (b'{"code": "invalid-argument", "error": "Incorrect"}', "Incorrect", "invalid-argument"),
        (b'{"detail": [{"loc": ["body"], "msg": "Required"}, {"msg": "Too long"}]}', "Required; Too long", ""),
        (b'{"success": false, "errors": [{"code": 10000, "message": "Not you"}]}', "Not you", "10000"),
        (b'{"object": "error", "message": "no such model", "code": 404}', "no such model", "404"),
        (b'{"status": 401, "title": "Unauthorized", "detail": "Invalid key"}', "Invalid key", ""),
        (b'{"error": {"message": "x", "details": [{"retryDelay": "soon"}, "odd"]}}', "x", ""),
        (b"upstream connect error", "", ""),
        (b"[]", "", ""),
        (b"\xff", "", ""),
    ],
)  # fmt: skip
def test_every_shape_of_error_is_read(body: bytes, message: str, code: str) -> None:
    refused = read_refusal(400, body)
    assert (refused.message, refused.code) == (message, code)


def test_an_error_in_a_stream_may_be_a_text() -> None:
    assert read_error_value(200, "overloaded").message == "overloaded"
    assert read_error_value(200, None) == Refused(200, "", "", "")


@pytest.mark.parametrize(
    ("delay", "wait"),
    [("48s", 48.0), ("0.5s", 0.5), ("0s", 0.0), ("soon", None), ("infs", None), ("nans", None), ("-1s", None)],
)
def test_how_long_to_wait_may_stand_in_the_body(delay: object, wait: float | None) -> None:
    kind = "type.googleapis.com/google.rpc.RetryInfo"
    error = {"code": 429, "status": "RESOURCE_EXHAUSTED", "details": [{"@type": kind, "retryDelay": delay}]}
    refused = read_refusal(429, json.dumps({"error": error}).encode())
    assert (refused.wait, refused.code, refused.type) == (wait, "429", "RESOURCE_EXHAUSTED")


def test_words_go_before_codes_and_codes_before_the_status() -> None:
    judge = means(statuses={400: "server"}, codes={"c": "model", "t": "auth"}, words={"no credit": "quota"})
    assert judge(Refused(400, "No credit left", "c", "t")) == "quota"
    assert judge(Refused(400, "", "c", "t")) == "model"
    assert judge(Refused(400, "", "", "t")) == "auth"
    assert judge(Refused(400, "", "", "")) == "server"
    assert judge(Refused(401, "", "", "")) is None
