"""Reasoning items that come back to a provider of this format, as bytes and written anew: both take out the same."""

import json
from typing import Any

import pytest
from tests.formats.openai_responses.test_passing import asked

from trunkline.formats.dialect import PLAIN, Dialect
from trunkline.formats.document import Document
from trunkline.formats.format import Place
from trunkline.formats.losses import Losses
from trunkline.formats.openai_responses import FORMAT
from trunkline.formats.openai_responses.names import minted_id
from trunkline.formats.sealed import Sealed, seal
from trunkline.providers import PROVIDERS
from trunkline.providers.models import facts_for

Json = dict[str, Any]
SAID: Json = {"type": "message", "role": "user", "content": "x"}
KEPT = "rs_0d92a82a932c0905016a028d52e53c8195ba4058d324cc7965"


def dialect(provider: str, model: str) -> Dialect:
    door = PROVIDERS[provider].speaking("openai_responses")
    assert door is not None
    return facts_for(door, model)


OPENAI = dialect("openai", "gpt-5.6")
XAI = dialect("xai", "grok-4")
BEDROCK = dialect("bedrock", "openai.gpt-5.6-luna")


def thought(item_id: str = KEPT, encrypted: str = "") -> Json:
    item: Json = {"type": "reasoning", "id": item_id, "summary": [{"type": "summary_text", "text": "Hm."}]}
    return item | ({"encrypted_content": encrypted} if encrypted else {})


def passed(items: list[Json], to: Dialect) -> tuple[list[Json], list[str]]:
    losses = Losses()
    document = Document(json.dumps({"model": "m", "input": items, "reasoning": {"effort": "low"}}).encode(), 50)
    sent = json.loads(FORMAT.edit(document, asked(), "m", to, losses))
    return sent["input"], losses.dropped


def written(items: list[Json], to: Dialect) -> tuple[list[Json], list[str]]:
    losses = Losses()
    request = FORMAT.read_request({"model": "m", "input": items}, Place())
    sent: list[Json] = FORMAT.write_request(request, to, losses)["input"]
    return sent, losses.dropped


both = pytest.mark.parametrize("sent", [passed, written])
FERNET, AMAZONS, XAIS = "gAAAAABpQ", "rsn_5ZVrif4J", "qfrBAm/Nx6"
MINTED, UUID = minted_id("rs", "seed"), "rs_0f0fe0f8-9b3c-4b3d-8c5e-1d2f3a4b5c6d"


@both
@pytest.mark.parametrize(
    ("item", "to", "stays"),
    [
        (thought(encrypted=FERNET), OPENAI, True),
        (thought(encrypted=AMAZONS), OPENAI, False),
        (thought(encrypted=XAIS), OPENAI, False),
        (thought(), OPENAI, True),
        (thought(MINTED), OPENAI, False),
        (thought(UUID), OPENAI, False),
        (thought(encrypted=AMAZONS), BEDROCK, True),
        (thought(encrypted=FERNET), BEDROCK, False),
        (thought(encrypted=XAIS), XAI, True),
        (thought(encrypted=FERNET), XAI, False),
        (thought(UUID), XAI, True),
        (thought(MINTED), XAI, False),
        (thought(MINTED), PLAIN, True),
        (thought(encrypted=FERNET), PLAIN, True),
        (thought(encrypted=seal(Sealed("anthropic", "sig"))), PLAIN, False),
        (thought(encrypted=seal(Sealed("anthropic", "sig"))), OPENAI, False),
        (thought(encrypted=seal(Sealed("openai", "", AMAZONS))), OPENAI, False),
    ],
)
def test_only_what_the_provider_can_verify_comes_back_and_the_rest_is_named(
    sent: Any, item: Json, to: Dialect, stays: bool
) -> None:
    assert sent([SAID, item, SAID], to) == (
        [SAID, item, SAID] if stays else [SAID, SAID],
        [] if stays else ["input[1]"],
    )


@both
def test_what_was_sealed_goes_to_its_issuer_as_it_was(sent: Any) -> None:
    sealed = thought(MINTED, seal(Sealed("openai", encrypted=FERNET, id=KEPT)))
    assert sent([SAID, sealed, SAID], OPENAI) == ([SAID, thought(KEPT, FERNET), SAID], [])


def test_items_that_need_no_change_keep_their_bytes() -> None:
    kept = b'{ "type":"reasoning", "id":"%s", "summary":[] }' % KEPT.encode()
    odd = b'{"type":"reasoning","summary":[]}'
    said = b'{ "role":"user", "content":"\\u0041" }'
    body = b'{"model":"m","input":[%s,%s,%s]}' % (kept, odd, said)
    assert FORMAT.edit(Document(body, 50), asked(), "m", OPENAI, Losses()) == body.replace(odd + b",", b"")


@pytest.mark.parametrize("items", ["reasoning", [{"type": "reasoning"}, "x"], {"type": "reasoning"}])
def test_an_input_that_is_no_list_of_items_is_left_for_the_provider_to_judge(items: Any) -> None:
    assert passed(items, OPENAI) == (items, [])
