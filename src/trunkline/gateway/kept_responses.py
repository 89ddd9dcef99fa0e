"""`/v1/responses/{id}`: what is kept of earlier answers, for the key that got them."""

from typing import Any
from urllib.parse import parse_qs, quote

import msgspec

from trunkline.gateway.credentials import LoginRefused
from trunkline.gateway.errors import (
    InvalidRequest,
    ResponseNotFound,
    UpstreamAuth,
    UpstreamFailed,
    UpstreamUnreachable,
)
from trunkline.gateway.fronts import RESPONSES
from trunkline.gateway.remembered import ORDERS
from trunkline.gateway.state import Journey
from trunkline.kept.response import Stored
from trunkline.transport.asking import ask
from trunkline.transport.exchange import Fault, Times

WITHIN = Times(connect=5.0, first_token=20.0, gap=20.0, total=20.0)
GONE = 404
MOST_DIGITS = 9
"""Of a number of items: Python refuses to read very long ones."""


async def get(journey: Journey, response: str) -> None:
    """The answer, as a whole: an SDK that waits for a stream would take it for an empty one."""
    tenant = await _tenant(journey)
    if _asked(journey).get("stream", "false") != "false":
        raise InvalidRequest("A kept response is told as a whole, not as a stream.", param="stream")
    stored = await journey.gateway.remembered.find(tenant, response)
    if stored is None:
        raise _unknown(response)
    journey.delivery.whole(b"", stored.response)


async def input_items(journey: Journey, response: str) -> None:
    """What was said to get it."""
    tenant = await _tenant(journey)
    query = _asked(journey)
    limit, order = query.get("limit", "20"), query.get("order", "desc")
    if not limit.isdecimal() or len(limit) > MOST_DIGITS or order not in ORDERS:
        raise InvalidRequest("`limit` must be a number, and `order` asc or desc.", param="limit")
    page = await journey.gateway.remembered.input_items(
        tenant, response, limit=int(limit), order=order, after=query.get("after")
    )
    if page is None:
        raise _unknown(response)
    page = msgspec.structs.replace(page, data=[_listed(item) for item in page.data])
    journey.delivery.whole(b"", msgspec.json.encode(page))


async def delete(journey: Journey, response: str) -> None:
    """Forget it, and have it forgotten where the provider keeps it as well."""
    tenant, memory = await _tenant(journey), journey.gateway.remembered
    stored = await memory.find(tenant, response)
    if stored is None:
        raise _unknown(response)
    if stored.upstream:
        await _forget_there(journey, stored)
    await memory.delete(tenant, response)
    told = {"id": response, "object": "response", "deleted": True}
    journey.delivery.whole(b"", msgspec.json.encode(told))


async def cancel(journey: Journey, response: str) -> None:
    """Only what runs in the background can be cancelled, and nothing does here: an answer is kept when it is whole."""
    if await journey.gateway.remembered.find(await _tenant(journey), response) is None:
        raise _unknown(response)
    raise InvalidRequest("Cannot cancel a response that was not made in the background.", param="response_id")


def _listed(item: dict[str, Any]) -> dict[str, Any]:
    """An item as OpenAI lists it: a message says that it is one, and its words are parts."""
    if item.get("type", "message") != "message":
        return item
    content = item.get("content")
    if isinstance(content, str):
        kind = "output_text" if item.get("role") == "assistant" else "input_text"
        content = [{"type": kind, "text": content}]
    return {**item, "type": "message", "content": content}


async def _forget_there(journey: Journey, stored: Stored) -> None:
    """Raises `UpstreamError` where the provider does not forget: ours is kept then, so that one can try again."""
    deployment = journey.snapshot.deployments.get(stored.provider)
    door = deployment.doors.get("openai_responses") if deployment is not None else None
    if deployment is None or door is None:
        return  # it is not configured any more
    key = journey.key_for(deployment)
    if key is None:
        raise UpstreamAuth(f"{stored.provider} refuses the credentials this gateway has for it. Tell its operator.")
    try:
        if key.stale:
            await key.renew()
        call = door.bare("DELETE", f"/responses/{quote(stored.upstream, safe='')}", key)
        answer = await ask(door.upstream, call, WITHIN)
    except (Fault, LoginRefused) as trouble:
        journey.note(f"deleting: {trouble}")
        raise UpstreamUnreachable(f"{stored.provider}, which keeps the response as well, cannot be reached.") from None
    if answer.status >= 400 and answer.status != GONE:
        raise UpstreamFailed(f"{stored.provider}, which keeps the response as well, answered {answer.status}.")


def _asked(journey: Journey) -> dict[str, str]:
    """The query. What is said twice counts as said last."""
    asked = parse_qs(journey.request.target.partition(b"?")[2].decode("latin-1"))
    return {name: values[-1] for name, values in asked.items()}


async def _tenant(journey: Journey) -> str:
    """Whose responses are meant."""
    journey.speak(RESPONSES)
    caller = journey.caller = await journey.gateway.keys.identify(journey.request, journey.gateway.client)
    return caller.key


def _unknown(response: str) -> ResponseNotFound:
    return ResponseNotFound(f"Response with id '{response}' not found.", param="response_id")
