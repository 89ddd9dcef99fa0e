"""Errors, the counting of tokens, and the listing of models."""

import json

import pytest
from tests.formats.google_generate.speaking import hello

from trunkline.formats.dialect import PLAIN
from trunkline.formats.format import Place, Problem, ShapeError
from trunkline.formats.google_generate import FORMAT
from trunkline.formats.google_generate.counting import (
    count_path,
    model_entry,
    model_list,
    read_count,
    read_count_request,
    write_count,
    write_count_request,
)
from trunkline.formats.losses import Losses


@pytest.mark.parametrize(
    ("status", "word"),
    [
        (400, "INVALID_ARGUMENT"),
        (401, "UNAUTHENTICATED"),
        (403, "PERMISSION_DENIED"),
        (404, "NOT_FOUND"),
        (422, "INVALID_ARGUMENT"),
        (429, "RESOURCE_EXHAUSTED"),
        (500, "INTERNAL"),
        (503, "UNAVAILABLE"),
        (599, "INTERNAL"),
    ],
)
def test_an_error_has_googles_word_for_its_status(status: int, word: str) -> None:
    error = json.loads(FORMAT.write_error(Problem(status=status, message="m", kind="k")))["error"]
    assert error == {"code": status, "message": "m", "status": word}


def test_an_error_says_the_parameter_the_code_and_the_request() -> None:
    problem = Problem(status=400, message="m", kind="k", param="contents[0]", code="invalid_value", request_id="req_1")
    details = json.loads(FORMAT.write_error(problem))["error"]["details"]
    assert details == [
        {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "INVALID_VALUE", "domain": "trunkline"},
        {
            "@type": "type.googleapis.com/google.rpc.BadRequest",
            "fieldViolations": [{"field": "contents[0]", "description": "m"}],
        },
        {"@type": "type.googleapis.com/google.rpc.RequestInfo", "requestId": "req_1"},
    ]


def test_tokens_of_a_whole_request_or_of_contents_alone_are_counted() -> None:
    for document in ({"generateContentRequest": hello(model="models/m")}, hello()):
        request = read_count_request(document, Place(model="m"))
        written = write_count_request(request, "m2", PLAIN, Losses())
        assert written == {"generateContentRequest": hello(model="models/m2")}
    assert write_count_request(request, "m2", PLAIN, Losses(), wrapped=False) == hello()
    assert count_path("m2") == "/models/m2:countTokens"
    with pytest.raises(ShapeError):
        read_count_request({"generateContentRequest": []}, Place())


def test_the_count_itself() -> None:
    assert read_count(write_count(7)) == 7
    with pytest.raises(ValueError, match="no number"):
        read_count({"totalTokens": "7"})


def test_models_are_listed_in_googles_shape() -> None:
    assert [entry["name"] for entry in model_list(["a", "b"])["models"]] == ["models/a", "models/b"]
    assert "generateContent" in model_entry("a")["supportedGenerationMethods"]
