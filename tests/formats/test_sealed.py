"""Reasoning that travels through another family's client, and comes back to who has thought it."""

import base64
import json
from typing import Any

import msgspec
import pytest

from trunkline.formats.conversation import Choice, FormatName, Reasoning, Reply, Request, Stop, ToolCall
from trunkline.formats.dialect import PLAIN, Dialect
from trunkline.formats.folding import fold, unfold
from trunkline.formats.format import Place
from trunkline.formats.losses import Losses
from trunkline.formats.registry import FORMATS
from trunkline.formats.sealed import MARK, Sealed, seal, unseal

Json = dict[str, Any]
THOUGHT = Reasoning(id="rs_0d92a82a93", summary=["Look first."], encrypted="gAAAAABp", issuer="openai")
REPLY = Reply(
    format="openai_responses",
    id="resp_1",
    model="m",
    created=1,
    choices=[Choice(parts=[THOUGHT, ToolCall(id="c1", name="f", arguments="{}")], stop=Stop(reason="tool_calls"))],
)
CLIENTS: tuple[FormatName, ...] = ("openai_chat", "anthropic_messages", "google_generate", "bedrock_converse")


def brought_back(client: FormatName, answer: Json) -> Json:
    """What a client of the format sends next, after what `answer` said."""
    match client:
        case "openai_chat":
            told = answer["choices"][0]["message"]
            result = {"role": "tool", "tool_call_id": told["tool_calls"][0]["id"], "content": "x"}
            return {"model": "m", "messages": [{"role": "user", "content": "?"}, told, result]}
        case "anthropic_messages":
            result = {"type": "tool_result", "tool_use_id": answer["content"][-1]["id"], "content": "x"}
            told = {"role": "assistant", "content": answer["content"]}
            messages = [{"role": "user", "content": "?"}, told, {"role": "user", "content": [result]}]
            return {"model": "m", "max_tokens": 99, "messages": messages}
        case "google_generate":
            told = answer["candidates"][0]["content"]
            result = {"functionResponse": {"name": "f", "response": {"result": "x"}}}
            return {"contents": [{"role": "user", "parts": [{"text": "?"}]}, told, {"role": "user", "parts": [result]}]}
    told = answer["output"]["message"]
    call = told["content"][-1]["toolUse"]["toolUseId"]
    result = {"toolResult": {"toolUseId": call, "content": [{"text": "x"}]}}
    return {"messages": [{"role": "user", "content": [{"text": "?"}]}, told, {"role": "user", "content": [result]}]}


def streamed(client: FormatName) -> Json:
    """The answer as a client puts a stream of `REPLY` together: the item's id comes first, what is encrypted last."""
    writer, sent = FORMATS[client].writer(Request(format=client)), b""
    for event in unfold(REPLY):
        for delta in event.deltas:
            if isinstance(delta.piece, Reasoning):
                begun = msgspec.structs.replace(delta, piece=Reasoning(id=THOUGHT.id), ends=False)
                sent += writer.feed(msgspec.structs.replace(event, deltas=[begun]))
                delta.piece = msgspec.structs.replace(delta.piece, id="")
        sent += writer.feed(event)
    sent += writer.end()
    if client in ("anthropic_messages", "bedrock_converse"):
        reader = FORMATS[client].reader(PLAIN, 10_000)
        return FORMATS[client].write_reply(fold(reader.feed(sent), client), Request(format=client))
    chunks = [json.loads(line[6:]) for line in sent.splitlines() if line.startswith(b"data: {")]
    if client == "google_generate":
        parts = [part for chunk in chunks for part in chunk["candidates"][0]["content"]["parts"]]
        return {"candidates": [{"content": {"role": "model", "parts": parts}}]}
    message: Json = {"role": "assistant", "reasoning_details": [], "tool_calls": []}
    for chunk in chunks:
        for name in ("reasoning_details", "tool_calls"):
            message[name] += chunk["choices"][0]["delta"].get(name, [])
    return {"choices": [{"message": message}]}


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("client", CLIENTS)
def test_an_item_comes_back_to_openai_under_its_own_id(client: FormatName, stream: bool) -> None:
    front = FORMATS[client]
    answer = streamed(client) if stream else front.write_reply(REPLY, Request(format=client))
    request = front.read_request(brought_back(client, answer), Place(model="m"))
    losses = Losses()
    document = FORMATS["openai_responses"].write_request(request, Dialect(issuer="openai"), losses)
    [item] = [item for item in document["input"] if item["type"] == "reasoning"]
    assert (item["id"], item["encrypted_content"]) == (THOUGHT.id, THOUGHT.encrypted)
    assert losses.dropped == []


def test_what_was_sealed_before_the_id_was_is_still_read() -> None:
    before = MARK + base64.urlsafe_b64encode(b'["openai","","gAAAAABp","Hm."]').decode()
    assert unseal(before) == Sealed(issuer="openai", encrypted="gAAAAABp", text="Hm.")


@pytest.mark.parametrize("text", ["", "EqoBCkgI", MARK, MARK + "!", seal(Sealed("x"))[:-3]])
def test_what_is_not_sealed_is_nothing(text: str) -> None:
    assert unseal(text) is None
