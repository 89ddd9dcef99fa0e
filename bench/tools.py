"""The tools of requests: one that the model calls, and others of the size that agents have."""

from __future__ import annotations

TOOL = "look_up_order"
"""The tool that every reply to a request with tools calls."""

_TEXT = {"type": "string"}
_AREAS = (
    ("orders", "an order of the shop"),
    ("parcels", "a parcel on its way to a customer"),
    ("customers", "a customer's address book and preferences"),
    ("stock", "the stock of an article in all warehouses"),
    ("returns", "a return that a customer has announced"),
)
_DEEDS = (
    ("find", "Search for", "Use it when the customer names something without giving its number."),
    ("read", "Read everything that is known about", "Use it before you say anything about its state."),
    ("change", "Change one or more fields of", "Ask the customer first, and name what will change."),
    ("close", "Close", "This cannot be undone; never call it without a reason from the policy."),
)


def tool(name: str, description: str) -> dict[str, object]:
    """A function as OpenAI's clients send it, of about 1 kB."""
    parameters = {
        "type": "object",
        "properties": {
            "order": {"type": "string", "description": "Number of the order, such as 8841-2201-77."},
            "with": {
                "type": "array",
                "items": {"type": "string", "enum": ["items", "payment", "parcels", "returns", "messages"]},
                "description": "What to include besides the order itself.",
            },
            "since": {"type": "string", "description": "Only what happened on or after this day, as YYYY-MM-DD."},
            "limit": {"type": "integer", "minimum": 1, "maximum": 100, "description": "Most entries to give back."},
            "address": {
                "type": "object",
                "properties": {"street": _TEXT, "city": _TEXT, "postcode": _TEXT, "country": _TEXT},
                "required": ["street", "city"],
            },
            "note": {"type": ["string", "null"], "description": "For the record: why this is looked at."},
        },
        "required": ["order"],
        "additionalProperties": False,
    }
    return {"type": "function", "function": {"name": name, "description": description, "parameters": parameters}}


ONE_TOOL = [tool(TOOL, "Read everything that is known about an order: items, payment, parcels and returns.")]
DESCRIPTIONS = {
    f"{deed}_{area}": f"{begin} {what}. {advice}" for area, what in _AREAS for deed, begin, advice in _DEEDS
}
"""Twenty tools: name → what it is for."""
TWENTY_TOOLS = [tool(name, description) for name, description in DESCRIPTIONS.items()]
