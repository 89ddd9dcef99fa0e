"""`/v1/responses/{id}`: what is kept of earlier answers, for the key that got them."""

from typing import Literal, cast
from urllib.parse import parse_qs

import msgspec

from trunkline.gateway.errors import InvalidRequest, ResponseNotFound
from trunkline.gateway.fronts import RESPONSES
from trunkline.gateway.state import Journey


async def get(journey: Journey, response: str) -> None:
    """The answer."""
    stored = await journey.gateway.remembered.find(await _tenant(journey), response)
    if stored is None:
        raise _unknown(response)
    journey.delivery.whole(b"", stored.response)


async def input_items(journey: Journey, response: str) -> None:
    """What was said to get it."""
    tenant = await _tenant(journey)
    asked = parse_qs(journey.request.target.partition(b"?")[2].decode("latin-1"))
    query = {name: values[-1] for name, values in asked.items()}
    limit, order = query.get("limit", "20"), query.get("order", "desc")
    if not limit.isdecimal() or order not in ("asc", "desc"):
        raise InvalidRequest("`limit` must be a number, and `order` asc or desc.", param="limit")
    page = await journey.gateway.remembered.input_items(
        tenant, response, limit=int(limit), order=cast("Literal['asc', 'desc']", order), after=query.get("after")
    )
    if page is None:
        raise _unknown(response)
    journey.delivery.whole(b"", msgspec.json.encode(page))


async def delete(journey: Journey, response: str) -> None:
    """Forget it."""
    if not await journey.gateway.remembered.delete(await _tenant(journey), response):
        raise _unknown(response)
    told = {"id": response, "object": "response", "deleted": True}
    journey.delivery.whole(b"", msgspec.json.encode(told))


async def cancel(journey: Journey, response: str) -> None:
    """Only what runs in the background can be cancelled, and nothing does here: an answer is kept when it is whole."""
    if await journey.gateway.remembered.find(await _tenant(journey), response) is None:
        raise _unknown(response)
    raise InvalidRequest("Cannot cancel a response that was not made in the background.", param="response_id")


async def _tenant(journey: Journey) -> str:
    """Whose responses are meant."""
    journey.speak(RESPONSES)
    caller = journey.caller = await journey.gateway.keys.identify(journey.request.method, journey.request.headers)
    return caller.key


def _unknown(response: str) -> ResponseNotFound:
    return ResponseNotFound(f"Response with id '{response}' not found.", param="response_id")
