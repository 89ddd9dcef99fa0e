"""What a policy finds in a request and in an answer, whichever SDK asks whichever provider, streamed and not."""

import pytest
from tests.compatibility.scenario import Answer
from tests.e2e.formats.hall import Hall
from tests.e2e.formats.upstreams import MODELS, in_pieces, says

CLIENTS = ("chat", "responses", "anthropic", "google", "mistral")
MAIL = "alice.smith@example.com"


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("upstream", MODELS)
@pytest.mark.parametrize("client", CLIENTS)
def test_a_pseudonym_reaches_the_model_and_the_value_the_client(
    hall: Hall, client: str, upstream: str, stream: bool
) -> None:
    answer = Answer("I shall write to <EMAIL_1>, and only to <EMAIL_1>, today.")
    found = hall.act(upstream, in_pieces(answer, 7) if stream else says(answer))
    told = hall.clients[client].say(f"Write to {MAIL}.", f"private-{upstream}", stream=stream)
    assert told == f"I shall write to {MAIL}, and only to {MAIL}, today."
    sent = found.requests[-1].body.decode()
    assert "<EMAIL_1>" in sent.replace("\\u003c", "<").replace("\\u003e", ">")
    assert "alice" not in sent


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("upstream", MODELS)
@pytest.mark.parametrize("client", CLIENTS)
def test_nothing_of_what_is_redacted_is_in_an_answer(hall: Hall, client: str, upstream: str, stream: bool) -> None:
    answer = Answer(f"The address is {MAIL}, as you know.")
    hall.act(upstream, in_pieces(answer, 7) if stream else says(answer))
    told = hall.clients[client].say("Which address?", f"quiet-{upstream}", stream=stream)
    assert told == "The address is [EMAIL], as you know."


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("upstream", MODELS)
@pytest.mark.parametrize("client", CLIENTS)
def test_a_request_that_is_refused_is_not_sent(hall: Hall, client: str, upstream: str, stream: bool) -> None:
    found = hall.act(upstream)
    before = len(found.requests)
    speaker = hall.clients[client]
    with pytest.raises(speaker.raises) as caught:
        speaker.say("My card is 4242 4242 4242 4242.", f"strict-{upstream}", stream=stream)
    assert speaker.status(caught.value) == 400
    assert "input[0].pii" in str(caught.value)
    assert "4242" not in str(caught.value)
    assert len(found.requests) == before


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("upstream", MODELS)
@pytest.mark.parametrize("client", CLIENTS)
def test_a_forbidden_answer_ends_with_an_error(hall: Hall, client: str, upstream: str, stream: bool) -> None:
    answer = Answer("This is a long beginning of an answer that goes on, and it is forbidden to say so.")
    hall.act(upstream, in_pieces(answer, 5) if stream else says(answer))
    speaker = hall.clients[client]
    heard: list[str] = []
    asked = speaker.pieces if stream else lambda text, model: [speaker.say(text, model, stream=False)]
    with pytest.raises(speaker.raises) as caught:
        heard.extend(asked("Go on.", f"strict-{upstream}"))
    assert "guard_withheld" in repr(vars(caught.value)) or "output[0].words" in str(caught.value)
    assert "forbidden" not in "".join(heard)
    assert hall.row().error == "guard_withheld"
