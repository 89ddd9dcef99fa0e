"""Reasoning of one family of models in a field of another's format that holds an opaque string.

A model that reasons wants its own signed reasoning back on the next turn. A client that speaks another format can carry
it in the field that its own format has for such a thing (Anthropic's `signature` and `data`, Responses'
`encrypted_content`), which it returns unread. There it is written with a mark and its issuer, so that it is recognised
when it comes back, and never sent to a model that did not make it. The id goes with it: OpenAI takes encrypted
reasoning only under the id of the item that it came in.
"""

import base64
import binascii

import msgspec

from trunkline.formats.conversation import Reasoning

MARK = "trunkline.1."
"""How everything that is sealed begins."""


class Sealed(msgspec.Struct, frozen=True, array_like=True):
    """What only its issuer can read, or would miss."""

    issuer: str
    signature: str = ""
    encrypted: str = ""
    text: str = ""
    """Only where the carrying field stands without the text that was signed."""
    id: str = ""


def seal(value: Sealed) -> str:
    """An opaque string that says all of it."""
    return MARK + base64.urlsafe_b64encode(msgspec.json.encode(value)).decode()


def unseal(text: str) -> Sealed | None:
    """What `seal` made of it; None for any other string."""
    if not text.startswith(MARK):
        return None
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(text[len(MARK) :]), type=Sealed)
    except (binascii.Error, ValueError, msgspec.DecodeError):
        return None


def proof_of(part: Reasoning) -> str:
    """What only the issuer of `part` can read of it, sealed. Its words are carried beside."""
    return seal(Sealed(issuer=part.issuer, signature=part.signature, encrypted=part.encrypted, id=part.id))


def restore(part: Reasoning, sealed: Sealed) -> None:
    """Give `part` back what was sealed of it."""
    part.signature, part.encrypted, part.issuer = sealed.signature, sealed.encrypted, sealed.issuer
    part.text = part.text or sealed.text
    part.id = sealed.id or part.id
