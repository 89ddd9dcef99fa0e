"""Thought signatures: what Gemini wants back, what it takes in place of one, and other families' in its field.

Gemini 3 refuses a function call of the history without its signature, but takes a documented dummy for history that
it did not make (ai.google.dev/gemini-api/docs/thought-signatures). The field is of type `bytes`, so what is not Base64
is refused before it is looked at: the dummy and what is sealed are encoded once more.
"""

import base64
import binascii

from trunkline.formats.media import is_base64
from trunkline.formats.sealed import MARK as SEAL
from trunkline.formats.sealed import Sealed, unseal

DUMMY = base64.b64encode(b"skip_thought_signature_validator").decode()
"""In place of a signature, on the first call of each step."""
MARK = base64.b64encode(SEAL.encode()).decode()
"""How every sealed signature begins: twelve bytes make sixteen characters, whatever follows."""


def wrapped(seal: str) -> str:
    """What `formats/sealed.py` has sealed, as a signature."""
    return base64.b64encode(seal.encode()).decode()


def is_readable(signature: str) -> bool:
    """Whether the API can read it at all: it refuses what some libraries put in the place of what they took out."""
    usual = signature.replace("-", "+").replace("_", "/")
    return is_base64(usual + "=" * (-len(usual) % 4))


def opened(signature: str) -> Sealed | None:
    """What was sealed in it; None for Google's own."""
    if not signature.startswith(MARK):
        return None
    try:
        return unseal(base64.b64decode(signature.replace("-", "+").replace("_", "/")).decode())
    except (binascii.Error, UnicodeDecodeError):
        return None
