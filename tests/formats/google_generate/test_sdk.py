"""Google's own SDK hears what is written, and is answered in what it asks."""

import contextlib
from collections.abc import Iterator

import msgspec
import pytest
from google import genai
from google.genai import errors, types
from tests.formats.google_generate.speaking import Answering, answering, delta, read, stopped

from trunkline.formats.conversation import AnyPart, Choice, Reasoning, Reply, Request, Stop, Text, ToolCall, Usage
from trunkline.formats.dialect import PLAIN
from trunkline.formats.format import Problem
from trunkline.formats.google_generate import FORMAT
from trunkline.formats.google_generate.counting import model_list, write_count
from trunkline.formats.losses import Losses

CLIENT = Request(format="google_generate")


@pytest.fixture
def server() -> Iterator[Answering]:
    with answering() as found:
        yield found


@pytest.fixture
def client(server: Answering) -> Iterator[genai.Client]:
    options = types.HttpOptions(base_url=server.url)
    with contextlib.closing(genai.Client(api_key="test", http_options=options)) as found:
        yield found


def test_a_whole_reply(server: Answering, client: genai.Client) -> None:
    parts: list[AnyPart] = [
        Reasoning(text="hm", signature="s", issuer="anthropic"),
        Text(text="Hello"),
        ToolCall(id="c1", name="a"),
    ]
    choice = Choice(parts=parts, stop=Stop(reason="tool_calls"))
    reply = Reply(format="anthropic_messages", model="claude", choices=[choice], usage=Usage(input=3, output=2))
    server.body = msgspec.json.encode(FORMAT.write_reply(reply, CLIENT))
    heard = client.models.generate_content(model="m", contents="?")
    assert heard.candidates is not None
    assert heard.candidates[0].finish_reason == types.FinishReason.STOP
    assert [call.name for call in heard.function_calls or []] == ["a"]
    assert heard.usage_metadata is not None
    assert heard.usage_metadata.total_token_count == 5
    content = heard.candidates[0].content
    assert content is not None
    assert [(part.text, part.thought) for part in content.parts or []][:2] == [("hm", True), ("Hello", None)]


@pytest.mark.parametrize("failing", [False, True])
def test_a_stream(server: Answering, client: genai.Client, failing: bool) -> None:
    writer = FORMAT.writer(CLIENT)
    server.media_type = "text/event-stream"
    server.body = b"".join(writer.feed(delta(Text(text=word))) for word in ("Hel", "lo"))
    if failing:
        server.body += writer.fail(Problem(status=503, message="it is gone", kind="upstream_error"))
        with pytest.raises(errors.ServerError, match="it is gone"):
            list(client.models.generate_content_stream(model="m", contents="?"))
        return
    server.body += writer.feed(stopped(Stop(reason="length"), Usage(input=3, output=2))) + writer.end()
    chunks = list(client.models.generate_content_stream(model="m", contents="?"))
    assert "".join(chunk.text or "" for chunk in chunks) == "Hello"
    candidates = chunks[-1].candidates
    assert candidates is not None
    assert candidates[0].finish_reason == types.FinishReason.MAX_TOKENS


def test_an_error(server: Answering, client: genai.Client) -> None:
    server.status = 404
    server.body = FORMAT.write_error(Problem(status=404, message="no such model", kind="not_found_error"))
    with pytest.raises(errors.ClientError, match="no such model") as refused:
        client.models.generate_content(model="m", contents="?")
    assert (refused.value.code, refused.value.status) == (404, "NOT_FOUND")


def test_what_it_asks_is_read_and_comes_back(server: Answering, client: genai.Client) -> None:
    server.body = b'{"candidates": [{"content": {"role": "model", "parts": [{"text": "a"}]}}]}'
    signature = b"skip"
    history: list[types.ContentUnionDict] = [
        types.Content(role="user", parts=[types.Part.from_bytes(data=b"\xff\xfe\xfd", mime_type="image/png")]),
        types.Content(
            role="model",
            parts=[types.Part(function_call=types.FunctionCall(name="add", args={}), thought_signature=signature)],
        ),
        types.Content(role="user", parts=[types.Part.from_function_response(name="add", response={"result": "1"})]),
    ]
    config = types.GenerateContentConfig(
        system_instruction="Be nice",
        temperature=0.5,
        max_output_tokens=9,
        response_mime_type="application/json",
        response_schema={"type": "OBJECT", "properties": {"a": {"type": "STRING"}}},
        thinking_config=types.ThinkingConfig(thinking_budget=100, include_thoughts=True),
        tools=[types.Tool(function_declarations=[types.FunctionDeclaration(name="add", description="d")])],
    )
    client.models.generate_content(model="m", contents=history, config=config)
    path, document = server.asked[-1]
    assert path.endswith("/models/m:generateContent")
    request = read(document)
    losses = Losses()
    assert FORMAT.write_request(request, PLAIN, losses) == document
    assert (losses.dropped, request.extras) == ([], {})
    assert request.output is not None
    assert request.output.schema == {"type": "object", "properties": {"a": {"type": "string"}}}


def test_the_count_and_the_models(server: Answering, client: genai.Client) -> None:
    server.body = msgspec.json.encode(write_count(7))
    assert client.models.count_tokens(model="m", contents="?").total_tokens == 7
    server.body = msgspec.json.encode(model_list(["a", "b"]))
    assert [model.name for model in client.models.list()] == ["models/a", "models/b"]
