"""What a policy asks of others: webhooks and moderation models, which may be late, wrong, or not there."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from tests.compatibility.scenario import Answer
from tests.e2e.formats.hall import Hall
from tests.e2e.formats.plain import Plain, send
from tests.e2e.formats.upstreams import Act, Upstream, mute, replies, says
from tests.faults import http1
from tests.faults.connection import Exchange
from tests.running import Background

PASSES: dict[str, Any] = {"flagged": False, "scores": {"toxicity": 0.1}}
REFUSES: dict[str, Any] = {"flagged": True, "scores": {"toxicity": 0.9}}


class Asked(Hall):
    """A gateway whose policies ask `checker`, and the moderation model of the upstream `chat`."""

    def __init__(self, background: Background) -> None:
        self.checker = background.enter(Upstream("chat"))
        hook = f"http://127.0.0.1:{self.checker.port}/check/v1"
        guard = {
            "before": {"input": [{"pii": "email", "action": "redact"}, {"webhook": hook, "deadline": "300ms"}]},
            "lenient": {"input": [{"webhook": hook, "deadline": "300ms", "on_failure": "allow"}]},
            "after": {"output": [{"webhook": hook, "deadline": "300ms"}]},
            "moderated": {"input": [{"moderation": "chat/omni-moderation", "categories": ["hate"], "threshold": 0.4}]},
            "nowhere": {"input": [{"webhook": "http://127.0.0.1:9/check"}]},
        }
        models = {name: {"route": "fallback", "of": ["anthropic/claude-sonnet-4-5"], "guard": name} for name in guard}
        super().__init__(background, guard=guard, models=models)


@pytest.fixture(scope="module")
def hall() -> Iterator[Asked]:
    with Background() as background, Asked(background) as hall:
        yield hall


def post(hall: Hall, model: str, *, stream: bool = False, text: str = "I am a@example.com.") -> Plain:
    body = {"model": model, "stream": stream, "messages": [{"role": "user", "content": text}]}
    return send(hall.running.port, "POST", "/v1/chat/completions", body)


def sent(hall: Hall) -> int:
    return len(hall.upstreams["anthropic"].requests)


def test_a_webhook_is_asked_about_the_texts_as_the_other_rules_left_them(hall: Asked) -> None:
    hall.checker.act(replies(200, PASSES))
    assert post(hall, "before").status == 200
    asked = hall.checker.requests[-1]
    assert (asked.method, asked.target) == ("POST", "/check/v1")
    [text] = asked.json()["texts"]
    assert text == {"path": "messages[0].parts[0].text", "role": "user", "text": "I am [EMAIL]."}


@pytest.mark.parametrize("stream", [False, True])
def test_what_a_webhook_refuses_is_not_sent(hall: Asked, stream: bool) -> None:
    before = sent(hall)
    hall.checker.act(replies(200, REFUSES))
    answer = post(hall, "before", stream=stream)
    assert (answer.status, answer.json()["error"]["code"]) == (400, "guard_refused")
    assert "toxicity" in answer.json()["error"]["message"]
    assert sent(hall) == before


async def cuts(_: Upstream, x: Exchange) -> None:
    await x.cut()


@pytest.mark.parametrize(
    "act",
    [
        mute,
        cuts,
        replies(500, PASSES),
        replies(302, PASSES, ("location", "/elsewhere")),
        replies(200, b"{"),
        replies(200, {"flagged": "no"}),
        replies(200, {"scores": {}}),
    ],
    ids=["late", "cut", "error", "redirect", "no-json", "wrong-type", "no-verdict"],
)
def test_without_an_answer_nothing_is_sent(hall: Asked, act: Act) -> None:
    before = sent(hall)
    hall.checker.act(act, act)
    answer = post(hall, "before")
    assert (answer.status, answer.json()["error"]["code"]) == (503, "guard_unavailable")
    assert sent(hall) == before
    hall.checker.act(act, act)
    assert post(hall, "lenient").status == 200  # where the policy says so


def test_a_webhook_that_is_not_there_lets_nothing_through(hall: Asked) -> None:
    before = sent(hall)
    assert post(hall, "nowhere").status == 503
    assert sent(hall) == before


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_is_held_until_a_webhook_has_spoken(hall: Asked, stream: bool) -> None:
    hall.act("anthropic", says(Answer("All is well.")))
    hall.checker.act(replies(200, PASSES))
    answer = post(hall, "after", stream=stream)
    assert answer.status == 200
    said = b"All is well." if not stream else b"[DONE]"
    assert said in answer.body
    [text] = hall.checker.requests[-1].json()["texts"]
    assert (text["role"], text["text"]) == ("assistant", "All is well.")


@pytest.mark.parametrize("act", [replies(200, REFUSES), mute], ids=["refuses", "late"])
@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_that_a_webhook_does_not_let_pass_is_withheld(hall: Asked, act: Act, stream: bool) -> None:
    hall.act("anthropic", says(Answer("All is well.")))
    hall.checker.act(act)
    answer = post(hall, "after", stream=stream)
    assert (answer.status, answer.json()["error"]["code"]) == (403, "guard_withheld")
    assert b"well" not in answer.body
    assert (hall.row().error, hall.row().outcome) == ("guard_withheld", "ok")


def moderates(score: float) -> Act:
    async def act(_: Upstream, x: Exchange) -> None:
        assert x.request.json() == {"model": "omni-moderation", "input": ["I am a@example.com."]}
        result = {"flagged": False, "categories": {"hate": False}, "category_scores": {"hate": score}}
        await x.send(http1.message(200, json.dumps({"results": [result]}).encode()))

    return act


@pytest.mark.parametrize(("score", "status"), [(0.39, 200), (0.41, 400)])
def test_a_moderation_model_decides_by_its_scores(hall: Asked, score: float, status: int) -> None:
    hall.act("chat", moderates(score))
    assert post(hall, "moderated").status == status
    assert hall.upstreams["chat"].requests[-1].target.endswith("/moderations")


def test_a_moderation_model_that_fails_lets_nothing_through(hall: Asked) -> None:
    before = sent(hall)
    hall.act("chat", replies(401, {"error": {"message": "No."}}))
    assert post(hall, "moderated").status == 503
    assert sent(hall) == before
